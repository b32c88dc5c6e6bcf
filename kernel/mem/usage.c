#include "kernel/mem/usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/file/requests.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/usage_kept.h"
#include "kernel/mem/zone.h"
#include "kernel/symbol/symbols.h"

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Those that have a counter of pages, or of kB. */
static const struct {
	enum memory_part part;
	const char *name;
	bool in_kb; /* else in pages */
} counters[] = {
	{ MEM_FREE, "nr_free_pages", false },
	{ MEM_ANON, "nr_anon_pages", false },
	{ MEM_SHMEM, "nr_shmem", false },
	{ MEM_SLAB_RECLAIMABLE, "nr_slab_reclaimable", false },
	{ MEM_SLAB_UNRECLAIMABLE, "nr_slab_unreclaimable", false },
	{ MEM_MISC_RECLAIMABLE, "nr_kernel_misc_reclaimable", false },
	{ MEM_PAGE_TABLES, "nr_page_table_pages", false },
	{ MEM_SEC_PAGE_TABLES, "nr_sec_page_table_pages", false },
	{ MEM_KERNEL_STACKS, "nr_kernel_stack", true },
	{ MEM_SHADOW_STACKS, "nr_shadow_call_stack", true },
	{ MEM_COMPRESSED, "nr_zspages", false },
	{ MEM_WRITEBACK_TEMP, "nr_writeback_temp", false },
	{ MEM_BOUNCE, "nr_bounce", false },
	{ MEM_BALLOON, "nr_balloon_pages", false },
	{ MEM_GPU, "nr_gpu_active", false },
	{ MEM_GPU_RECLAIMABLE, "nr_gpu_reclaim", false },
};

struct zones {
	struct kernel *k;
	uint64_t present;
	int64_t on_cpus; /* both in pages */
};

static int add_zone(void *arg, const struct zone *z)
{
	struct zones *zs = arg;
	uint64_t lists, at;
	int64_t n = 0;
	int r = field_u64(zs->k, z->addr, F_zone_pageset, &lists);

	zs->present += z->present;
	if (r < 0 || !z->present)
		return r;
	/* until v5.13 the lists are in a structure of more */
	r = field_exists(zs->k, F_pageset_pcp) ? field_addr(zs->k, lists, F_pageset_pcp, &lists)
					       : 0;
	if (r >= 0)
		r = field_addr(zs->k, lists, F_pcp_count, &at);
	if (r >= 0)
		r = percpu_sum(zs->k, at, 4, &n);
	zs->on_cpus += n;
	return r;
}

/* Anonymous pages in the swap cache that no process maps: the LRU lists have them, the counter of
 * mapped ones has not. */
static uint64_t unmapped_anon(const struct vm_stats *s, uint64_t swap_cache)
{
	uint64_t listed = vm_stat(s, "nr_active_anon") + vm_stat(s, "nr_inactive_anon");
	uint64_t n = minus(listed, vm_stat(s, "nr_shmem") + vm_stat(s, "nr_anon_pages"));

	return n < swap_cache ? n : swap_cache;
}

static void add_vmalloc(struct kernel *k, const struct vm_stats *s, struct memory_usage *u)
{
	uint64_t kb = page_kb(k), all = vmalloc_pages(k, s) * kb, percpu, boot;
	/* ba14a194a434 (v4.9): then the stacks are mapped so */
	bool stacks = field_exists(k, F_task_stack_vm_area);

	u->part[MEM_VMALLOC] = stacks ? minus(all, u->part[MEM_KERNEL_STACKS]) : all;
	percpu_pages(k, &percpu, &boot);
	u->part[MEM_PERCPU] = (percpu - boot) * kb;
}

/* What is found by a walk, in pages. */
static const struct {
	enum memory_part part;
	int (*pages)(struct kernel *k, uint64_t *ret);
} walks[] = {
	{ MEM_REQUESTS, request_pages },	 { MEM_TOP_TABLES, tables_of_processes },
	{ MEM_KERNEL_TABLES, tables_of_kernel }, { MEM_TRACING, tracing_pages },
	{ MEM_DMA_POOLS, dma_pool_pages },	 { MEM_MEMPOOLS, mempool_pages },
};

/* One that fails leaves the others; the first is told of. */
static int add_walks(struct kernel *k, struct memory_usage *u)
{
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		uint64_t n;
		int r = walks[i].pages(k, &n);

		if (r == -EINTR)
			return r;
		if (r >= 0)
			u->part[walks[i].part] = n * page_kb(k);
		else if (!*u->problem)
			snprintf(u->problem, sizeof(u->problem), "%s", why());
	}
	return 0;
}

static int count(struct kernel *k, const struct vm_stats *s, struct memory_usage *u)
{
	uint64_t swap_cache, huge, hstate, n, kb = page_kb(k);
	struct zones zs = { .k = k };
	int r = total_pages(k, &n);

	u->total = r < 0 ? 0 : n * kb;
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		u->part[counters[i].part] =
			vm_stat(s, counters[i].name) * (counters[i].in_kb ? 1 : kb);
	if (r >= 0)
		r = swap_cache_pages(k, s, &swap_cache);
	if (r >= 0)
		r = hugetlb_pages(k, &huge, &hstate);
	if (r >= 0)
		r = zones_each(k, add_zone, &zs);
	if (r < 0)
		return r;
	u->part[MEM_SWAP_CACHE] = unmapped_anon(s, swap_cache) * kb;
	u->part[MEM_FILE] =
		minus(vm_stat(s, "nr_file_pages"), swap_cache + vm_stat(s, "nr_shmem")) * kb;
	u->part[MEM_HUGETLB] = huge * kb;
	u->part[MEM_FREE_ON_CPUS] = zs.on_cpus > 0 ? (uint64_t)zs.on_cpus * kb : 0;
	u->present = zs.present * kb;
	/* of another allocator than that which has a counter */
	if (!u->part[MEM_COMPRESSED] && symbol_u64(k, "zswap_pool_total_size", 8, &n) >= 0)
		u->part[MEM_COMPRESSED] = n / 1024;
	if (symbol_u64(k, "nr_memmap_pages", 8, &n) >= 0)
		u->part[MEM_MEMMAP] = n * kb;
	add_vmalloc(k, s, u);
	return add_walks(k, u);
}

int memory_usage(struct kernel *k, struct memory_usage *ret)
{
	_free_ struct vm_stats *s = malloc(sizeof(*s));
	struct memory_usage u = { 0 };
	int r = s ? vm_stats(k, s) : fail(-ENOMEM, "counters of memory");

	if (r >= 0)
		r = count(k, s, &u);
	if (r < 0)
		return r;
	for (size_t i = 0; i < MEM_PARTS; i++)
		u.counted += u.part[i];
	*ret = u;
	return 0;
}
