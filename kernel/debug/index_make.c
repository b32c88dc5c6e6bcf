#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/debug/expand.h"
#include "kernel/debug/index.h"
#include "kernel/debug/index_format.h"

/* A record on its way. */
struct entry {
	uint64_t addr;
	uint32_t name, type, file, line; /* strings by their offsets */
	uint32_t order;			 /* in which it was found */
	uint8_t flags;
};

struct maker {
	const struct scan *s;
	struct expand *x;
	struct strbuf strings;
	struct idmap files;	  /* number of a path: its offset in .strings */
	struct idmap defined;	  /* keys of what has a definition that is external */
	struct idmap declared;	  /* and of what was declared */
	struct entry *entries[2]; /* defined, declared */
	size_t nr[2], room[2];
};

static void maker_fini(struct maker *m)
{
	strbuf_fini(&m->strings);
	idmap_fini(&m->files);
	idmap_fini(&m->defined);
	idmap_fini(&m->declared);
	free(m->entries[0]);
	free(m->entries[1]);
}

static uint32_t put_string(struct maker *m, const char *s)
{
	uint32_t at = (uint32_t)m->strings.len;

	put_bytes(&m->strings, s, strlen(s) + 1);
	return at;
}

static int put_file(struct maker *m, uint32_t file, uint32_t *ret)
{
	if (idmap_get(&m->files, file, ret))
		return 0;
	*ret = put_string(m, scan_path(m->s, file));
	return idmap_put(&m->files, file, *ret);
}

static int add_entry(struct maker *m, const struct unit *u, const struct declared *d)
{
	struct expanded what;
	struct entry e = { .addr = d->addr, .line = d->line };
	size_t list = !d->defined;
	int r = expand_declared(m->x, u, d, &what);

	/* One that cannot be read is left out; the scan has told of it. */
	if (r < 0 || !*what.name)
		return r == -EBADMSG ? 0 : r;
	if (m->nr[list] == m->room[list]) {
		size_t more = m->room[list] ? 2 * m->room[list] : 1024;
		struct entry *v = realloc(m->entries[list], more * sizeof(*v));

		if (!v)
			return fail(-ENOMEM, "%zu declarations", more);
		m->entries[list] = v;
		m->room[list] = more;
	}
	r = put_file(m, d->file, &e.file);
	e.name = put_string(m, what.name);
	e.type = d->assembly ? 0 : what.type;
	e.order = (uint32_t)m->nr[list];
	e.flags =
		(uint8_t)((d->kind == DECL_FUNCTION ? INDEX_FUNCTION : 0) |
			  (d->external ? INDEX_EXTERNAL : 0) | (d->assembly ? INDEX_ASSEMBLY : 0));
	m->entries[list][m->nr[list]++] = e;
	return r;
}

/* A declaration is of use where there is no definition, once. */
static bool is_wanted(struct maker *m, const struct declared *d)
{
	uint32_t other;

	return d->defined || (!idmap_get(&m->defined, d->key, &other) &&
			      !idmap_get(&m->declared, d->key, &other));
}

typedef int declared_fn(struct maker *m, const struct unit *u, const struct declared *d);

static int for_each_declared(struct maker *m, declared_fn *fn)
{
	for (size_t i = 0; i < m->s->nr; i++) {
		const struct unit *u = &m->s->units[i];

		for (size_t n = 0; n < u->nr_declared; n++) {
			int r = fn(m, u, &u->declared[n]);

			if (r < 0)
				return r;
		}
		if (cancelled())
			return fail(-EINTR, "interrupted while reading DWARF");
	}
	return 0;
}

static int note_defined(struct maker *m, const struct unit *u, const struct declared *d)
{
	(void)u;
	return d->defined && d->external && !d->assembly ? idmap_put(&m->defined, d->key, 1) : 0;
}

static int add_wanted(struct maker *m, const struct unit *u, const struct declared *d)
{
	int r = is_wanted(m, d) ? add_entry(m, u, d) : 0;

	return r >= 0 && !d->defined ? idmap_put(&m->declared, d->key, 1) : r;
}

static int by_address(const void *a, const void *b, void *arg)
{
	const struct entry *x = a, *y = b;
	const struct maker *m = arg;
	int r;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	r = strcmp(m->strings.data + x->name, m->strings.data + y->name);
	return r ? r : x->order < y->order ? -1 : 1;
}

static int by_name(const void *a, const void *b, void *arg)
{
	const struct entry *x = a, *y = b;
	const struct maker *m = arg;
	int r = (x->flags & INDEX_FUNCTION) - (y->flags & INDEX_FUNCTION);

	if (!r)
		r = strcmp(m->strings.data + x->name, m->strings.data + y->name);
	return r ? r : x->order < y->order ? -1 : 1;
}

