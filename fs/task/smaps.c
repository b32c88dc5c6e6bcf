/* /proc/<pid>/smaps, smaps_rollup: what each mapping takes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/task/map_line.h"
#include "fs/task/task_key.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/vma_usage.h"
#include "kernel/sys/keys.h"

#define VM_HUGEPAGE   (1ull << 29)
#define VM_NOHUGEPAGE (1ull << 30)
#define OSPKE_FLAG    (16 * 32 + 4) /* X86_FEATURE_OSPKE */
#define PKEY_SHIFT    32
#define PKEY_MASK     15

#define FLAGS 64

/* Two letters a bit, of those that are printed. */
typedef char flag_names[FLAGS][3];

struct smaps {
	struct render *r;
	struct map_view view;
	struct user_mem mem;
	bool pss_dirty; /* 30934843002a (v6.0): asked by what came with v6.1 */
	bool ksm;	/* 8b47933544a6 (v6.7): asked by what went with v6.7 */
	bool pkeys;
	bool sizes_last; /* before d1be35cb6f96 (v4.17): asked by the function that came with it */
	uint64_t page;	 /* of the mapping at hand */
	flag_names flags;
};

static void put_kb(struct smaps *s, const char *label, uint64_t bytes)
{
	put(s->r->out, "%-16s%8lu kB\n", label, bytes / 1024);
}

/* A line that came later than the others, where this kernel has it. */
static void put_newer(struct smaps *s, const char *key, uint64_t bytes)
{
	if (kernel_prints(s->r->k, key))
		put(s->r->out, "%s:%*s%8lu kB\n", key,
		    (int)(strlen(key) < 15 ? 15 - strlen(key) : 0), "", bytes / 1024);
}

static void put_page_sizes(struct smaps *s, uint64_t page)
{
	put_kb(s, "KernelPageSize:", page);
	put_kb(s, "MMUPageSize:", page);
}

static void put_parts(struct smaps *s, const char *label, uint64_t parts)
{
	put_kb(s, label, parts >> PSS_SHIFT);
}

static void put_usage(struct smaps *s, const struct vma_usage *u, bool rollup)
{
	put_kb(s, "Rss:", u->resident);
	put_parts(s, "Pss:", u->pss);
	if (s->pss_dirty)
		put_parts(s, "Pss_Dirty:", u->pss_dirty);
	if (rollup) {
		put_parts(s, "Pss_Anon:", u->pss_anon);
		put_parts(s, "Pss_File:", u->pss_file);
		put_parts(s, "Pss_Shmem:", u->pss_shmem);
	}
	put_kb(s, "Shared_Clean:", u->shared_clean);
	put_kb(s, "Shared_Dirty:", u->shared_dirty);
	put_kb(s, "Private_Clean:", u->private_clean);
	put_kb(s, "Private_Dirty:", u->private_dirty);
	put_kb(s, "Referenced:", u->referenced);
	put_kb(s, "Anonymous:", u->anonymous);
	if (s->ksm)
		put_kb(s, "KSM:", u->ksm);
	put_newer(s, "LazyFree", u->lazyfree); /* cf8496ea80af (v4.12) */
	put_kb(s, "AnonHugePages:", u->anonymous_huge);
	put_newer(s, "ShmemPmdMapped", u->shmem_huge);	   /* 65c453778aea (v4.8) */
	put_newer(s, "FilePmdMapped", u->file_huge);	   /* 60fbf0ab5da1 (v5.4) */
	put_newer(s, "Shared_Hugetlb", u->shared_hugetlb); /* 25ee01a2fca0 (v4.4) */
	if (kernel_prints(s->r->k, "Private_Hugetlb"))
		put(s->r->out, "Private_Hugetlb: %7lu kB\n", u->private_hugetlb / 1024);
	put_kb(s, "Swap:", u->swap);
	put_newer(s, "SwapPss", u->swap_pss >> PSS_SHIFT); /* 8334b96221ff (v4.3) */
	if (s->sizes_last && !rollup)
		put_page_sizes(s, s->page);
	put_parts(s, "Locked:", u->pss_locked);
}

