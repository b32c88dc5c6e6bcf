/* Finding the kernel's page tables, its image and the direct map. Nobody but VMCOREINFO tells where the
 * tables are: no note has the processor's system registers. The image lies at its physical address plus
 * kimage_voffset, all memory at its physical address less PHYS_OFFSET plus PAGE_OFFSET. */
#include <errno.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "kernel/arch/arm64.h"
#include "kernel/mem/tlb.h"

#define IMAGE_GAP	(64ull << 20)  /* more than the memory of init that a kernel frees */
#define IMAGE_SPAN	(256ull << 20) /* more than an image has */
#define HEAD_SPAN	(4ull << 20)   /* from the beginning of the image to its text */
#define VA_BITS_64K_MIN 48 /* tables of 64K pages serve 52 bits on processors that have 48 */

struct facts {
	uint64_t page, va_bits, voffset, phys_offset, t1sz, root, stext;
	unsigned int page_shift;
};

static int number(const struct vmcoreinfo *vi, const char *name, uint64_t *ret)
{
	return vmcoreinfo_number(vi, name, ret) ? 0 : fail(-ENOENT, "VMCOREINFO has no %s", name);
}

static int symbol(const struct vmcoreinfo *vi, const char *name, uint64_t *ret)
{
	return vmcoreinfo_symbol(vi, name, ret) ? 0 : fail(-ENOENT, "VMCOREINFO has no %s", name);
}

static int read_facts(const struct vmcoreinfo *vi, struct facts *ret)
{
	struct facts f = { .t1sz = 0 };
	int r = number(vi, "VA_BITS", &f.va_bits);

	if (r >= 0)
		r = number(vi, "kimage_voffset", &f.voffset);
	if (r >= 0)
		r = number(vi, "PHYS_OFFSET", &f.phys_offset);
	if (r >= 0)
		r = symbol(vi, "swapper_pg_dir", &f.root);
	if (r >= 0)
		r = symbol(vi, "_stext", &f.stext);
	if (r < 0)
		return r;
	if (!vmcoreinfo_decimal(vi, "PAGESIZE", &f.page) || !f.page || f.page & (f.page - 1))
		return fail(-EBADMSG, "VMCOREINFO has no PAGESIZE");
	f.page_shift = (unsigned int)__builtin_ctzll(f.page);
	vmcoreinfo_number(vi, "TCR_EL1_T1SZ", &f.t1sz);
	f.root -= f.voffset;
	*ret = f;
	return 0;
}

/* The layouts are macros, of which nothing is left in a dump. What VMCOREINFO has to tell changed in the
 * release before one and after the other: only for 6.10 and 5.19 is this not theirs. */
static enum arm64_swap swap_of(const struct vmcoreinfo *vi)
{
	uint64_t n;

	if (vmcoreinfo_number(vi, "PAGE_SLAB_MAPCOUNT_VALUE", &n)) /* 46df8e73a4a3 (v6.10) */
		return ARM64_SWAP_6;
	return vmcoreinfo_number(vi, "MODULES_VADDR", &n) /* 2369f171d5c5 (v6.0) */
		       ? ARM64_SWAP_3
		       : ARM64_SWAP_2;
}

/* How many bits of an address the tables are looked up with. A kernel that can do 52 leaves out the
 * levels that a processor with 48 has no use for; with pages of 64K there are none to leave out. */
static unsigned int table_bits(const struct facts *f)
{
	if (!f->t1sz || f->t1sz >= 64 || (f->page_shift == 16 && f->va_bits > VA_BITS_64K_MIN))
		return (unsigned int)(f->va_bits & 63);
	return (unsigned int)(64 - f->t1sz);
}

/* The end of what is mapped like the image from @va on, with small gaps; @va: nothing is. */
static uint64_t mapped_end(struct dump *d, const struct space *s, uint64_t va, uint64_t delta)
{
	const uint64_t limit = va + IMAGE_SPAN;
	uint64_t end = va;
	struct mapping m;

	for (; va < limit && va - end < IMAGE_GAP; va += m.left) {
		if (space_lookup(s, d, va, &m) < 0)
			break;
		if (m.kind == MAP_RAM && m.pa == va + delta)
			end = va + m.left;
	}
	return end;
}

/* The address where the same begins. */
static uint64_t mapped_start(struct dump *d, const struct space *s, uint64_t va, uint64_t page,
			     uint64_t delta)
{
	const uint64_t limit = va - HEAD_SPAN;
	struct mapping m;

	while (va > limit && space_lookup(s, d, va - page, &m) == 0 && m.kind == MAP_RAM &&
	       m.pa == va - page + delta)
		va -= page;
	return va;
}

