#include "kernel/symbol/symbols.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/lazy.h"
#include "kernel/symbol/derived.h"
#include "kernel/symbol/producers.h"
#include "kernel/symbol/symtab.h"

/* Which producers there are, in the order they are asked. */
static const struct producer {
	int (*make)(struct kernel *k, struct symtab *ret, struct strbuf *evidence);
	bool core;  /* of the kernel itself */
	bool spare; /* gives names only; all else when those before it have none */
	bool part; /* knows few: is asked when those before it have no data, and of no symbol how large it is */
} producers[] = {
	{ .make = symbols_of_kallsyms, .core = true },
	{ .make = symbols_of_vmlinux, .core = true, .spare = true },
	{ .make = symbols_of_exports, .core = true, .spare = true, .part = true },
	{ .make = symbols_of_modules },
	{ .make = symbols_of_runtime },
};

#define PRODUCERS (sizeof(producers) / sizeof(producers[0]))

struct table {
	struct lazy once;
	struct kernel *kernel;
	const struct producer *producer;
	struct symtab t;
	struct strbuf evidence;
	uint64_t per_cpu_start, per_cpu_end; /* what is between is a per-CPU variable */
	uint64_t end;	   /* of the kernel image: nothing is named from here on */
	uint64_t data;	   /* from here on is what it has no names of; UINT64_MAX: it has of all */
	uint64_t init_end; /* where the last functions end; 0: not known */
	bool has_data;
};

struct symbols {
	struct table tables[PRODUCERS];
};

struct symbols *symbols_new(struct kernel *k)
{
	struct symbols *s = calloc(1, sizeof(*s));

	for (size_t i = 0; s && i < PRODUCERS; i++) {
		lazy_init(&s->tables[i].once);
		s->tables[i].kernel = k;
		s->tables[i].producer = &producers[i];
	}
	return s;
}

static void empty(struct table *t)
{
	symtab_fini(&t->t);
	strbuf_fini(&t->evidence);
}

void symbols_free(struct symbols *s)
{
	for (size_t i = 0; s && i < PRODUCERS; i++) {
		lazy_fini(&s->tables[i].once);
		empty(&s->tables[i]);
	}
	free(s);
}

static uint64_t landmark(const struct symtab *t, const char *name, uint64_t otherwise)
{
	size_t i;

	return symtab_find(t, name, NULL, &i) ? t->v[i].addr : otherwise;
}

/* kallsyms of a kernel without CONFIG_KALLSYMS_ALL has functions only, and D for where they end. */
static bool has_data(const struct symtab *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind && strchr("bBd", t->v[i].kind))
			return true;
	return false;
}

static int table(struct kernel *k, size_t i, struct table **ret);

/* Whether one of the first @n tables has data. */
static bool have_data(struct kernel *k, size_t n)
{
	struct table *t;

	for (size_t i = 0; i < n; i++)
		if (producers[i].core && !producers[i].part && table(k, i, &t) == 0 && t->has_data)
			return true;
	return false;
}

static int make_table(void *arg)
{
	struct table *t = arg;
	int r;

	/* An attempt that was interrupted has left its half. */
	empty(t);
	if (t->producer->part && have_data(t->kernel, (size_t)(t->producer - producers)))
		return fail(-ENOENT, "symbols are known");
	r = t->producer->make(t->kernel, &t->t, &t->evidence);
	if (r < 0) {
		if (r != -ENOENT || !t->producer->spare)
			put(&t->evidence, "symbols            none: %s\n", why());
		return r;
	}
	t->per_cpu_start = landmark(&t->t, "__per_cpu_start", 0);
	t->per_cpu_end = landmark(&t->t, "__per_cpu_end", 0);
	t->end = t->producer->core ? landmark(&t->t, "_end", UINT64_MAX) : UINT64_MAX;
	t->init_end = landmark(&t->t, "_einittext", 0);
	t->has_data = has_data(&t->t);
	t->data = t->producer->core && !t->producer->part && !t->has_data
			  ? landmark(&t->t, "_etext", UINT64_MAX)
			  : UINT64_MAX;
	return 0;
}

static int table(struct kernel *k, size_t i, struct table **ret)
{
	struct table *t = &kernel_symbols(k)->tables[i];
	int r = lazy_get(&t->once, make_table, t);

	if (r < 0)
		return r;
	*ret = t;
	return 0;
}

/* Whether its symbols are listed and name addresses. That one before it was not made this time, for
 * lack of memory or of patience, does not count. */
static bool serves(struct kernel *k, size_t i)
{
	struct table *t;

	for (size_t before = 0; producers[i].spare && before < i; before++) {
		int r = table(k, before, &t);

		if (r == 0 || r == -EINTR || r == -ENOMEM)
			return false;
	}
	return true;
}