/* The same place may be told of in several units: the first of them counts. */
static void drop_doubles(struct maker *m)
{
	struct entry *e = m->entries[0];
	size_t n = 0;

	for (size_t i = 0; i < m->nr[0]; i++)
		if (!n || e[n - 1].addr != e[i].addr ||
		    strcmp(m->strings.data + e[n - 1].name, m->strings.data + e[i].name) != 0)
			e[n++] = e[i];
	m->nr[0] = n;
}

static void put_uint(struct strbuf *out, uint64_t v, size_t size)
{
	unsigned char le[8];

	for (size_t i = 0; i < size; i++)
		le[i] = (unsigned char)(v >> 8 * i);
	put_bytes(out, le, size);
}

static void put_entries(struct strbuf *out, const struct entry *e, size_t nr)
{
	for (size_t i = 0; i < nr; i++, e++) {
		put_uint(out, e->addr, 8);
		put_uint(out, e->name, 4);
		put_uint(out, e->type, 4);
		put_uint(out, e->file, 4);
		put_uint(out, e->line, 4);
		put_uint(out, e->flags, 4);
		put_uint(out, 0, 4);
	}
}

static void patch(struct strbuf *out, size_t at, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		out->data[at + i] = (char)(v >> 8 * i);
}

/* Put the parts together; the header's numbers that depend on all of it come last. */
static int put_index(struct maker *m, const struct build_id *id, struct strbuf *out)
{
	unsigned char bytes[BUILD_ID_MAX] = { 0 };
	STRBUF(btf);
	int r = btf_write(&m->x->btf, &btf);

	if (r < 0)
		return r;
	memcpy(bytes, id->bytes, id->len);
	put_bytes(out, INDEX_MAGIC, INDEX_AT_VERSION);
	put_uint(out, INDEX_VERSION, 4);
	put_uint(out, id->len, 4);
	put_bytes(out, bytes, sizeof(bytes));
	put_uint(out, 0, 8);
	put_uint(out, 0, 8);
	put_uint(out, m->nr[0], 4);
	put_uint(out, m->nr[1], 4);
	put_uint(out, m->strings.len, 4);
	put_uint(out, btf.len, 4);
	put_entries(out, m->entries[0], m->nr[0]);
	put_entries(out, m->entries[1], m->nr[1]);
	put_bytes(out, m->strings.data, m->strings.len);
	put_bytes(out, btf.data, btf.len);
	if (out->error || m->strings.error)
		return fail(out->error ? out->error : m->strings.error, "index of types");
	patch(out, INDEX_AT_LEN, out->len);
	patch(out, INDEX_AT_SUM, index_sum((unsigned char *)out->data, out->len));
	return 0;
}

static int make(struct maker *m, const struct build_id *id, struct strbuf *ret)
{
	int r;

	put_string(m, "");
	r = idmap_put(&m->files, 0, 0);
	if (r >= 0)
		r = for_each_declared(m, note_defined);
	if (r >= 0)
		r = for_each_declared(m, add_wanted);
	if (r < 0)
		return r;
	if (m->nr[0])
		qsort_r(m->entries[0], m->nr[0], sizeof(struct entry), by_address, m);
	if (m->nr[1])
		qsort_r(m->entries[1], m->nr[1], sizeof(struct entry), by_name, m);
	drop_doubles(m);
	return put_index(m, id, ret);
}

static int make_from(struct debugfile *own, const struct build_id *id, progress_fn *progress,
		     struct strbuf *ret, char ret_problem[128])
{
	struct expand x;
	struct scan s;
	int r = scan(own, progress, &s);

	if (r < 0)
		return r;
	r = expand_begin(&x, &s, debugfile_lock(own), progress);
	if (r >= 0) {
		struct maker m = { .s = &s, .x = &x };

		r = make(&m, id, ret);
		snprintf(ret_problem, 128, "%s", s.problem[0] ? s.problem : x.problem);
		maker_fini(&m);
		expand_fini(&x);
	}
	debugfile_unlock(own);
	scan_fini(&s);
	return r;
}

int index_make(const struct debugfile *f, const struct build_id *id, progress_fn *progress,
	       struct strbuf *ret, char ret_problem[128])
{
	struct debugfile *own;
	int r = debugfile_again(f, &own);

	if (r < 0)
		return r;
	if (progress)
		progress("types of the debug file", 0);
	r = make_from(own, id, progress, ret, ret_problem);
	debugfile_close(own);
	malloc_trim(0);
	if (progress)
		progress("types of the debug file", 100);
	return r < 0 ? within(r, "%s", debugfile_path(f)) : 0;
}
