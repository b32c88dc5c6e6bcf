/* Finding the kernel's page tables and its image. The kernel lies at START_KERNEL_MAP plus the KASLR
 * offset, and at phys_base plus the same in RAM; the tables map nothing else in that gigabyte, for
 * cleanup_highmap() removes the rest, so they tell where the image is.
 *
 * Who knows the tables: VMCOREINFO names them; QEMU's notes have the control registers of every CPU;
 * failing both, the symbols that kallsyms holds. */
#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/arch/x86_64.h"
#include "kernel/mem/tlb.h"

#define KERNEL_SPAN	   (1ull << 30) /* the most that KERNEL_IMAGE_SIZE can be */
#define IMAGE_SIZE_NOKASLR (512ull << 20)
#define HUGE_PAGE	   (2ull << 20)
#define IMAGE_GAP	   (64ull << 20) /* more than the memory of init that a kernel frees */
#define DIRECT_MAP_ALIGN   (1ull << 30)	 /* of page_offset_base */
#define DIRECT_MAP_STEPS   4096		 /* entries looked at for it: most are empty and large */
#define CR3_ADDR	   0x000ffffffffff000ull
#define CR3_PTI_USER	   (1ull << 12) /* the half of a pair of tables that user mode has */
#define CR4_LA57	   (1ull << 12)

/* struct QEMUCPUState of QEMU's target/i386/arch_dump.c: version, size, 18 registers, 10 segments. */
#define QEMU_CR3_OFF 416
#define QEMU_CR4_OFF 424

/* The tables of @s alone, without what is assumed where they are missing. */
static struct space tables_of(const struct space *s)
{
	return (struct space){ .pt = s->pt, .root = s->root, .clear = s->clear };
}

/* The end of what is mapped by adding @delta from @va on, within a huge page. */
static uint64_t mapped_end(struct dump *d, const struct space *s, uint64_t va, uint64_t delta)
{
	const uint64_t end = (va | (HUGE_PAGE - 1)) + 1;
	struct mapping m;

	while (va < end && space_lookup(s, d, va, &m) == 0 && m.kind == MAP_RAM &&
	       m.pa == va + delta)
		va += m.left;
	return va;
}

/* Where @s maps the kernel image. */
static bool find_image(struct dump *d, const struct space *s, struct region *ret)
{
	struct region image = { 0 };
	struct mapping m;

	for (uint64_t off = 0; off < KERNEL_SPAN; off += HUGE_PAGE) {
		uint64_t va = START_KERNEL_MAP + off;

		if (image.last && va - image.last > IMAGE_GAP)
			break;
		if (space_lookup(s, d, va, &m) < 0 || m.kind != MAP_RAM)
			continue;
		if (!image.last)
			image = (struct region){ .first = va, .delta = m.pa - va };
		if (m.pa - va != image.delta)
			break;
		image.last = va;
	}
	if (!image.last || (image.delta + START_KERNEL_MAP) % HUGE_PAGE)
		return false;
	image.last = mapped_end(d, s, image.last, image.delta) - 1;
	*ret = image;
	return true;
}

uint64_t x86_try_root(struct dump *d, uint64_t root, bool five, struct space *ret)
{
	struct space s = { .pt = five ? &x86_five_levels : &x86_four_levels, .root = root };

	if (!find_image(d, &s, &s.image))
		return 0;
	*ret = s;
	return s.image.last - s.image.first + 1;
}

/* The tables of a CPU. In user mode it may have had those that map little of the kernel: their
 * neighbour maps all (pti). aa8c6248f8c7 (v4.15) */
static uint64_t tables_of_cpu(struct dump *d, const struct note *note, struct space *ret)
{
	struct bytes b = bytes_of(note->desc, note->desc_len);
	uint64_t cr3, cr4, size, other_size;
	struct space other;

	bytes_seek(&b, QEMU_CR3_OFF);
	cr3 = bytes_u64(&b) & CR3_ADDR;
	cr4 = bytes_u64(&b);
	if (b.short_)
		return 0;
	size = x86_try_root(d, cr3, cr4 & CR4_LA57, ret);
	if (!(cr3 & CR3_PTI_USER))
		return size;
	other_size = x86_try_root(d, cr3 & ~CR3_PTI_USER, cr4 & CR4_LA57, &other);
	if (other_size <= size)
		return size;
	*ret = other;
	return other_size;
}

