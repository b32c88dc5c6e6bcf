/* The page tables of arm64, and what Linux keeps in an entry that is not present. How many levels there
 * are follows from the size of pages and of addresses; the upper half has tables of its own. */
#include <errno.h>

#include "dump/base/err.h"
#include "kernel/arch/arm64.h"

#define PTE_VALID    1ull
#define PTE_TABLE    (1ull << 1) /* clear: the entry maps a block */
#define PTE_RDONLY   (1ull << 7)
#define PTE_AF	     (1ull << 10)
#define PTE_WRITE    (1ull << 51) /* the processor clears PTE_RDONLY when it does so */
#define PTE_PXN	     (1ull << 53)
#define PTE_DIRTY    (1ull << 55)
#define PTE_SPECIAL  (1ull << 56)
#define PTE_NONE_OLD (1ull << 58) /* PROT_NONE: the page is there, but nobody may access it */
#define PTE_NONE     (1ull << 11) /* the same, PTE_PRESENT_INVALID: 55564814a838 (v6.11) */

#define PTE_ADDR	 0x0000ffffffffffffull /* of which the bits within a page are no part */
#define PTE_ADDR_LPA2	 0x0003ffffffffffffull /* pages of 4K or 16K, addresses of 52 bits */
#define PTE_HIGH_64K	 0x000000000000f000ull /* bits 51:48 of the address */
#define PTE_HIGH_LPA2	 0x0000000000000300ull /* bits 51:50 */
#define SHIFT_64K	 36
#define SHIFT_LPA2	 42
#define SHIFT_LARGEST	 16 /* of pages */
#define VA_BITS_LPA2	 49 /* more than 48 need it */
#define SWAP_OFFSET_BITS 50

static const struct {
	uint64_t none; /* PROT_NONE's bit */
	uint8_t type_shift, type_bits, offset_shift;
} swaps[ARM64_SWAPS] = {
	[ARM64_SWAP_2] = { PTE_NONE_OLD, 2, 6, 8 },
	[ARM64_SWAP_3] = { PTE_NONE_OLD, 3, 5, 8 },
	[ARM64_SWAP_6] = { PTE_NONE, 6, 5, 12 },
};

static void absent(const struct pt_format *f, uint64_t entry, const struct pt_level *l,
		   struct mapping *ret)
{
	ret->kind = MAP_NONE;
	if (!entry || !l->leaf)
		return;
	if (entry & swaps[f->swap].none) {
		ret->kind = MAP_RAM;
		ret->pa = pgtable_address(f, entry);
		return;
	}
	ret->kind = MAP_SWAPPED;
	ret->swap_type = (uint32_t)(entry >> swaps[f->swap].type_shift &
				    ((1u << swaps[f->swap].type_bits) - 1));
	ret->swap_offset = entry >> swaps[f->swap].offset_shift & ((1ull << SWAP_OFFSET_BITS) - 1);
}

/* By how many levels there are. */
static const char *const names[PT_LEVELS_MAX + 1][PT_LEVELS_MAX] = {
	[2] = { "PGD", "PTE" },
	[3] = { "PGD", "PMD", "PTE" },
	[4] = { "PGD", "PUD", "PMD", "PTE" },
	[5] = { "PGD", "P4D", "PUD", "PMD", "PTE" },
};

static void set_levels(struct pt_format *f, unsigned int page_shift, unsigned int nr)
{
	const unsigned int bits = page_shift - 3;
	unsigned int shift = page_shift + (nr - 1) * bits;

	f->nr_levels = (uint8_t)nr;
	for (unsigned int i = 0; i < nr; i++, shift -= bits) {
		struct pt_level *l = &f->level[i];

		l->shift = (uint8_t)shift;
		l->bits = (uint8_t)(i ? bits : f->va_bits - shift);
		l->name = names[nr][i];
		/* The topmost of many map nothing by themselves, the last all. */
		l->leaf = i + 1 == nr ? ~0ull : nr - i <= 3 ? PTE_TABLE : 0;
	}
}

/* Where the bits of a physical address are that do not fit in their place. */
static void set_address(struct pt_format *f, unsigned int page_shift)
{
	const uint64_t offset = (1ull << page_shift) - 1;

	f->addr_mask = PTE_ADDR & ~offset;
	if (page_shift == SHIFT_LARGEST) {
		f->high_mask = PTE_HIGH_64K;
		f->high_shift = SHIFT_64K;
	} else if (f->va_bits >= VA_BITS_LPA2) {
		f->addr_mask = PTE_ADDR_LPA2 & ~offset;
		f->high_mask = PTE_HIGH_LPA2;
		f->high_shift = SHIFT_LPA2;
	}
}

int arm64_formats(unsigned int page_shift, unsigned int va_bits, enum arm64_swap swap,
		  struct pt_format ret[2])
{
	struct pt_format f = {
		.present = PTE_VALID,
		.table = PTE_TABLE,
		.constant_mask = PTE_RDONLY | PTE_PXN,
		.constant = PTE_RDONLY | PTE_PXN,
		.young = PTE_AF,
		.dirty = PTE_DIRTY,
		.writable = PTE_WRITE,
		.unwritten = PTE_RDONLY,
		.special = PTE_SPECIAL,
		.swap = (uint8_t)swap,
		.half = PT_LOWER,
		.absent = absent,
	};

	if ((page_shift != 12 && page_shift != 14 && page_shift != 16) || va_bits < 36 ||
	    va_bits > 52)
		return fail(-EBADMSG, "pages of 2^%u bytes, addresses of %u bits", page_shift,
			    va_bits);
	f.va_bits = (uint8_t)va_bits;
	/* Each level takes three bits less than an offset in a page has; the topmost what is left. */
	set_levels(&f, page_shift, (va_bits - 4) / (page_shift - 3));
	set_address(&f, page_shift);
	ret[1] = f;
	f.half = PT_UPPER;
	f.user = &ret[1];
	ret[0] = f;
	return 0;
}