/* From a per-CPU offset to the kernel's half is no distance. */
static uint64_t size_of(const struct table *t, size_t i)
{
	uint64_t size = t->producer->part ? 0 : symtab_size(&t->t, i), addr = t->t.v[i].addr;

	return addr >> 63 == (addr + size) >> 63 ? size : 0;
}

/* Whether a table before this one has such a symbol. */
static bool again(const struct table *t, const char *name)
{
	struct table *before;
	size_t i;

	for (size_t p = 0; p < (size_t)(t->producer - producers); p++)
		if (!producers[p].spare && table(t->kernel, p, &before) == 0 &&
		    symtab_find(&before->t, name, NULL, &i))
			return true;
	return false;
}

static void describe(const struct table *t, size_t i, struct symbol *ret)
{
	const struct symtab_entry *e = &t->t.v[i];

	*ret = (struct symbol){
		.id = (uint64_t)(t->producer - producers) << 32 | i,
		.name = symtab_name(&t->t, i),
		.module = symtab_owner(&t->t, i),
		.addr = e->addr,
		.size = size_of(t, i),
		.kind = e->kind,
		.per_cpu = e->addr >= t->per_cpu_start && e->addr < t->per_cpu_end,
		.again = e->again || again(t, symtab_name(&t->t, i)),
	};
}

/* A global one before a static one. */
static size_t preferred(const struct symtab *t, size_t first, const char *name)
{
	size_t cursor = 0, i;

	while (symtab_find(t, name, &cursor, &i))
		if (isupper((unsigned char)t->v[i].kind))
			return i;
	return first;
}

/* There is no such symbol, or it cannot be told because the first of the tables is broken. */
static int not_found(struct kernel *k, const char *name)
{
	struct table *t;
	int r = table(k, 0, &t);

	return r < 0 ? within(r, "symbol %s", name) : fail(-ENOENT, "no symbol %s", name);
}

int symbol_addr(struct kernel *k, const char *name, uint64_t *ret)
{
	const struct vmcoreinfo *vi;
	struct table *t;
	int r;

	for (size_t p = 0, i; p < PRODUCERS; p++) {
		if (!producers[p].core || table(k, p, &t) < 0 ||
		    !symtab_find(&t->t, name, NULL, &i))
			continue;
		*ret = t->t.v[preferred(&t->t, i, name)].addr;
		return 0;
	}
	/* The few that it names help where kallsyms is damaged. */
	if (dump_vmcoreinfo_told(kernel_dump(k), &vi) == 0 && vmcoreinfo_symbol(vi, name, ret))
		return 0;
	r = symbols_lack_data(k) ? derived_addr(k, name, ret) : -ENOENT;
	return r == -ENOENT || (r < 0 && table(k, 0, &t) < 0) ? not_found(k, name) : r;
}

/* The one at @addr that is called by the first @len characters of @name. */
static bool named_at(const struct symtab *t, uint64_t addr, const char *name, size_t len,
		     size_t *ret)
{
	size_t i;

	if (!symtab_at(t, addr, &i))
		return false;
	for (; i < t->n && t->v[i].addr == addr; i++) {
		if (!t->v[i].kind || strncmp(symtab_name(t, i), name, len) ||
		    symtab_name(t, i)[len])
			continue;
		*ret = i;
		return true;
	}
	return false;
}

/* "name" or "name@address". */
static bool find_in(const struct symtab *t, const char *name, size_t *ret)
{
	const char *at = strrchr(name, '@');
	uint64_t addr;
	char *end;

	if (symtab_find(t, name, NULL, ret))
		return true;
	if (!at || !isxdigit((unsigned char)at[1]))
		return false;
	addr = strtoull(at + 1, &end, 16);
	return !*end && named_at(t, addr, name, (size_t)(at - name), ret);
}

int symbol_u64(struct kernel *k, const char *name, size_t size, uint64_t *ret)
{
	uint64_t va;
	int r = symbol_addr(k, name, &va);

	if (r < 0)
		return r;
	r = kernel_read_uint(k, va, size, ret);
	return r < 0 ? within(r, "%s", name) : 0;
}

int symbol_find(struct kernel *k, const char *name, struct symbol *ret)
{
	struct table *t;

	for (size_t p = 0, i; p < PRODUCERS; p++) {
		if (table(k, p, &t) < 0 || !find_in(&t->t, name, &i))
			continue;
		describe(t, i, ret);
		return 0;
	}
	return not_found(k, name);
}

bool symbols_lack_data(struct kernel *k)
{
	return !have_data(k, PRODUCERS);
}