/* Might the kernel use huge pages of its own accord? For anonymous memory by the settings. */
static int is_thp_eligible(struct kernel *k, const struct vma *v, bool *ret)
{
	enum { DISABLE_THP = 24 }; /* MMF_DISABLE_THP */
	uint64_t settings, always = 1, madvise = 1, ops, mm, flags, size, last;
	int r = symbol_u64(k, "transparent_hugepage_flags", 8, &settings);

	*ret = false;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = field_u64(k, v->addr, F_vma_ops, &ops);
	if (r >= 0)
		r = field_u64(k, v->addr, F_vma_mm, &mm);
	if (r >= 0)
		r = field_u64(k, mm, F_mm_flags_word, &flags);
	if (r >= 0)
		r = kernel_enumerator(k, "TRANSPARENT_HUGEPAGE_FLAG", &always);
	if (r >= 0)
		r = kernel_enumerator(k, "TRANSPARENT_HUGEPAGE_REQ_MADV_FLAG", &madvise);
	if (r < 0)
		return r;
	size = pmd_pages(k) * kernel_page_size(k);
	/* transhuge_vma_suitable(): where there is no place for one below the end, this wraps, and the kernel
	 * calls it suitable. */
	last = (v->end & ~(size - 1)) - size;
	*ret = !ops && last >= v->start && last + size <= v->end && !(v->flags & VM_NOHUGEPAGE) &&
	       !(flags >> DISABLE_THP & 1) &&
	       (settings >> (always & 63) & 1 ||
		(settings >> (madvise & 63) & 1 && v->flags & VM_HUGEPAGE));
	return 0;
}

/* The kernel's own table, which is right whatever it was made with: mnemonics[] of show_smap_vma_flags(),
 * with a number behind the name. False: it has no such symbol. */
static bool read_flag_names(struct kernel *k, flag_names ret)
{
	static const char name[] = "mnemonics";
	char raw[FLAGS * 3];
	uint64_t cursor = 0;
	struct symbol s;
	size_t each;

	do {
		if (symbol_next(k, &cursor, &s) <= 0 || s.module)
			return false;
	} while (strncmp(s.name, name, strlen(name)) ||
		 (s.name[strlen(name)] && s.name[strlen(name)] != '.'));
	/* Later ones have room for a zero behind them. */
	if (kernel_read(k, s.addr, raw, sizeof(raw)) < 0 || memcmp(raw, "rd", 2))
		return false;
	each = raw[2] ? 2 : 3;
	for (size_t i = 0; i < FLAGS; i++) {
		memcpy(ret[i], raw + i * each, 2);
		ret[i][2] = 0;
	}
	return true;
}

/* The names that most kernels have. */
static void guess_flag_names(struct kernel *k, flag_names ret)
{
	static const flag_names names = {
		[0] = "rd",  [1] = "wr",  [2] = "ex",  [3] = "sh",  [4] = "mr",	 [5] = "mw",
		[6] = "me",  [7] = "ms",  [8] = "gd",  [9] = "um",  [10] = "pf", [11] = "dw",
		[12] = "uw", [13] = "lo", [14] = "io", [15] = "sr", [16] = "rr", [17] = "dc",
		[18] = "de", [19] = "lf", [20] = "ac", [21] = "nr", [22] = "ht", [23] = "sf",
		[24] = "ar", [25] = "wf", [26] = "dd", [27] = "sd", [28] = "mm", [29] = "hg",
		[30] = "nh", [31] = "mg", [38] = "ui", [40] = "dp", [42] = "sl", [63] = "sl",
	};
	/* Tags, and above that whether they may be had, made room for keys of protection. */
	const size_t tags = field_exists(k, F_task_thread_por) ? 36 : 32;

	for (size_t i = 0; i < FLAGS; i++) {
		bool key = i >= PKEY_SHIFT && i < PKEY_SHIFT + 5;

		memcpy(ret[i], names[i][0] || key ? names[i] : "??", 3);
	}
	/* 37 is a shadow stack since v6.6, and was what is 38 then. */
	memcpy(ret[37], field_exists(k, F_task_thread_features) ? "ss" : "ui", 3);
	if (field_exists(k, F_task_thread_cpu_context)) {
		memcpy(ret[tags], "mt", 3);
		ret[tags + 1][0] = 0;
	}
}

