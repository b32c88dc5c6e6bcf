/* The page tables of x86_64, and what Linux keeps in an entry that is not present. */
#include "kernel/arch/x86_64.h"

#define PTE_PRESENT	1ull
#define PTE_WRITE	(1ull << 1)
#define PTE_USER	(1ull << 2)
#define PTE_ACCESSED	(1ull << 5)
#define PTE_DIRTY	(1ull << 6)
#define PTE_SPECIAL	(1ull << 9)
#define PTE_PSE		(1ull << 7)
#define PTE_PROTNONE	(1ull << 8)
#define PTE_UFFD_WP	(1ull << 10)
#define PTE_SOFT_DIRTY	(1ull << 11)
#define PTE_SAVED_DIRTY (1ull << 58)
#define PTE_NX		(1ull << 63)
#define PTE_ADDR	0x000ffffffffff000ull

/* The layout of a swap entry since bcd11afa7ade (v4.18, and the stable kernels of the day): type in
 * bits 59 to 63, the offset inverted in bits 9 to 58. */
#define SWAP_TYPE_SHIFT 59
#define SWAP_TYPE_BITS	5
#define SWAP_OFF_SHIFT	(9 + SWAP_TYPE_BITS)

/* A page without access rights stays in RAM: PROT_NONE, or a huge page amid a split. Its entry's
 * address is inverted, so that speculation misses: 6b28baca9b1f (v4.18). */
static void absent(const struct pt_format *f, uint64_t entry, const struct pt_level *l,
		   struct mapping *ret)
{
	(void)f;
	ret->kind = MAP_NONE;
	if (!entry || !l->leaf)
		return;
	if (entry & (l->leaf == ~0ull ? PTE_PROTNONE : PTE_PSE)) {
		ret->kind = MAP_RAM;
		ret->pa = ~entry & PTE_ADDR;
		return;
	}
	ret->kind = MAP_SWAPPED;
	ret->swap_type = (uint32_t)(entry >> SWAP_TYPE_SHIFT);
	ret->swap_offset = ~entry << SWAP_TYPE_BITS >> SWAP_OFF_SHIFT;
}

/* .twin: page table isolation keeps a process's part out of the kernel's own table, that a second one below
 * it has for user mode. 61e9b3671007 (v4.15) */
const struct pt_format x86_four_levels = {
	.present = PTE_PRESENT,
	.addr_mask = PTE_ADDR,
	.constant_mask = PTE_WRITE | PTE_NX,
	.constant = PTE_NX,
	.young = PTE_ACCESSED,
	.dirty = PTE_DIRTY,
	.saved_dirty = PTE_SAVED_DIRTY,
	.special = PTE_SPECIAL,
	.twin = PTE_NX,
	.soft_dirty = PTE_SOFT_DIRTY,
	.uffd_wp = PTE_UFFD_WP,
	.swap_soft_dirty = PTE_WRITE,
	.swap_uffd_wp = PTE_USER,
	.va_bits = 48,
	.nr_levels = 4,
	.level = { { 39, 9, 0, "PGD" },
		   { 30, 9, PTE_PSE, "PUD" },
		   { 21, 9, PTE_PSE, "PMD" },
		   { 12, 9, ~0ull, "PTE" } },
	.absent = absent,
};

const struct pt_format x86_five_levels = {
	.present = PTE_PRESENT,
	.addr_mask = PTE_ADDR,
	.constant_mask = PTE_WRITE | PTE_NX,
	.constant = PTE_NX,
	.young = PTE_ACCESSED,
	.dirty = PTE_DIRTY,
	.saved_dirty = PTE_SAVED_DIRTY,
	.special = PTE_SPECIAL,
	.twin = PTE_NX,
	.soft_dirty = PTE_SOFT_DIRTY,
	.uffd_wp = PTE_UFFD_WP,
	.swap_soft_dirty = PTE_WRITE,
	.swap_uffd_wp = PTE_USER,
	.va_bits = 57,
	.nr_levels = 5,
	.level = { { 48, 9, 0, "PGD" },
		   { 39, 9, 0, "P4D" },
		   { 30, 9, PTE_PSE, "PUD" },
		   { 21, 9, PTE_PSE, "PMD" },
		   { 12, 9, ~0ull, "PTE" } },
	.absent = absent,
};