static void find_image(struct dump *d, const struct facts *f, struct space *ret)
{
	const struct space tables = { .pt = ret->pt, .root = ret->root };
	uint64_t end, delta = -f->voffset;

	ret->image = (struct region){ .first = f->stext - HEAD_SPAN,
				      .last = f->stext + IMAGE_SPAN - 1,
				      .delta = delta };
	end = mapped_end(d, &tables, f->stext, delta);
	if (end == f->stext) {
		put(&ret->evidence, "kernel image       the page tables do not map it\n");
		return;
	}
	ret->image.first = mapped_start(d, &tables, f->stext, f->page, delta);
	ret->image.last = end - 1;
	put(&ret->evidence, "kernel image       %#lx to %#lx by the page tables\n",
	    ret->image.first, ret->image.last);
}

/* It is the lower half of the kernel's addresses, which was the upper until 14c127c957c1 (v5.4): the
 * tables map themselves there. */
static void find_direct_map(struct dump *d, const struct facts *f, struct space *ret)
{
	const struct space tables = { .pt = ret->pt, .root = ret->root };
	const uint64_t bases[] = { -(1ull << f->va_bits), -(1ull << (f->va_bits - 1)) };
	const uint64_t end = dump_facts(d)->end;
	size_t i = 0;
	struct mapping m;

	while (i < 2 && (space_lookup(&tables, d, bases[i] + (f->root - f->phys_offset), &m) < 0 ||
			 m.kind != MAP_RAM || m.pa != f->root))
		i++;
	if (i == 2) {
		put(&ret->evidence, "direct map         the page tables do not map it\n");
		return;
	}
	/* PHYS_OFFSET may be below all memory, and even below 0. */
	ret->direct = (struct region){ .first = bases[i],
				       .last = bases[i] + (end - f->phys_offset) - 1,
				       .delta = f->phys_offset - bases[i] };
	put(&ret->evidence,
	    "direct map         %#lx for physical address %#lx by the page tables\n", bases[i],
	    f->phys_offset);
}

static int find_tables(const struct vmcoreinfo *vi, const struct facts *f, struct space *ret)
{
	struct pt_format *formats = calloc(2, sizeof(*formats));
	int r;

	if (!formats)
		return fail(-ENOMEM, "page tables");
	r = arm64_formats(f->page_shift, table_bits(f), swap_of(vi), formats);
	if (r < 0) {
		free(formats);
		return r;
	}
	ret->pt = ret->made = formats;
	ret->root = f->root;
	put(&ret->evidence, "kimage_voffset     %#lx from VMCOREINFO\n", f->voffset);
	put(&ret->evidence, "page tables        %#lx from VMCOREINFO SYMBOL(swapper_pg_dir)\n",
	    f->root);
	put(&ret->evidence,
	    "levels             %u, for addresses of %u bits and pages of %lu bytes\n",
	    ret->pt->nr_levels, ret->pt->va_bits, f->page);
	return 0;
}

/* Told since 2369f171d5c5 (v6.0). */
static void find_areas(const struct vmcoreinfo *vi, const struct facts *f, struct space *ret)
{
	uint64_t start, end, size;

	if (vmcoreinfo_number(vi, "VMALLOC_START", &start) &&
	    vmcoreinfo_number(vi, "VMALLOC_END", &end) && end > start)
		ret->vmalloc_size = end - start;
	if (vmcoreinfo_number(vi, "VMEMMAP_START", &start) && vmcoreinfo_size(vi, "page", &size))
		ret->pages = start - (uint64_t)((int64_t)f->phys_offset >> f->page_shift) * size;
}

int arm64_bring_up(struct dump *d, struct space *ret)
{
	const struct vmcoreinfo *vi;
	struct facts f;
	int r = dump_vmcoreinfo(d, &vi);

	if (r >= 0)
		r = read_facts(vi, &f);
	if (r >= 0)
		r = find_tables(vi, &f, ret);
	if (r < 0)
		return r;
	vmcoreinfo_hex(vi, "KERNELOFFSET", &ret->moved);
	ret->page_shift = f.page_shift;
	find_areas(vi, &f, ret);
	/* Where no note tells, return addresses are signed in all bits that the tables leave. */
	if (!vmcoreinfo_number(vi, "KERNELPACMASK", &ret->signature))
		ret->signature = ~0ull << ret->pt->va_bits;
	find_image(d, &f, ret);
	find_direct_map(d, &f, ret);
	ret->tlb = tlb_new();
	return ret->tlb ? 0 : fail(-ENOMEM, "translation cache");
}