static bool by_cpu_notes(struct dump *d, struct space *ret)
{
	const struct note *notes;
	size_t n = dump_notes(d, &notes);
	unsigned int cpu = 0, best_cpu = 0;
	uint64_t best = 0;
	struct space s;

	for (size_t i = 0; i < n; i++) {
		uint64_t size;

		if (notes[i].type != 0 || strcmp(notes[i].name, "QEMU"))
			continue;
		size = tables_of_cpu(d, &notes[i], &s);
		if (size > best) {
			ret->pt = s.pt;
			ret->root = s.root;
			ret->image = s.image;
			best = size;
			best_cpu = cpu;
		}
		cpu++;
	}
	if (!best)
		return false;
	put(&ret->evidence, "page tables        %#lx from CR3 of CPU %u in QEMU's note\n",
	    ret->root, best_cpu);
	put(&ret->evidence, "levels             %u from its CR4\n", ret->pt->nr_levels);
	return true;
}

/* /proc/vmcore has a segment for the kernel image, whose addresses tell. */
static bool image_of_segments(struct dump *d, struct region *ret)
{
	const struct segment *s;
	size_t n = dump_segments(d, &s);

	for (size_t i = 0; i < n; i++) {
		if (s[i].vaddr < START_KERNEL_MAP || s[i].vaddr + s[i].size < s[i].vaddr ||
		    !s[i].size)
			continue;
		*ret = (struct region){ .first = s[i].vaddr,
					.last = s[i].vaddr + s[i].size - 1,
					.delta = s[i].paddr - s[i].vaddr };
		return true;
	}
	return false;
}

/* Do the tables map all memory from @base on? They map themselves there. */
static bool is_direct_map(struct dump *d, const struct space *tables, uint64_t base)
{
	struct mapping m;

	return !(base % DIRECT_MAP_ALIGN) &&
	       space_lookup(tables, d, base + tables->root, &m) == 0 && m.kind == MAP_RAM &&
	       m.pa == tables->root;
}

/* It comes first in the kernel's half, but for the LDTs of tasks; physical address 0 is mapped. */
static bool direct_by_tables(struct dump *d, const struct space *tables, uint64_t *ret)
{
	uint64_t va = -(1ull << (tables->pt->va_bits - 1));
	struct mapping m;

	for (int step = 0; step < DIRECT_MAP_STEPS && va < START_KERNEL_MAP; step++, va += m.left) {
		if (space_lookup(tables, d, va, &m) < 0)
			return false;
		if (m.kind != MAP_RAM || !is_direct_map(d, tables, va - m.pa))
			continue;
		*ret = va - m.pa;
		return true;
	}
	return false;
}

/* A /proc/vmcore has segments of memory as mapped there; some writers leave their addresses 0, and
 * QEMU may put any mapping into them. */
static bool direct_by_segments(struct dump *d, uint64_t *ret)
{
	const struct segment *s;
	size_t n = dump_segments(d, &s);

	for (size_t i = 0; i < n; i++) {
		if (!(s[i].vaddr >> 63) || s[i].vaddr >= START_KERNEL_MAP)
			continue;
		*ret = s[i].vaddr - s[i].paddr;
		return true;
	}
	return false;
}

static void find_direct_map(struct dump *d, struct space *ret)
{
	const struct space tables = tables_of(ret);
	const char *source = "page tables";
	uint64_t base;

	if (!tables.pt || !direct_by_tables(d, &tables, &base)) {
		source = "PT_LOADs";
		if (!direct_by_segments(d, &base))
			return;
	}
	ret->direct = (struct region){ .first = base,
				       .last = base + dump_facts(d)->end - 1,
				       .delta = -base };
	put(&ret->evidence, "direct map         %#lx by the %s\n", base, source);
}

/* The physical base of the image, before there are tables. NUMBER(phys_base) is there since
 * 401721ecd1dc (v4.10). */
static int assume_image(struct dump *d, const struct vmcoreinfo *vi, struct space *ret)
{
	const struct dump_facts *facts = dump_facts(d);
	uint64_t phys_base, size = IMAGE_SIZE_NOKASLR;
	const char *source;

	if (vmcoreinfo_number(vi, "phys_base", &phys_base)) {
		source = "VMCOREINFO NUMBER(phys_base)";
	} else if (image_of_segments(d, &ret->image)) {
		phys_base = ret->image.delta + START_KERNEL_MAP;
		source = "the PT_LOAD of the kernel image";
	} else if (facts->has_phys_base) {
		phys_base = facts->phys_base;
		source = "the kdump header";
	} else {
		return fail(-ENOENT, "the physical base of the kernel image is nowhere told");
	}
	if (phys_base % HUGE_PAGE)
		return fail(-EBADMSG, "phys_base %#lx from %s is not aligned to 2 MiB", phys_base,
			    source);
	vmcoreinfo_number(vi, "KERNEL_IMAGE_SIZE", &size);
	if (!size || size > KERNEL_SPAN)
		size = KERNEL_SPAN;
	ret->image = (struct region){ .first = START_KERNEL_MAP,
				      .last = START_KERNEL_MAP + size - 1,
				      .delta = phys_base - START_KERNEL_MAP };
	put(&ret->evidence, "phys_base          %#lx from %s\n", phys_base, source);
	return 0;
}

