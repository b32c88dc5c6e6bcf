/* Page tables as data: a format is a list of levels, one walker serves all. */
#pragma once

#include <stdint.h>

#include "dump/dump.h"

#define PT_LEVELS_MAX 5

enum map_kind {
	MAP_NONE,    /* nothing is mapped */
	MAP_RAM,     /* at .pa */
	MAP_SWAPPED, /* on swap device .swap_type; one that no device has: a special entry, such as
		      * of a page that migrates or is poisoned */
};

/* What page tables say of an address. */
struct mapping {
	enum map_kind kind;
	uint64_t pa;
	uint32_t swap_type;
	uint64_t swap_offset; /* in pages */
	uint64_t left;	      /* bytes from the address to the end of what this entry tells of */
	uint8_t shift;	      /* log2 of the bytes that the entry covers */
	bool constant;	      /* data that nobody may write or execute */
};

struct pt_level {
	uint8_t shift, bits; /* of the virtual address: which of its bits index this level */
	uint64_t leaf;	     /* entry bits that end the walk here; 0: never, ~0: always */
};

struct pt_format {
	uint64_t present;		  /* an entry maps when one of these bits is set */
	uint64_t addr_mask;		  /* the bits of an entry that hold an address */
	uint64_t constant_mask, constant; /* an entry of constant data, masked, has this value */
	uint8_t va_bits;		  /* the bits above must all equal the topmost of these */
	uint8_t nr_levels;
	struct pt_level level[PT_LEVELS_MAX]; /* from the root down */

	/* Tell what an entry of @l that is not present stands for: .kind, .swap_*, and in .pa the
	 * base of the page when it is in RAM all the same. */
	void (*absent)(uint64_t entry, const struct pt_level *l, struct mapping *ret);
};

/* Look @va up in the tables at physical address @root. @clear are entry bits that are no part of an
 * address (SME's encryption bit). -ENODATA: a table is not in the dump; -EBADMSG. */
int pgtable_walk(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		 uint64_t va, struct mapping *ret);