static void put_flags(struct smaps *s, uint64_t flags)
{
	put_str(s->r->out, "VmFlags: ");
	for (size_t i = 0; i < FLAGS; i++)
		if (flags >> i & 1 && s->flags[i][0])
			put(s->r->out, "%s ", s->flags[i]);
	put_str(s->r->out, "\n");
}

static int put_mapping(struct smaps *s, const struct vma *v)
{
	struct vma_usage u = { 0 };
	uint64_t page;
	bool thp;
	int e = put_map_line(&s->view, v);

	if (e >= 0)
		e = vma_page_size(s->r->k, v, &page);
	if (e < 0)
		return e;
	put_kb(s, "Size:", v->end - v->start);
	s->page = page;
	if (!s->sizes_last)
		put_page_sizes(s, page);
	e = vma_usage_add(&s->mem, v, &u);
	if (e < 0)
		return e;
	put_usage(s, &u, false);
	e = is_thp_eligible(s->r->k, v, &thp);
	if (e < 0)
		return e;
	if (kernel_prints(s->r->k, "THPeligible")) /* 7635d9cbe832 (v5.0) */
		put(s->r->out, s->ksm ? "THPeligible:    %8d\n" : "THPeligible:    %d\n", thp);
	if (s->pkeys)
		put(s->r->out, "ProtectionKey:  %8u\n",
		    (unsigned int)(v->flags >> PKEY_SHIFT & PKEY_MASK));
	put_flags(s, v->flags);
	return 0;
}

static bool has_pkeys(struct kernel *k)
{
	uint64_t cpu, at, word;

	return percpu_symbol(k, "cpu_info", 0, &cpu) >= 0 &&
	       field_addr(k, cpu, F_cpuinfo_capability, &at) >= 0 &&
	       kernel_read_uint(k, at + OSPKE_FLAG / 32 * 4, 4, &word) >= 0 &&
	       word >> OSPKE_FLAG % 32 & 1;
}

/* 0 with .view.mm 0: a kernel thread. */
static int open_smaps(struct render *r, struct smaps *s)
{
	uint64_t width;
	int e;

	*s = (struct smaps){ .r = r };
	e = map_view_open(r->k, r->out, key_task(r), &s->view);
	if (e < 0 || !s->view.mm)
		return e;
	s->pss_dirty = field_exists(r->k, F_mm_mt);
	s->ksm = !field_exists(r->k, F_task_thread_group);
	s->pkeys = has_pkeys(r->k) && kernel_prints(r->k, "ProtectionKey");
	s->sizes_last = symbol_addr(r->k, "seq_put_decimal_ull_width", &width) < 0;
	if (!read_flag_names(r->k, s->flags))
		guess_flag_names(r->k, s->flags);
	return user_mem_of(r->k, s->view.mm, &s->mem);
}

int gen_task_smaps(struct render *r)
{
	struct vma_walk walk;
	struct smaps s;
	struct vma v;
	int e = open_smaps(r, &s);

	if (e < 0 || !s.view.mm)
		return e;
	e = vma_begin(&walk, r->k, s.view.mm);
	while (e >= 0 && (e = vma_next(&walk, &v)) > 0)
		e = put_mapping(&s, &v);
	return e;
}

int gen_task_smaps_rollup(struct render *r)
{
	struct vma_usage u = { 0 };
	struct vma_walk walk;
	uint64_t first = 0, last = 0;
	struct smaps s;
	struct vma v;
	int e = open_smaps(r, &s);

	if (e < 0 || !s.view.mm)
		return e;
	e = vma_begin(&walk, r->k, s.view.mm);
	while (e >= 0 && (e = vma_next(&walk, &v)) > 0) {
		if (!last)
			first = v.start;
		last = v.end;
		e = vma_usage_add(&s.mem, &v, &u);
	}
	if (e < 0)
		return e;
	put(r->out, "%08lx-%08lx ---p 00000000 00:00 0 ", first, last);
	put(r->out, "%*s[rollup]\n",
	    MAP_NAME_COLUMN -
		    (int)snprintf(NULL, 0, "%08lx-%08lx ---p 00000000 00:00 0 ", first, last),
	    "");
	put_usage(&s, &u, true);
	return 0;
}