bool symbol_is_only(struct kernel *k, const char *name)
{
	struct table *t;
	size_t n = 0;

	for (size_t p = 0, i; p < PRODUCERS; p++) {
		size_t cursor = 0;

		if (!serves(k, p) || table(k, p, &t) < 0)
			continue;
		while (n < 2 && symtab_find(&t->t, name, &cursor, &i))
			n++;
	}
	return n == 1;
}

/* Per-CPU variables have small addresses in kernels before 9d7de2aa8b41 (v6.15). */
static bool named(const struct table *t, uint64_t va, size_t *ret)
{
	const struct symtab_entry *e;

	if (!(va >> 63) || va >= t->end || !symtab_at(&t->t, va, ret))
		return false;
	e = &t->t.v[*ret];
	return e->kind && (t->producer->part ? va == e->addr : va - e->addr < size_of(t, *ret));
}

/* What names @va in place of entry @i of table @p, which is the last function before data. False: nothing does. */
static bool name_data(struct kernel *k, size_t p, uint64_t va, struct table **t, size_t *i)
{
	struct table *other;

	for (size_t j; ++p < PRODUCERS && producers[p].spare;) {
		if (table(k, p, &other) < 0 || !named(other, va, &j) ||
		    other->t.v[j].addr <= (*t)->t.v[*i].addr)
			continue;
		*t = other;
		*i = j;
		return true;
	}
	return false;
}

/* Is it no function, but where they end? */
static bool is_end(const struct table *t, size_t i)
{
	return t->t.v[i].addr == t->data || t->t.v[i].addr == t->init_end;
}

int symbol_at(struct kernel *k, uint64_t va, struct symbol *ret)
{
	struct table *t;

	for (size_t p = 0, i; p < PRODUCERS; p++) {
		if (!serves(k, p) || table(k, p, &t) < 0 || !named(t, va, &i))
			continue;
		if (va >= t->data && !name_data(k, p, va, &t, &i) && is_end(t, i))
			break;
		describe(t, i, ret);
		return 0;
	}
	return fail(-ENOENT, "no symbol at %#lx", va);
}

int symbol_per_cpu_at(struct kernel *k, uint64_t va, struct symbol *ret)
{
	struct table *t;

	for (size_t p = 0, i; p < PRODUCERS; p++) {
		if ((!serves(k, p) && !producers[p].part) || table(k, p, &t) < 0 ||
		    va < t->per_cpu_start || va >= t->per_cpu_end || !symtab_at(&t->t, va, &i) ||
		    !t->t.v[i].kind || (producers[p].part && va != t->t.v[i].addr))
			continue;
		describe(t, i, ret);
		return 0;
	}
	return fail(-ENOENT, "no per-CPU variable at %#lx", va);
}

int symbol_get(struct kernel *k, uint64_t id, struct symbol *ret)
{
	const size_t p = id >> 32, i = (uint32_t)id;
	struct table *t;
	int r;

	if (p >= PRODUCERS)
		return fail(-ENOENT, "no such symbol");
	r = table(k, p, &t);
	if (r < 0)
		return r;
	if (i >= t->t.n || !t->t.v[i].kind)
		return fail(-ENOENT, "no such symbol");
	describe(t, i, ret);
	return 0;
}

int symbol_next(struct kernel *k, uint64_t *cursor, struct symbol *ret)
{
	size_t p = *cursor >> 32, i = (uint32_t)*cursor;
	struct table *t;

	for (; p < PRODUCERS; p++, i = 0) {
		if (!serves(k, p) || table(k, p, &t) < 0)
			continue;
		while (i < t->t.n && !t->t.v[i].kind)
			i++;
		if (i >= t->t.n)
			continue;
		describe(t, i, ret);
		*cursor = ((uint64_t)p << 32 | i) + 1;
		return 1;
	}
	return *cursor ? 0 : table(k, 0, &t);
}

int symbols_check(struct kernel *k)
{
	struct table *t;

	for (size_t p = 0; p < PRODUCERS; p++)
		if (producers[p].core && !producers[p].part && table(k, p, &t) == 0)
			return 0;
	return table(k, 0, &t);
}

void put_symbol(struct strbuf *out, struct kernel *k, uint64_t va)
{
	struct symbol s;

	if (symbol_at(k, va, &s) < 0) {
		put(out, "%#lx", va);
		return;
	}
	put_escaped(out, s.name, strlen(s.name), "");
	if (va != s.addr)
		put(out, "+%#lx", va - s.addr);
	if (s.module) {
		put(out, " [");
		put_escaped(out, s.module, strlen(s.module), "");
		put(out, "]");
	}
}

void symbols_evidence(struct kernel *k, struct strbuf *out)
{
	struct symbols *s = kernel_symbols(k);
	struct table *t;

	for (size_t p = 0; p < PRODUCERS; p++) {
		table(k, p, &t);
		put_bytes(out, s->tables[p].evidence.data, s->tables[p].evidence.len);
	}
}
