/* Symbols of one producer, sorted by address and found by name. Filled by one thread, then sealed;
 * from then on immutable. It knows nothing of where the symbols come from. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symtab_entry {
	uint64_t addr;
	uint32_t name;	/* where it begins in .names */
	uint16_t owner; /* of symtab_owner(); 0: the kernel itself */
	char kind;	/* nm(1)'s letter; 0: no symbol, the one before ends here */
	bool again;	/* an entry before this one has the same name */
};

struct symtab {
	struct symtab_entry *v;
	size_t n, room;
	char *names;
	size_t names_len, names_room;
	uint32_t *owners; /* where their names begin in .names */
	size_t nr_owners, owners_room;
	uint64_t *buckets; /* hash in the high half, index + 1 in the low one; 0: empty */
	size_t nr_buckets; /* a power of two */
};

void symtab_fini(struct symtab *t);

/* Have room for @n entries and @names bytes of names with their NULs. */
int symtab_reserve(struct symtab *t, size_t n, size_t names);

/* Add one to whom symbols belong, such as a module. -EBADMSG: more than 16 bits can count. */
int symtab_add_owner(struct symtab *t, const char *name, size_t len, uint16_t *ret);

/* Append; the name is copied. -ENOMEM; -EBADMSG when LIMIT_SYMBOLS or LIMIT_SYMBOL_NAMES is hit. */
int symtab_add(struct symtab *t, uint64_t addr, const char *name, size_t len, char kind,
	       uint16_t owner);

/* Put the entries in order of address, which is enough to list them. */
void symtab_sort(struct symtab *t);

/* Sort by address, entries at the same address in the order of their adding, and index the names. */
int symtab_seal(struct symtab *t);

static inline const char *symtab_name(const struct symtab *t, size_t i)
{
	return t->names + t->v[i].name;
}

/* NULL: the kernel itself. */
static inline const char *symtab_owner(const struct symtab *t, size_t i)
{
	return t->v[i].owner ? t->names + t->owners[t->v[i].owner - 1] : NULL;
}

/* The first entry of this name, by rising address; with the same @cursor, which starts at 0, the
 * next. NULL: the first only. False: no more. */
bool symtab_find(const struct symtab *t, const char *name, size_t *cursor, size_t *ret);

/* The first of the entries at the highest address that is not above @addr. False: none. */
bool symtab_at(const struct symtab *t, uint64_t addr, size_t *ret);

/* Bytes from entry @i to the next entry at another address; 0 for the last. */
uint64_t symtab_size(const struct symtab *t, size_t i);
