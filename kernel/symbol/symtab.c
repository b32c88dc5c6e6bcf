#include "kernel/symbol/symtab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/hash.h"
#include "dump/base/limits.h"

/* Kernels need 3: most of the names that many symbols share are __func__.0 and the like. */
#define STEPS_A_SYMBOL 64

void symtab_fini(struct symtab *t)
{
	free(t->v);
	free(t->names);
	free(t->owners);
	free(t->buckets);
	*t = (struct symtab){ 0 };
}

/* Make room for @n things of @size bytes in *@p. */
static int grow(void *p, size_t *room, size_t n, size_t size)
{
	void *grown;

	if (n <= *room)
		return 0;
	if (n < *room * 2)
		n = *room * 2;
	grown = reallocarray(*(void **)p, n, size);
	if (!grown)
		return fail(-ENOMEM, "%zu symbols", n);
	*(void **)p = grown;
	*room = n;
	return 0;
}

int symtab_reserve(struct symtab *t, size_t n, size_t names)
{
	int r;

	if (n > LIMIT_SYMBOLS || names > LIMIT_SYMBOL_NAMES)
		return fail(-EBADMSG, "%zu symbols, whose names take %zu bytes", n, names);
	r = grow(&t->v, &t->room, n, sizeof(*t->v));
	return r < 0 ? r : grow(&t->names, &t->names_room, names, 1);
}

static uint32_t add_name(struct symtab *t, const char *name, size_t len)
{
	uint32_t at = (uint32_t)t->names_len;

	memcpy(t->names + at, name, len);
	t->names[at + len] = 0;
	t->names_len += len + 1;
	return at;
}

int symtab_add_owner(struct symtab *t, const char *name, size_t len, uint16_t *ret)
{
	int r = symtab_reserve(t, t->n, t->names_len + len + 1);

	if (r < 0)
		return r;
	if (t->nr_owners >= UINT16_MAX)
		return fail(-EBADMSG, "%zu owners of symbols", t->nr_owners);
	r = grow(&t->owners, &t->owners_room, t->nr_owners + 1, sizeof(*t->owners));
	if (r < 0)
		return r;
	t->owners[t->nr_owners++] = add_name(t, name, len);
	*ret = (uint16_t)t->nr_owners;
	return 0;
}

int symtab_add(struct symtab *t, uint64_t addr, const char *name, size_t len, char kind,
	       uint16_t owner)
{
	int r = symtab_reserve(t, t->n + 1, t->names_len + len + 1);

	if (r < 0)
		return r;
	t->v[t->n++] = (struct symtab_entry){
		.addr = addr, .name = add_name(t, name, len), .owner = owner, .kind = kind
	};
	return 0;
}

/* Names are added in order, so their places tell the order of entries at the same address. */
static int by_address(const void *a, const void *b)
{
	const struct symtab_entry *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

void symtab_sort(struct symtab *t)
{
	for (size_t i = 1; i < t->n; i++) {
		if (t->v[i].addr >= t->v[i - 1].addr)
			continue;
		qsort(t->v, t->n, sizeof(*t->v), by_address);
		return;
	}
}

/* Returns how many other entries were in the way. */
static size_t enter(struct symtab *t, size_t i)
{
	const char *name = symtab_name(t, i);
	uint32_t hash = hash_text(name);
	size_t mask = t->nr_buckets - 1, b = hash & mask, steps = 0;

	for (; t->buckets[b]; b = (b + 1) & mask, steps++)
		if (t->buckets[b] >> 32 == hash && !t->v[i].again)
			t->v[i].again = !strcmp(symtab_name(t, (uint32_t)t->buckets[b] - 1), name);
	t->buckets[b] = (uint64_t)hash << 32 | (uint32_t)(i + 1);
	return steps;
}

int symtab_seal(struct symtab *t)
{
	size_t steps = 0;

	symtab_sort(t);
	for (t->nr_buckets = 16; t->nr_buckets < t->n + t->n / 2;)
		t->nr_buckets *= 2;
	t->buckets = calloc(t->nr_buckets, sizeof(*t->buckets));
	if (!t->buckets)
		return fail(-ENOMEM, "%zu symbols", t->n);
	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].kind)
			steps += enter(t, i);
		if (steps / STEPS_A_SYMBOL > t->n)
			return fail(-EBADMSG, "of %zu symbols too many share a name", t->n);
	}
	return 0;
}

bool symtab_find(const struct symtab *t, const char *name, size_t *cursor, size_t *ret)
{
	uint32_t hash = hash_text(name);
	size_t mask = t->nr_buckets - 1;

	for (size_t step = cursor ? *cursor : 0; step < t->nr_buckets; step++) {
		uint64_t bucket = t->buckets[(hash + step) & mask];
		size_t i = (uint32_t)bucket - 1;

		if (!bucket)
			break;
		if (bucket >> 32 != hash || strcmp(symtab_name(t, i), name))
			continue;
		if (cursor)
			*cursor = step + 1;
		*ret = i;
		return true;
	}
	return false;
}

/* The first entry that is above @addr. */
static size_t above(const struct symtab *t, uint64_t addr)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->v[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool symtab_at(const struct symtab *t, uint64_t addr, size_t *ret)
{
	size_t i = above(t, addr);

	if (!i)
		return false;
	addr = t->v[i - 1].addr;
	*ret = addr ? above(t, addr - 1) : 0;
	return true;
}

uint64_t symtab_size(const struct symtab *t, size_t i)
{
	size_t next = above(t, t->v[i].addr);

	return next < t->n ? t->v[next].addr - t->v[i].addr : 0;
}
