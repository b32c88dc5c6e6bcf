/* types_of {btf|dwarf|declarations|index} FILE: what a vmlinux or module says, from its section .BTF or from its
 * DWARF: the definitions of all types, as /types has them, with the name that each has above it; or what
 * is declared, one a line: address, place, kind, declaration; or the bytes of the index. To compare the two, and with other tools. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/debug/index.h"
#include "kernel/symbol/objfile.h"
#include "kernel/types/btf.h"
#include "kernel/types/decl.h"

static void __attribute__((noreturn)) die(void)
{
	fprintf(stderr, "types_of: %s\n", why());
	exit(1);
}

static int nowhere(void *arg, const char *section, uint64_t *ret)
{
	(void)arg;
	(void)section;
	*ret = 0;
	return 0;
}

static void make_index(const char *path, struct strbuf *ret)
{
	struct build_id id = { 0 };
	char problem[128];
	struct debugfile *f;
	int r;

	if (strstr(path, ".ko") || strstr(path, ".o"))
		r = debugfile_open_module(path, "module", nowhere, NULL, &f);
	else
		r = debugfile_open_kernel(path, 0, &f);
	if (r < 0 || index_make(f, &id, NULL, ret, problem) < 0)
		die();
	if (problem[0])
		printf("!! %s\n", problem);
	debugfile_close(f);
}

static struct index *load_index(struct strbuf *bytes)
{
	struct index *ix;
	size_t len;
	char *data = strbuf_steal(bytes, &len);

	if (index_load(data, len, NULL, &ix) < 0)
		die();
	return ix;
}

static void put_types(const struct types *ts)
{
	for (size_t i = 0; i < types_count(ts); i++) {
		const struct type *t = types_at(ts, i);
		STRBUF(out);

		if (!*t->name || !*type_keyword((enum type_kind)t->kind))
			continue;
		put_definition(&out, t);
		printf("== %s %s %lu\n%s", type_keyword((enum type_kind)t->kind), t->name,
		       type_size(t), out.data);
	}
}

static void put_btf(const char *path)
{
	struct objfile *o;
	struct section s;
	struct types *ts;

	if (objfile_open(path, &o) < 0 || objfile_section(o, ".BTF", &s) < 0 ||
	    btf_load(s.bytes, (size_t)s.size, NULL, &ts) < 0)
		die();
	put_types(ts);
	types_close(ts);
	objfile_close(o);
}

static void put_declarations(const struct index *ix)
{
	for (size_t i = 0; i < index_count(ix); i++) {
		struct declaration d;
		STRBUF(out);

		index_at(ix, i, &d);
		put_declaration(&out, d.type, d.name);
		printf("%lx %s:%u %s%s%s%s %lu %s\n", d.addr, *d.file ? d.file : "?", d.line,
		       d.is_function ? "function" : "variable", d.external ? " external" : "",
		       d.defined ? "" : " undefined", d.assembly ? " assembly" : "",
		       type_size(d.type), out.data);
	}
}

int main(int argc, char **argv)
{
	struct index *ix;
	STRBUF(bytes);

	if (argc != 3) {
		fprintf(stderr, "usage: types_of {btf|dwarf|declarations|index} FILE\n");
		return 2;
	}
	if (!strcmp(argv[1], "btf")) {
		put_btf(argv[2]);
		return 0;
	}
	make_index(argv[2], &bytes);
	if (!strcmp(argv[1], "index")) {
		fwrite(bytes.data, 1, bytes.len, stdout);
		return 0;
	}
	ix = load_index(&bytes);
	if (!strcmp(argv[1], "dwarf"))
		put_types(index_types(ix));
	else
		put_declarations(ix);
	index_close(ix);
	return 0;
}
