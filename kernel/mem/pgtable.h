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
	uint64_t entry;	      /* as it is in the table */
};

struct pt_level {
	uint8_t shift, bits; /* of the virtual address: which of its bits index this level */
	uint64_t leaf;	     /* entry bits that end the walk here; 0: never, ~0: always */
	const char *name;    /* as the kernel's developers call its entries */
};

/* Which addresses tables serve. Where each half has its own, all of .va_bits index them. */
enum pt_half { PT_BOTH, PT_LOWER, PT_UPPER };

struct pt_format {
	uint64_t present;		  /* an entry maps when one of these bits is set */
	uint64_t addr_mask;		  /* the bits of an entry that hold an address */
	uint64_t high_mask;		  /* those that hold its highest, to be shifted up: */
	uint64_t table;			  /* a bit that ends the walk when it is clear, for .leaf */
	uint64_t constant_mask, constant; /* an entry of constant data, masked, has this value */
	uint64_t young, dirty;		  /* bits of an entry: it was used, written through */
	uint64_t saved_dirty;		  /* the same of one that is read-only now: v6.6 */
	uint64_t writable, unwritten; /* the same tells .writable without .unwritten, if not 0 */
	uint64_t special;	      /* what it maps is no page like others */
	uint64_t
		twin; /* a bit of the topmost entries of a process: a second topmost table follows */
	uint64_t soft_dirty,
		uffd_wp; /* it was written to since who tracks asked; is write-protected */
	uint64_t swap_soft_dirty, swap_uffd_wp; /* the same of one that is swapped out */
	uint8_t va_bits; /* the bits above must all equal the topmost of these */
	uint8_t nr_levels;
	uint8_t high_shift;
	uint8_t half; /* enum pt_half; if not both, bits 56 up of an address are a tag */
	uint8_t swap; /* the architecture's: how entries of swapped pages look */
	const struct pt_format *user;	      /* of the lower half's tables; NULL: the same */
	struct pt_level level[PT_LEVELS_MAX]; /* from the root down */

	/* Tell what an entry of @l that is not present stands for: .kind, .swap_*, and in .pa the
	 * base of the page when it is in RAM all the same. */
	void (*absent)(const struct pt_format *f, uint64_t entry, const struct pt_level *l,
		       struct mapping *ret);
};

/* The address that an entry holds. */
uint64_t pgtable_address(const struct pt_format *f, uint64_t entry);

/* Can the tables translate @va? */
bool pgtable_serves(const struct pt_format *f, uint64_t va);

/* The lowest address of the upper half. */
uint64_t pgtable_upper(const struct pt_format *f);

/* Look @va up in the tables at physical address @root. @clear are entry bits that are no part of an
 * address (SME's encryption bit). -ENODATA: a table is not in the dump; -EBADMSG. */
int pgtable_walk(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		 uint64_t va, struct mapping *ret);

/* The same, with each entry on the way: where it is in physical memory, and what is in it. */
typedef void pgtable_fn(void *arg, const struct pt_level *level, uint64_t at, uint64_t entry);
int pgtable_trace(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		  uint64_t va, pgtable_fn *fn, void *arg, struct mapping *ret);

/* What a scan comes upon: RAM from .pa on, mapped at .va; or addresses whose table is not in the dump. */
struct mapped {
	uint64_t va, pa, size;
	bool missing;
};

/* Not 0: stop, and the scan returns it. */
typedef int mapped_fn(void *arg, const struct mapped *m);

/* Tell @fn, by rising address, of all that the tables at @root map between @first and @last, inclusive,
 * which are of one half of the address space. A table that follows itself is told of once: KASAN fills
 * terabytes with one. -EINTR; -ELOOP: there are too many tables. */
int pgtable_scan(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		 uint64_t first, uint64_t last, mapped_fn *fn, void *arg);

/* Not 0: stop, and pgtable_tables() returns it. */
typedef int table_fn(void *arg, uint64_t pa);

/* Tell @fn of the tables of one half, which is not PT_BOTH: the topmost one at @root, and of @levels levels from
 * it down all that entries lead to; one that follows itself once. @ret_top: what the present entries of the
 * topmost one have in common; ~0: there are none. Tables that are not in the dump lead nowhere. -EINTR; -ELOOP:
 * there are too many. */
int pgtable_tables(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		   enum pt_half half, unsigned int levels, table_fn *fn, void *arg,
		   uint64_t *ret_top);
