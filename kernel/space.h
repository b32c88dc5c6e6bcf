/* The kernel's address space: page tables, and regions known to map by adding a constant, which help
 * where a page table is missing. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dump/base/strbuf.h"
#include "kernel/pgtable.h"

#define SPACE_REGIONS 4

struct region {
	const char *name;
	uint64_t first, last; /* virtual, inclusive */
	uint64_t delta;	      /* physical = virtual + delta, modulo 2^64 */
};

struct space {
	struct region regions[SPACE_REGIONS];
	size_t nr_regions;
	const struct pt_format *pt; /* NULL: no page tables known */
	uint64_t root;		    /* physical */
	uint64_t clear;		    /* entry bits that are no part of an address */
	struct strbuf evidence;	    /* how each fact was found, one a line */
};

void space_fini(struct space *s);

/* Ignored when the table is full: an architecture declares no more than SPACE_REGIONS. */
void space_add(struct space *s, const char *name, uint64_t first, uint64_t last, uint64_t delta);

/* -EFAULT: not mapped; -ENODATA: a page table is not in the dump.
 * @ret_left: how many bytes from @va on are physically contiguous. */
int space_translate(const struct space *s, struct dump *d, uint64_t va, uint64_t *ret,
		    uint64_t *ret_left);
