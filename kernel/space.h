/* An address space: page tables, and regions known to map by adding a constant, which help where a
 * page table is missing. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dump/base/strbuf.h"
#include "kernel/pgtable.h"

struct region {
	uint64_t first, last; /* virtual, inclusive; last 0: not known */
	uint64_t delta;	      /* physical = virtual + delta, modulo 2^64 */
};

struct tlb;

struct space {
	struct region image;	    /* the kernel's text and data */
	struct region direct;	    /* all memory, where the kernel maps it for itself */
	const struct pt_format *pt; /* NULL: no page tables known */
	uint64_t root;		    /* physical */
	uint64_t clear;		    /* entry bits that are no part of an address */
	struct tlb *tlb;	    /* NULL: remember nothing */
	struct strbuf evidence;	    /* how each fact was found, one a line */
};

void space_fini(struct space *s);

/* What is at @va: in RAM, swapped or nothing. -ENODATA: a page table is not in the dump. */
int space_lookup(const struct space *s, struct dump *d, uint64_t va, struct mapping *ret);

/* -EFAULT: not mapped; -ENODATA: swapped out, or a page table is not in the dump.
 * @ret_left: how many bytes from @va on are physically contiguous. */
int space_translate(const struct space *s, struct dump *d, uint64_t va, uint64_t *ret,
		    uint64_t *ret_left);

/* Copy @len bytes at @va, all or none; errors of space_translate() and dump_read(). */
int space_read(const struct space *s, struct dump *d, uint64_t va, void *buf, size_t len);

/* Copy from @va on until something is missing; how many bytes that are. The error that ended it is
 * why()'s. */
size_t space_read_some(const struct space *s, struct dump *d, uint64_t va, void *buf, size_t len);
