/* Member paths: "mm.pgd", "pids[2].first", "comm[0]" to a place in a structure. Anonymous members are
 * searched as C does. */
#pragma once

#include "kernel/types/type.h"

struct place {
	const struct type *type;
	uint64_t bit_offset; /* from the start of the outermost structure */
	uint8_t bit_size;    /* of a bit field; 0: none */
};

/* Bytes to where the value begins; a bit field's to its first byte. */
static inline uint64_t place_offset(const struct place *p)
{
	return p->bit_offset / 8;
}

/* Find @path in @t, with or without typedefs and qualifiers around. An index may exceed an array of
 * at most one element: C's older way to write a flexible one.
 * -ENOENT: no such member, or @t has none; -EINVAL: @path is no path. */
int member_find(const struct type *t, const char *path, struct place *ret);

/* Find @path in the type called @name: a structure, else a union, else a typedef. Of several with
 * that name, the first that has it. @path "" is the type itself. */
int member_of(const struct types *ts, const char *name, const char *path, struct place *ret);