static bool find_root(const struct vmcoreinfo *vi, uint64_t *ret, const char **ret_name)
{
	/* The macro swapper_pg_dir stands for one of the other two. */
	static const char *const names[] = { "swapper_pg_dir", "init_top_pgt", "init_level4_pgt" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*ret_name = names[i];
		if (vmcoreinfo_symbol(vi, names[i], ret))
			return true;
	}
	return false;
}

static int by_vmcoreinfo(struct dump *d, const struct vmcoreinfo *vi, struct space *ret)
{
	uint64_t root, l5 = 0;
	const char *name;
	int r = assume_image(d, vi, ret);

	if (r < 0)
		return r;
	if (!find_root(vi, &root, &name)) {
		put(&ret->evidence, "page tables        not known: VMCOREINFO names no root\n");
		return 0;
	}
	vmcoreinfo_number(vi, "pgtable_l5_enabled", &l5);
	vmcoreinfo_number(vi, "sme_mask", &ret->clear);
	ret->pt = l5 ? &x86_five_levels : &x86_four_levels;
	ret->root = root + ret->image.delta;
	put(&ret->evidence, "page tables        %#lx from VMCOREINFO SYMBOL(%s)\n", ret->root,
	    name);
	put(&ret->evidence, "levels             %u from VMCOREINFO NUMBER(pgtable_l5_enabled)\n",
	    ret->pt->nr_levels);
	if (ret->clear)
		put(&ret->evidence, "sme_mask           %#lx from VMCOREINFO NUMBER(sme_mask)\n",
		    ret->clear);
	return 0;
}

/* The region of the image is what the tables map of it. When they cannot be read, or say otherwise,
 * what was assumed stays. */
static void confirm_image(struct dump *d, struct space *ret)
{
	const struct space tables = tables_of(ret);
	struct region image;

	if (!ret->pt)
		return;
	if (!find_image(d, &tables, &image)) {
		put(&ret->evidence, "kernel image       the page tables do not map it\n");
		return;
	}
	if (image.delta != ret->image.delta)
		put(&ret->evidence,
		    "kernel image       the page tables contradict: phys_base %#lx\n",
		    image.delta + START_KERNEL_MAP);
	ret->image = image;
	put(&ret->evidence, "kernel image       %#lx to %#lx by the page tables\n", image.first,
	    image.last);
}

/* CPU notes come before a search of all memory, for VMCOREINFO, then for kallsyms. Before v4.10 VMCOREINFO does
 * not tell where the image is; when nothing else does, it is as if there were none. */
static int find_tables(struct dump *d, struct space *ret)
{
	const struct vmcoreinfo *vi;
	bool told = dump_vmcoreinfo_told(d, &vi) == 0;
	int r = told ? by_vmcoreinfo(d, vi, ret) : -ENOENT;

	if (r != -ENOENT)
		return r;
	if (by_cpu_notes(d, ret)) {
		put(&ret->evidence, "phys_base          %#lx by the page tables\n",
		    ret->image.delta + START_KERNEL_MAP);
		return 0;
	}
	r = told ? -ENOENT : dump_vmcoreinfo(d, &vi);
	if (r == 0)
		r = by_vmcoreinfo(d, vi, ret);
	return r == -ENOENT ? x86_scan(d, ret) : r;
}

int x86_bring_up(struct dump *d, struct space *ret)
{
	int r = find_tables(d, ret);

	if (r < 0)
		return r;
	ret->page_shift = 12;
	/* VMALLOC_SIZE_TB: with five levels of page tables there is more room. */
	ret->vmalloc_size = ((ret->pt && ret->pt->nr_levels == 5 ? 12800ull : 32ull) << 40) - 1;
	confirm_image(d, ret);
	find_direct_map(d, ret);
	ret->tlb = tlb_new();
	return ret->tlb ? 0 : fail(-ENOMEM, "translation cache");
}
