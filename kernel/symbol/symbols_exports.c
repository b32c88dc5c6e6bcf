/* The kernel's own symbols that it exports to modules; and its per-CPU variables, whose places in their section BTF
 * tells: where the section begins those tell that are exported, too. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/symbol/exports.h"
#include "kernel/symbol/producers.h"
#include "kernel/types/btf.h"

#define PER_CPU_SECTION ".data..percpu"

struct per_cpu {
	const char *name;
	size_t len;
	uint32_t offset;
};

struct making {
	struct symtab *t;
	uint64_t data;	   /* text is before it */
	struct per_cpu *v; /* by name, once all are there */
	size_t n, room;
	uint64_t base;		  /* of the section */
	size_t agreed, disagreed; /* exported ones that lie where their offset says, or do not */
};

static int compare(const void *a, const void *b)
{
	const struct per_cpu *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int c = memcmp(x->name, y->name, len);

	return c ? c : (x->len > y->len) - (x->len < y->len);
}

static int add_per_cpu(void *arg, const char *name, size_t len, uint32_t offset)
{
	struct making *m = arg;

	if (m->n == m->room) {
		size_t room = m->room ? 2 * m->room : 512;
		struct per_cpu *v = realloc(m->v, room * sizeof(*v));

		if (!v)
			return fail(-ENOMEM, "per-CPU variables");
		m->v = v;
		m->room = room;
	}
	m->v[m->n++] = (struct per_cpu){ name, len, offset };
	return 0;
}

static int add_export(void *arg, const char *name, size_t len, uint64_t value)
{
	struct making *m = arg;
	const struct per_cpu key = { name, len, 0 },
			     *v = m->n ? bsearch(&key, m->v, m->n, sizeof(key), compare) : NULL;

	if (v && (!m->agreed || value - v->offset == m->base)) {
		m->base = value - v->offset;
		m->agreed++;
	} else if (v) {
		m->disagreed++;
	}
	return symtab_add(m->t, value, name, len, value < m->data && value >> 63 ? 'T' : 'D', 0);
}

static int add_named(struct making *m, uint64_t value, const char *name)
{
	return symtab_add(m->t, value, name, strlen(name), 'D', 0);
}

/* All that BTF tells of; the bounds are named as the linker script does. */
static int add_section(struct making *m, uint32_t size, struct strbuf *evidence)
{
	int r = add_named(m, m->base, "__per_cpu_start");

	if (r >= 0)
		r = add_named(m, m->base + size, "__per_cpu_end");
	for (size_t i = 0; r >= 0 && i < m->n; i++)
		r = symtab_add(m->t, m->base + m->v[i].offset, m->v[i].name, m->v[i].len, 'd', 0);
	put(evidence,
	    "symbols            %zu per-CPU variables by BTF, from %#lx on as %zu exported ones lie\n",
	    m->n, m->base, m->agreed);
	return r;
}

/* The symbols that BTF has where symbols of data are, and what it tells of per-CPU variables. */
static int add_btf(struct making *m, const struct constant *c, uint32_t *ret_section,
		   struct strbuf *evidence)
{
	size_t at, size;
	int r;

	if (!btf_find(c->bytes, c->len, &at, &size))
		return 0;
	put(evidence, "symbols            BTF at %#lx, found by a search\n", c->first + at);
	r = add_named(m, c->first + at, "__start_BTF");
	if (r >= 0)
		r = add_named(m, c->first + at + size, "__stop_BTF");
	if (r >= 0)
		r = btf_section(c->bytes + at, size, PER_CPU_SECTION, add_per_cpu, m, ret_section);
	if (m->n)
		qsort(m->v, m->n, sizeof(*m->v), compare);
	/* Without them there is the rest. */
	return r == -ENOMEM ? r : 0;
}

static int make(struct making *m, const struct constant *c, const struct region *image,
		struct strbuf *evidence)
{
	struct exports exports;
	uint32_t section = 0;
	int r = add_btf(m, c, &section, evidence);

	if (r < 0)
		return r;
	r = exports_find(c, image, add_export, m, &exports);
	if (r == -ENOENT && m->t->n)
		return symtab_seal(m->t);
	if (r < 0)
		return r;
	put(evidence, "symbols            %zu exported ones at %#lx, found by a search, %s\n",
	    exports.n, exports.at, exports.form);
	if (m->agreed && !m->disagreed)
		r = add_section(m, section, evidence);
	return r < 0 ? r : symtab_seal(m->t);
}

int symbols_of_exports(struct kernel *k, struct symtab *ret, struct strbuf *evidence)
{
	struct making m = { .t = ret };
	const struct space *s;
	struct constant c;
	int r = kernel_space(k, &s);

	if (r >= 0)
		r = constant_read(kernel_dump(k), s, &c);
	if (r < 0)
		return r;
	m.data = c.first;
	r = make(&m, &c, &s->image, evidence);
	constant_free(&c);
	free(m.v);
	return r;
}
