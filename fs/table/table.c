#include "fs/table/table.h"

#include <string.h>

#include "kernel/cpu/cpu.h"
#include "kernel/file/inode.h"
#include "kernel/mem/slab.h"
#include "kernel/symbol/symbols.h"

#define NSEC_PER_USEC 1000
#define USEC_PER_SEC  1000000

static void put_offset(struct strbuf *out, uint64_t offset)
{
	if (offset)
		put(out, "+%#lx", offset);
}

void put_place(struct strbuf *out, struct kernel *k, uint64_t va)
{
	struct slab_object object;
	struct symbol s;
	uint64_t inode;

	if (symbol_at(k, va, &s) >= 0) {
		put_escaped(out, s.name, strlen(s.name), " ");
		put_offset(out, va - s.addr);
		if (s.module)
			put(out, "[%s]", s.module);
	} else if (slab_object_at(k, va, &object) >= 0) {
		put_escaped(out, object.cache.name, strlen(object.cache.name), " ");
		put_offset(out, va - object.start);
		if (inode_around(k, va, &inode) >= 0) {
			put_str(out, ":");
			if (put_inode(out, k, inode, " \t\n\\") < 0)
				put_str(out, "?");
		}
	} else {
		put(out, "%#lx", va);
	}
}

void put_place_on(struct strbuf *out, struct kernel *k, uint64_t va, size_t cpu)
{
	const struct cpus *c;
	struct symbol s;

	if (cpu < LIMIT_CPUS && cpus_get(k, &c) >= 0 &&
	    symbol_per_cpu_at(k, va - c->offset[cpu], &s) >= 0) {
		put_escaped(out, s.name, strlen(s.name), " ");
		put_offset(out, va - c->offset[cpu] - s.addr);
	} else {
		put_place(out, k, va);
	}
}

static void put_column(struct strbuf *out, const struct strbuf *text, int width)
{
	put(out, "%-*s", width, text->data ? text->data : "");
}

void put_place_column(struct strbuf *out, struct kernel *k, uint64_t va, int width)
{
	STRBUF(text);

	put_place(&text, k, va);
	put_column(out, &text, width);
}

void put_name_column(struct strbuf *out, const char *name, int width)
{
	STRBUF(text);

	put_escaped(&text, *name ? name : "-", strlen(*name ? name : "-"), " ");
	put_column(out, &text, width);
}

void put_seconds(struct strbuf *out, int64_t ns, int width)
{
	uint64_t us = (ns < 0 ? -(uint64_t)ns : (uint64_t)ns) / NSEC_PER_USEC;
	STRBUF(text);

	put(&text, "%s%lu.%06lu", ns < 0 ? "-" : "", us / USEC_PER_SEC, us % USEC_PER_SEC);
	put(out, "%*s", width, text.data ? text.data : "");
}

void put_problem_lines(struct strbuf *out, const char *where, const struct strbuf *problems)
{
	const char *line = problems->data ? problems->data : "", *end;

	for (; (end = strchr(line, '\n')); line = end + 1)
		put(out, "!! %s%.*s\n", where, (int)(end - line), line);
}
