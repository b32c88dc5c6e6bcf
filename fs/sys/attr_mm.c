/* Files of /sys/kernel/mm that are more than variables: huge pages, transparent or not, and KSM. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/sys/attr.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/counts.h"
#include "kernel/symbol/symbols.h"

#define LENGTH(a)   (sizeof(a) / sizeof((a)[0]))
#define HSTATES_MAX 16
#define ORDER_MAX   18
#define GENERATIONS 3 /* parts of the LRU's generations that may be on */

/* The order of pages that a directory, hugepages-2048kB, tells of. */
static int order_of(struct kernel *k, const char *name, unsigned int *ret)
{
	static const char begin[] = "hugepages-";
	unsigned long kb;

	if (strncmp(name, begin, strlen(begin)) != 0)
		return fail(-ENOENT, "%s is no size of pages", name);
	kb = strtoul(name + strlen(begin), NULL, 10);
	for (*ret = 0; *ret <= ORDER_MAX; ++*ret)
		if (page_kb(k) << *ret == kb)
			return 0;
	return fail(-ENOENT, "%s is no size of pages", name);
}

static int thp_flag(struct sysfile *a, const char *name, uint64_t flags, bool *ret)
{
	uint64_t bit;
	int r = kernel_enumerator(a->k, name, &bit);

	if (r >= 0)
		*ret = flags >> (bit & 63) & 1;
	return r;
}

/* The first of @n flags that is set chooses the word of its number, none the last. */
static int put_thp_choice(struct sysfile *a, const char *const *flags, size_t n,
			  const char *const *words)
{
	uint64_t v;
	size_t chosen = n;
	bool on;
	int r = symbol_u64(a->k, "transparent_hugepage_flags", 8, &v);

	for (size_t i = n; r >= 0 && i > 0; i--) {
		r = thp_flag(a, flags[i - 1], v, &on);
		if (r >= 0 && on)
			chosen = i - 1;
	}
	return r < 0 ? r : put_attr_choice(a, words, n + 1, chosen);
}

static int put_thp_enabled(struct sysfile *a)
{
	static const char *const flags[] = { "TRANSPARENT_HUGEPAGE_FLAG",
					     "TRANSPARENT_HUGEPAGE_REQ_MADV_FLAG" };
	static const char *const words[] = { "always", "madvise", "never" };

	return put_thp_choice(a, flags, 2, words);
}

static int put_thp_defrag(struct sysfile *a)
{
	static const char *const flags[] = { "TRANSPARENT_HUGEPAGE_DEFRAG_DIRECT_FLAG",
					     "TRANSPARENT_HUGEPAGE_DEFRAG_KSWAPD_FLAG",
					     "TRANSPARENT_HUGEPAGE_DEFRAG_KSWAPD_OR_MADV_FLAG",
					     "TRANSPARENT_HUGEPAGE_DEFRAG_REQ_MADV_FLAG" };
	static const char *const words[] = { "always", "defer", "defer+madvise", "madvise",
					     "never" };

	return put_thp_choice(a, flags, 4, words);
}

static int put_thp_bit(struct sysfile *a, const char *flag)
{
	uint64_t v;
	bool on;
	int r = symbol_u64(a->k, "transparent_hugepage_flags", 8, &v);

	if (r >= 0)
		r = thp_flag(a, flag, v, &on);
	return r < 0 ? r : put_attr_number(a, ATTR_BOOL, on);
}

static int put_zero_page(struct sysfile *a)
{
	return put_thp_bit(a, "TRANSPARENT_HUGEPAGE_USE_ZERO_PAGE_FLAG");
}

static int put_khugepaged_defrag(struct sysfile *a)
{
	return put_thp_bit(a, "TRANSPARENT_HUGEPAGE_DEFRAG_KHUGEPAGED_FLAG");
}

static int put_pmd_size(struct sysfile *a)
{
	return put_attr_number(a, ATTR_UDEC, pmd_pages(a->k) * kernel_page_size(a->k));
}

/* Since v6.12 or so of one byte, before of four. */
static int put_shmem_enabled(struct sysfile *a)
{
	static const char *const words[] = { "always", "within_size", "advise",
					     "never",  "deny",	      "force" };
	static const int8_t values[] = { 1, 2, 3, 0, -1, -2 };
	uint64_t v;
	int r = symbol_u64(a->k, "shmem_huge", 1, &v);

	if (r < 0)
		return r;
	for (size_t i = 0; i < LENGTH(values); i++)
		if ((int8_t)v == values[i])
			return put_attr_choice(a, words, LENGTH(words), i);
	return fail(-EBADMSG, "shmem_huge is %d", (int8_t)v);
}

