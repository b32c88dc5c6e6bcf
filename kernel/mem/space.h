/* An address space: page tables, and regions known to map by adding a constant, which help where a
 * page table is missing. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dump/base/strbuf.h"
#include "kernel/mem/pgtable.h"

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
	uint64_t signature;	    /* bits of a return address that hold a signature; 0: none */
	uint64_t
		vmalloc_size; /* bytes where the kernel puts what vmalloc() returns; 0: not known */
	uint64_t pages; /* where struct page of physical address 0 is or would be; 0: not known */
	uint64_t moved; /* how far KASLR moved the image; 0: not known */
	unsigned int page_shift; /* log2 of the bytes of a page, as the kernel counts them */
	struct tlb *tlb;	 /* NULL: remember nothing */
	struct pt_format *made;	 /* what .pt points to, when it was made for this kernel */
	struct strbuf evidence;	 /* how each fact was found, one a line */
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

/* Tell @fn, by rising address, of all RAM that is mapped between @first and @last, which are of one half
 * of the address space: what space_read() can read as far as the dump has it. Errors of pgtable_scan(). */
int space_scan(const struct space *s, struct dump *d, uint64_t first, uint64_t last, mapped_fn *fn,
	       void *arg);

/* The first address of the kernel's half. */
uint64_t space_kernel_half(const struct space *s);
