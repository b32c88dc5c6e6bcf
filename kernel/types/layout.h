/* How a structure lies in memory, as its declaration shows it: where a member leaves room behind it,
 * and which of them must have been aligned or packed by an attribute. BTF does not record attributes;
 * they are told from gaps that C would not have left, the way pahole does. */
#pragma once

#include "kernel/types/type.h"

#define CACHELINE 64

struct spot {
	uint64_t offset, size;	/* bytes: of the member, or of the unit that holds its bits */
	uint64_t end;		/* of the unit, or of a longer one of bit fields before it */
	unsigned int bit, bits; /* a bit field's place in its unit and width; .bits 0: none */
	uint64_t natural;	/* what its type is aligned to; at least 1 */
	uint64_t hole;		/* bytes that are unused behind it */
	unsigned int bit_hole;	/* and bits before those */
	uint64_t align;		/* it was aligned to that many bytes; 0: as its type is */
};

struct layout {
	struct spot *spots;	  /* one a member */
	uint64_t padding;	  /* bytes unused at the end, */
	unsigned int bit_padding; /* and bits before those */
	unsigned int nr_holes, nr_bit_holes;
	uint64_t natural; /* what it is aligned to for its members' sake */
	uint64_t align;	  /* the structure was aligned to that; 0: as its members are */
	bool packed;
};

/* Of a structure or union; layout_fini() frees it. -ENOMEM. */
int layout_init(struct layout *lo, const struct type *t);
void layout_fini(struct layout *lo);