/* The settings of each size: v6.8. A word of an order whose bit is set in its variable. */
static int put_size_choice(struct sysfile *a, const char *const *symbols, const char *const *words,
			   size_t n)
{
	unsigned int order;
	size_t chosen = n;
	uint64_t v;
	int r = order_of(a->k, a->dir, &order);

	for (size_t i = n; r >= 0 && i > 0; i--) {
		r = symbol_u64(a->k, symbols[i - 1], 8, &v);
		if (r >= 0 && v >> order & 1)
			chosen = i - 1;
	}
	return r < 0 ? r : put_attr_choice(a, words, n + 1, chosen);
}

static int put_size_enabled(struct sysfile *a)
{
	static const char *const symbols[] = { "huge_anon_orders_always",
					       "huge_anon_orders_inherit",
					       "huge_anon_orders_madvise" };
	static const char *const words[] = { "always", "inherit", "madvise", "never" };

	return put_size_choice(a, symbols, words, 3);
}

static int put_size_shmem(struct sysfile *a)
{
	static const char *const symbols[] = { "huge_shmem_orders_always",
					       "huge_shmem_orders_inherit",
					       "huge_shmem_orders_within_size",
					       "huge_shmem_orders_madvise" };
	static const char *const words[] = { "always", "inherit", "within_size", "advise",
					     "never" };

	return put_size_choice(a, symbols, words, 4);
}

/* stats/: what the CPUs counted of pages of that order. */
static int put_size_stat(struct sysfile *a)
{
	char item[sizeof("MTHP_STAT_") + sizeof(a->name)] = "MTHP_STAT_";
	uint64_t stats, i, n, count;
	unsigned int order;
	int64_t sum;
	int r = order_of(a->k, a->top, &order);

	for (size_t c = 0, at = strlen(item); a->name[c]; c++)
		item[at + c] = a->name[c] >= 'a' && a->name[c] <= 'z' ? (char)(a->name[c] - 32)
								      : a->name[c];
	/* "collapse_exceed_swap_pte" is MTHP_STAT_COLLAPSE_EXCEED_SWAP. */
	if (strstr(item, "_EXCEED_") && strlen(item) > 4 && !strcmp(strchr(item, 0) - 4, "_PTE"))
		item[strlen(item) - 4] = 0;
	if (r >= 0)
		r = kernel_enumerator(a->k, item, &i);
	if (r >= 0)
		r = kernel_enumerator(a->k, "__MTHP_STAT_COUNT", &n);
	if (r >= 0)
		r = symbol_addr(a->k, "mthp_stats", &stats);
	if (r >= 0)
		r = field_size(a->k, F_mthp_stats, &count);
	if (r >= 0 && order * n + i >= count / 8)
		r = fail(-ENOENT, "no counter %s of order %u", a->name, order);
	if (r >= 0)
		r = percpu_sum(a->k, stats + 8 * (order * n + i), 8, &sum);
	return r < 0 ? r : put_attr_number(a, ATTR_UDEC, sum > 0 ? (uint64_t)sum : 0);
}

/* The struct hstate of the order. */
static int hstate_of(struct sysfile *a, uint64_t *ret)
{
	uint64_t table, size, order;
	unsigned int wanted;
	int r = order_of(a->k, a->dir, &wanted);

	if (r >= 0)
		r = symbol_addr(a->k, "hstates", &table);
	if (r >= 0)
		r = kernel_sizeof(a->k, "hstate", &size);
	for (size_t i = 0; r >= 0 && i < HSTATES_MAX; i++) {
		*ret = table + i * size;
		r = field_u64(a->k, *ret, F_hstate_order, &order);
		if (r >= 0 && order == wanted)
			return 0;
	}
	return r < 0 ? r : fail(-ENOENT, "no huge pages of order %u", wanted);
}

static int put_hstate(struct sysfile *a)
{
	static const struct attr_member members[] = {
		{ "free_hugepages", ATTR_UDEC, F_hstate_free_huge_pages },
		{ "nr_hugepages", ATTR_UDEC, F_hstate_nr_huge_pages },
		{ "nr_hugepages_mempolicy", ATTR_UDEC, F_hstate_nr_huge_pages },
		{ "nr_overcommit_hugepages", ATTR_UDEC, F_hstate_overcommit },
		{ "resv_hugepages", ATTR_UDEC, F_hstate_resv_huge_pages },
		{ "surplus_hugepages", ATTR_UDEC, F_hstate_surplus_huge_pages },
	};
	uint64_t hstate, order;
	int r = hstate_of(a, &hstate);

	if (r >= 0 && !strcmp(a->name, "demote_size")) {
		r = field_u64(a->k, hstate, F_hstate_demote_order, &order);
		if (r >= 0)
			put(a->out, "%lukB\n", page_kb(a->k) << (order & 31));
		return r < 0 ? r : 1;
	}
	return r < 0 ? r : put_attr_member(a, hstate, members, LENGTH(members));
}

