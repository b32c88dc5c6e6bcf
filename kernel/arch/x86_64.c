/* x86_64. The kernel image lies at START_KERNEL_MAP plus the KASLR offset and maps to phys_base by a
 * constant; everything else is found through the page tables. */
#include <elf.h>
#include <errno.h>

#include "dump/base/err.h"
#include "kernel/arch.h"

#define START_KERNEL_MAP  0xffffffff80000000ull
#define KERNEL_IMAGE_SIZE (512ull << 20) /* without KASLR; else NUMBER(KERNEL_IMAGE_SIZE) */
#define PHYS_BASE_ALIGN	  (2ull << 20)	 /* CONFIG_PHYSICAL_ALIGN is at least a huge page */
#define PTE_PRESENT	  1ull
#define PTE_PSE		  (1ull << 7)
#define PTE_ADDR	  0x000ffffffffff000ull

static const struct pt_format four_levels = {
	.present = PTE_PRESENT,
	.addr_mask = PTE_ADDR,
	.nr_levels = 4,
	.level = { { 39, 9, 0 }, { 30, 9, PTE_PSE }, { 21, 9, PTE_PSE }, { 12, 9, ~0ull } },
};

/* 77ef56e4f0fb (v4.17) */
static const struct pt_format five_levels = {
	.present = PTE_PRESENT,
	.addr_mask = PTE_ADDR,
	.nr_levels = 5,
	.level = { { 48, 9, 0 },
		   { 39, 9, 0 },
		   { 30, 9, PTE_PSE },
		   { 21, 9, PTE_PSE },
		   { 12, 9, ~0ull } },
};

/* NUMBER(KERNEL_IMAGE_SIZE) and its like are printed by x86 alone. */
static bool x86_recognise(const struct vmcoreinfo *vi)
{
	uint64_t n;

	return vmcoreinfo_number(vi, "KERNEL_IMAGE_SIZE", &n) ||
	       vmcoreinfo_symbol(vi, "init_top_pgt", &n) ||
	       vmcoreinfo_symbol(vi, "init_level4_pgt", &n);
}

/* /proc/vmcore has a segment for the kernel image, whose addresses tell. */
static bool phys_base_of_segments(struct dump *d, uint64_t *ret)
{
	const struct segment *s;
	size_t n = dump_segments(d, &s);

	for (size_t i = 0; i < n; i++) {
		if (s[i].vaddr < START_KERNEL_MAP || !s[i].size)
			continue;
		*ret = s[i].paddr - (s[i].vaddr - START_KERNEL_MAP);
		return true;
	}
	return false;
}

/* NUMBER(phys_base) is there since 401721ecd1dc (v4.10). */
static int find_phys_base(struct dump *d, const struct vmcoreinfo *vi, struct strbuf *evidence,
			  uint64_t *ret)
{
	const struct dump_facts *facts = dump_facts(d);
	const char *source;

	if (vmcoreinfo_number(vi, "phys_base", ret)) {
		source = "VMCOREINFO NUMBER(phys_base)";
	} else if (phys_base_of_segments(d, ret)) {
		source = "the PT_LOAD of the kernel image";
	} else if (facts->has_phys_base) {
		*ret = facts->phys_base;
		source = "the kdump header";
	} else {
		return fail(-ENOENT, "the physical base of the kernel image is nowhere told");
	}
	if (*ret % PHYS_BASE_ALIGN)
		return fail(-EBADMSG, "phys_base %#lx from %s is not aligned to 2 MiB", *ret,
			    source);
	put(evidence, "phys_base          %#lx from %s\n", *ret, source);
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

static void find_tables(const struct vmcoreinfo *vi, uint64_t phys_base, struct space *ret)
{
	uint64_t root, l5 = 0;
	const char *name;

	if (!find_root(vi, &root, &name)) {
		put(&ret->evidence, "page tables        not known: VMCOREINFO names no root\n");
		return;
	}
	vmcoreinfo_number(vi, "pgtable_l5_enabled", &l5);
	vmcoreinfo_number(vi, "sme_mask", &ret->clear);
	ret->pt = l5 ? &five_levels : &four_levels;
	ret->root = root - START_KERNEL_MAP + phys_base;
	put(&ret->evidence, "page tables        %#lx from VMCOREINFO SYMBOL(%s)\n", ret->root,
	    name);
	put(&ret->evidence, "levels             %u from VMCOREINFO NUMBER(pgtable_l5_enabled)\n",
	    ret->pt->nr_levels);
	if (ret->clear)
		put(&ret->evidence, "sme_mask           %#lx from VMCOREINFO NUMBER(sme_mask)\n",
		    ret->clear);
}

static int x86_bring_up(struct dump *d, struct space *ret)
{
	uint64_t phys_base, image_size = KERNEL_IMAGE_SIZE;
	const struct vmcoreinfo *vi;
	int r = dump_vmcoreinfo(d, &vi);

	if (r < 0)
		return r;
	r = find_phys_base(d, vi, &ret->evidence, &phys_base);
	if (r < 0)
		return r;
	vmcoreinfo_number(vi, "KERNEL_IMAGE_SIZE", &image_size);
	space_add(ret, "kernel image", START_KERNEL_MAP, START_KERNEL_MAP + image_size - 1,
		  phys_base - START_KERNEL_MAP);
	find_tables(vi, phys_base, ret);
	return 0;
}

/* pr_reg of struct elf_prstatus: struct user_regs_struct at 112. */
#define REG(name, index)                \
	{                               \
		name, 112 + 8 * (index) \
	}

static const struct arch_reg x86_prstatus[] = {
	REG("RIP", 16), REG("RSP", 19), REG("RFLAGS", 18), REG("RAX", 10),	REG("RBX", 5),
	REG("RCX", 11), REG("RDX", 12), REG("RSI", 13),	   REG("RDI", 14),	REG("RBP", 4),
	REG("R8", 9),	REG("R9", 8),	REG("R10", 7),	   REG("R11", 6),	REG("R12", 3),
	REG("R13", 2),	REG("R14", 1),	REG("R15", 0),	   REG("ORIG_RAX", 15), REG("CS", 17),
	REG("SS", 20),	{ NULL, 0 },
};

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.machine = EM_X86_64,
	.recognise = x86_recognise,
	.bring_up = x86_bring_up,
	.prstatus = x86_prstatus,
};
