/* Page tables as data: a format is a list of levels, one walker serves all. */
#pragma once

#include <stdint.h>

#include "dump/dump.h"

#define PT_LEVELS_MAX 5

struct pt_level {
	uint8_t shift, bits; /* of the virtual address: which of its bits index this level */
	uint64_t leaf;	     /* entry bits that end the walk here; 0: never, ~0: always */
};

struct pt_format {
	uint64_t present;   /* an entry maps when one of these bits is set */
	uint64_t addr_mask; /* the bits of an entry that hold an address */
	uint8_t nr_levels;
	struct pt_level level[PT_LEVELS_MAX]; /* from the root down */
};

/* Translate @va by the tables at physical address @root. @clear are entry bits that are no part of
 * an address (SME's encryption bit). @ret_left: bytes from there to the end of the mapped page.
 * -EFAULT: not mapped; -ENODATA: a table is not in the dump. */
int pgtable_walk(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		 uint64_t va, uint64_t *ret, uint64_t *ret_left);