static int put_ksm_volatile(struct sysfile *a)
{
	static const char *const less[] = { "ksm_pages_shared", "ksm_pages_sharing",
					    "ksm_pages_unshared" };
	uint64_t v, part;
	int r = symbol_u64(a->k, "ksm_rmap_items", 8, &v);

	for (size_t i = 0; r >= 0 && i < LENGTH(less); i++) {
		r = symbol_u64(a->k, less[i], 8, &part);
		if (r >= 0)
			v -= part;
	}
	/* It is worked out of counters that move meanwhile. */
	return r < 0 ? r : put_attr_number(a, ATTR_UDEC, (int64_t)v > 0 ? v : 0);
}

static int put_ksm_scans(struct sysfile *a)
{
	uint64_t at, v;
	int r = symbol_addr(a->k, "ksm_scan", &at);

	if (r >= 0)
		r = field_u64(a->k, at, F_ksm_scan_seqnr, &v);
	return r < 0 ? r : put_attr_number(a, ATTR_UDEC, v);
}

static int put_ksm_profit(struct sysfile *a)
{
	uint64_t shared, items, zero = 0, size;
	int r = symbol_u64(a->k, "ksm_pages_sharing", 8, &shared);

	if (r >= 0)
		r = symbol_u64(a->k, "ksm_rmap_items", 8, &items);
	if (r >= 0 && kernel_sizeof(a->k, "ksm_rmap_item", &size) < 0)
		size = 64;
	if (r >= 0 && symbol_u64(a->k, "ksm_zero_pages", 8, &zero) < 0)
		zero = 0;
	return r < 0 ? r
		     : put_attr_number(a, ATTR_DEC,
				       (shared + zero) * kernel_page_size(a->k) - items * size);
}

static int put_ksm_advisor(struct sysfile *a)
{
	static const char *const words[] = { "none", "scan-time" };
	uint64_t v;
	int r = symbol_u64(a->k, "ksm_advisor", 4, &v);

	return r < 0 ? r : put_attr_choice(a, words, LENGTH(words), v);
}

/* An array of static keys. */
static int put_lru_gen(struct sysfile *a)
{
	uint64_t caps, size, v, on = 0;
	int r = symbol_addr(a->k, "lru_gen_caps", &caps);

	if (r >= 0)
		r = kernel_sizeof(a->k, "static_key_false", &size);
	for (size_t i = 0; r >= 0 && i < GENERATIONS; i++) {
		r = kernel_read_uint(a->k, caps + i * size, 4, &v);
		if (r >= 0 && (int32_t)v > 0)
			on |= 1u << i;
	}
	/* The last is of tables above the last, whose entries arm64's processors do not mark as used. */
	if (field_exists(a->k, F_task_thread_cpu_context))
		on &= ~(1ull << (GENERATIONS - 1));
	if (r >= 0)
		put(a->out, "0x%04lx\n", on);
	return r < 0 ? r : 1;
}

/* NULL: any; "": one that hugepages- begins. */
static const struct {
	const char *top, *dir, *name;
	attr_fn *put;
} files[] = {
	{ "transparent_hugepage", "", "enabled", put_size_enabled },
	{ "transparent_hugepage", "", "shmem_enabled", put_size_shmem },
	{ "", "stats", NULL, put_size_stat },
	{ "hugepages", "", NULL, put_hstate },
	{ "mm", "transparent_hugepage", "defrag", put_thp_defrag },
	{ "mm", "transparent_hugepage", "enabled", put_thp_enabled },
	{ "mm", "transparent_hugepage", "hpage_pmd_size", put_pmd_size },
	{ "mm", "transparent_hugepage", "shmem_enabled", put_shmem_enabled },
	{ "mm", "transparent_hugepage", "use_zero_page", put_zero_page },
	{ "transparent_hugepage", "khugepaged", "defrag", put_khugepaged_defrag },
	{ "mm", "ksm", "advisor_mode", put_ksm_advisor },
	{ "mm", "ksm", "full_scans", put_ksm_scans },
	{ "mm", "ksm", "general_profit", put_ksm_profit },
	{ "mm", "ksm", "pages_volatile", put_ksm_volatile },
	{ "mm", "lru_gen", "enabled", put_lru_gen },
};

static bool fits(const char *pattern, const char *name)
{
	return !pattern || (*pattern ? !strcmp(pattern, name) : !strncmp(name, "hugepages-", 10));
}

int put_mm_attr(struct sysfile *a)
{
	for (size_t i = 0; i < LENGTH(files); i++)
		if (fits(files[i].top, a->top) && fits(files[i].dir, a->dir) &&
		    fits(files[i].name, a->name))
			return files[i].put(a);
	return 0;
}
