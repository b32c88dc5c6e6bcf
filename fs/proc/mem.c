/* /proc/meminfo, vmstat: memory of the whole machine. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/gen.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/mem/vm_area.h"
#include "kernel/sys/keys.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"
#include "kernel/mem/vmstat.h"
#include "kernel/walk/list.h"
#include "kernel/mem/zone.h"

/* What the lines are made of. */
struct mem {
	struct kernel *k;
	struct strbuf *out;
	struct vm_stats *s;
	uint64_t total, free, buffers, swapcache, swap_total, swap_free, huge;
};

static struct vm_stats *stats_of(struct kernel *k, int *ret)
{
	struct vm_stats *s = malloc(sizeof(*s));

	*ret = s ? vm_stats(k, s) : fail(-ENOMEM, "counters of memory");
	return s;
}

/* Variables that a kernel may be without. */
static uint64_t variable(struct kernel *k, const char *name)
{
	uint64_t v;

	return symbol_u64(k, name, 8, &v) < 0 ? 0 : v;
}

static bool has(struct kernel *k, const char *symbol)
{
	uint64_t va;

	return symbol_addr(k, symbol, &va) >= 0;
}

static bool has_enumerator(struct kernel *k, const char *name)
{
	uint64_t v;

	return kernel_enumerator(k, name, &v) >= 0;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* A line of kilobytes, from pages. */
static void put_pages(struct mem *m, const char *label, uint64_t pages)
{
	put(m->out, "%-16s%8lu kB\n", label, pages * page_kb(m->k));
}

static void put_stat(struct mem *m, const char *label, const char *name)
{
	put_pages(m, label, vm_stat(m->s, name));
}

/* Pages of block devices: nr_blockdev_pages(). */
static int count_buffers(struct kernel *k, uint64_t *ret)
{
	uint64_t sb, head, inode, mapping, pages;
	struct list_walk w;
	int r = symbol_u64(k, "blockdev_superblock", 8, &sb);

	*ret = 0;
	if (r >= 0)
		r = field_addr(k, sb, F_sb_inodes, &head);
	if (r >= 0)
		r = list_begin(&w, k, head, F_inode_sb_list);
	while (r >= 0 && (r = list_next(&w, &inode)) > 0) {
		r = field_u64(k, inode, F_inode_mapping, &mapping);
		if (r >= 0)
			r = field_u64(k, mapping, F_mapping_nrpages, &pages);
		if (r >= 0)
			*ret += pages;
	}
	return r < 0 ? within(r, "block devices") : 0;
}

static int add_low(void *arg, const struct zone *z)
{
	void *const *args = arg;
	uint64_t low, *sum = args[1];
	int r = zone_low_watermark(args[0], z, &low);

	if (r >= 0)
		*sum += low;
	return r;
}

/* si_mem_available(). */
static int put_available(struct mem *m)
{
	uint64_t low = 0, cache, slab, most;
	int64_t available;
	int r = zones_each(m->k, add_low, (void *[]){ m->k, &low });

	if (r < 0)
		return r;
	cache = vm_stat(m->s, "nr_active_file") + vm_stat(m->s, "nr_inactive_file");
	slab = vm_stat(m->s, "nr_slab_reclaimable") + vm_stat(m->s, "nr_kernel_misc_reclaimable");
	available = (int64_t)(m->free - variable(m->k, "totalreserve_pages"));
	most = cache / 2 < low ? cache / 2 : low;
	available += (int64_t)(cache - most);
	most = slab / 2 < low ? slab / 2 : low;
	available += (int64_t)(slab - most);
	put_pages(m, "MemAvailable:", available > 0 ? (uint64_t)available : 0);
	return 0;
}

static int put_totals(struct mem *m)
{
	int r = count_buffers(m->k, &m->buffers);

	m->free = vm_stat(m->s, "nr_free_pages");
	if (r >= 0)
		r = swap_cache_pages(m->k, m->s, &m->swapcache);
	if (r < 0)
		return r;
	put_pages(m, "MemFree:", m->free);
	r = put_available(m);
	if (r < 0)
		return r;
	put_pages(m, "Buffers:", m->buffers);
	put_pages(m, "Cached:", minus(vm_stat(m->s, "nr_file_pages"), m->swapcache + m->buffers));
	put_pages(m, "SwapCached:", m->swapcache);
	return 0;
}

static void put_lists(struct mem *m)
{
	uint64_t aa = vm_stat(m->s, "nr_active_anon"), af = vm_stat(m->s, "nr_active_file");
	uint64_t ia = vm_stat(m->s, "nr_inactive_anon"), f = vm_stat(m->s, "nr_inactive_file");

	put_pages(m, "Active:", aa + af);
	put_pages(m, "Inactive:", ia + f);
	put_pages(m, "Active(anon):", aa);
	put_pages(m, "Inactive(anon):", ia);
	put_pages(m, "Active(file):", af);
	put_pages(m, "Inactive(file):", f);
	put_stat(m, "Unevictable:", "nr_unevictable");
	put_stat(m, "Mlocked:", "nr_mlock");
}

/* Pages that are compressed in memory, if there are any. */
static void put_swap(struct mem *m)
{
	put_pages(m, "SwapTotal:", variable(m->k, "total_swap_pages"));
	put_pages(m, "SwapFree:", variable(m->k, "nr_swap_pages"));
	if (!has(m->k, "zswap_stored_pages"))
		return;
	put_pages(m, "Zswap:", variable(m->k, "zswap_pool_total_size") / kernel_page_size(m->k));
	put_pages(m, "Zswapped:", variable(m->k, "zswap_stored_pages"));
}

static void put_kinds(struct mem *m)
{
	uint64_t sr = vm_stat(m->s, "nr_slab_reclaimable");
	uint64_t su = vm_stat(m->s, "nr_slab_unreclaimable");

	put_stat(m, "Dirty:", "nr_dirty");
	put_stat(m, "Writeback:", "nr_writeback");
	put_stat(m, "AnonPages:", "nr_anon_pages");
	put_stat(m, "Mapped:", "nr_mapped");
	put_stat(m, "Shmem:", "nr_shmem");
	if (vm_stat_exists(m->s, "nr_kernel_misc_reclaimable"))
		put_pages(m, "KReclaimable:", sr + vm_stat(m->s, "nr_kernel_misc_reclaimable"));
	put_pages(m, "Slab:", sr + su);
	put_pages(m, "SReclaimable:", sr);
	put_pages(m, "SUnreclaim:", su);
	put(m->out, "%-16s%8lu kB\n", "KernelStack:", vm_stat(m->s, "nr_kernel_stack"));
	put_stat(m, "PageTables:", "nr_page_table_pages");
	if (vm_stat_exists(m->s, "nr_sec_page_table_pages"))
		put_stat(m, "SecPageTables:", "nr_sec_page_table_pages");
	put_stat(m, "NFS_Unstable:", "nr_unstable"); /* until v5.7 */
	put_stat(m, "Bounce:", "nr_bounce");
	put_stat(m, "WritebackTmp:", "nr_writeback_temp");
}

static int put_commit(struct mem *m)
{
	uint64_t kbytes = variable(m->k, "sysctl_overcommit_kbytes"), ratio, limit, at, count;
	int r = symbol_u64(m->k, "sysctl_overcommit_ratio", 4, &ratio);

	if (r < 0)
		return r;
	limit = kbytes ? kbytes / page_kb(m->k) : (m->total - m->huge) * ratio / 100;
	put_pages(m, "CommitLimit:", limit + variable(m->k, "total_swap_pages"));
	r = symbol_addr(m->k, "vm_committed_as", &at);
	if (r >= 0)
		r = percpu_counter_sum(m->k, at, &count);
	if (r < 0)
		return within(r, "vm_committed_as");
	put_pages(m, "Committed_AS:", count);
	return 0;
}

static int put_vmalloc(struct mem *m)
{
	const struct space *s;
	uint64_t percpu, boot, used, chunk;
	int r = kernel_space(m->k, &s);

	if (r >= 0)
		r = vm_areas_used(m->k, &used, &chunk);
	if (r < 0)
		return r;
	put(m->out, "%-16s%8lu kB\n", "VmallocTotal:", s->vmalloc_size / 1024);
	put(m->out, "%-16s%8lu kB\n",
	    "VmallocUsed:", used ? used / 1024 : vmalloc_pages(m->k, m->s) * 4);
	put(m->out, "%-16s%8lu kB\n", "VmallocChunk:", chunk / 1024);
	percpu_pages(m->k, &percpu, &boot);
	if (has(m->k, "pcpu_nr_populated"))
		put_pages(m, "Percpu:", percpu);
	return 0;
}

/* Pages of transparent huge pages; older kernels count those themselves. */
static void put_thp(struct mem *m, const char *label, const char *name)
{
	bool pages = vm_stat_exists(m->s, "nr_swapcached");

	if (vm_stat_exists(m->s, name))
		put_pages(m, label, vm_stat(m->s, name) * (pages ? 1 : pmd_pages(m->k)));
}

static void put_rest(struct mem *m)
{
	if (has(m->k, "num_poisoned_pages"))
		put(m->out, "HardwareCorrupted: %5lu kB\n",
		    variable(m->k, "num_poisoned_pages") * page_kb(m->k));
	if (has(m->k, "transparent_hugepage_flags")) {
		put_thp(m, "AnonHugePages:", "nr_anon_transparent_hugepages");
		put_thp(m, "ShmemHugePages:", "nr_shmem_hugepages");
		put_thp(m, "ShmemPmdMapped:", "nr_shmem_pmdmapped");
		put_thp(m, "FileHugePages:", "nr_file_hugepages");
		put_thp(m, "FilePmdMapped:", "nr_file_pmdmapped");
	}
	if (has_enumerator(m->k, "MIGRATE_CMA")) {
		put_pages(m, "CmaTotal:", variable(m->k, "totalcma_pages"));
		put_stat(m, "CmaFree:", "nr_free_cma");
	}
	if (vm_stat_exists(m->s, "nr_unaccepted"))
		put_stat(m, "Unaccepted:", "nr_unaccepted");
	if (vm_stat_exists(m->s, "nr_balloon_pages"))
		put_stat(m, "Balloon:", "nr_balloon_pages");
	if (vm_stat_exists(m->s, "nr_gpu_active"))
		put_stat(m, "GPUActive:", "nr_gpu_active");
	if (vm_stat_exists(m->s, "nr_gpu_reclaim"))
		put_stat(m, "GPUReclaim:", "nr_gpu_reclaim");
}

static int put_hugetlb(struct mem *m, uint64_t hstate)
{
	static const struct {
		const char *label;
		enum field f;
	} counts[] = {
		{ "HugePages_Total:", F_hstate_nr_huge_pages },
		{ "HugePages_Free:", F_hstate_free_huge_pages },
		{ "HugePages_Rsvd:", F_hstate_resv_huge_pages },
		{ "HugePages_Surp:", F_hstate_surplus_huge_pages },
	};
	uint64_t v, order;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(counts) / sizeof(counts[0]); i++) {
		r = field_u64(m->k, hstate, counts[i].f, &v);
		if (r >= 0)
			put(m->out, "%-17s%7lu\n", counts[i].label, v);
	}
	if (r >= 0)
		r = field_u64(m->k, hstate, F_hstate_order, &order);
	if (r < 0)
		return r;
	put(m->out, "%-16s%8lu kB\n", "Hugepagesize:", page_kb(m->k) << (order & 31));
	if (kernel_prints(m->k, "Hugetlb")) /* fcb2b0c577f1 (v4.15) */
		put_pages(m, "Hugetlb:", m->huge);
	return 0;
}

/* How large the pages are by which the kernel maps all memory for itself. */
static void put_direct(struct mem *m)
{
	static const struct {
		const char *label, *level;
		unsigned int shift;
	} levels[] = {
		{ "DirectMap4k:", "PG_LEVEL_4K", 2 },
		{ "DirectMap2M:", "PG_LEVEL_2M", 11 },
		{ "DirectMap1G:", "PG_LEVEL_1G", 20 },
	};
	uint64_t counts, level, n, gb = 0;

	if (symbol_addr(m->k, "direct_pages_count", &counts) < 0)
		return;
	if (symbol_u64(m->k, "direct_gbpages", 1, &gb) < 0)
		gb = 0;
	for (size_t i = 0; i < (gb ? 3 : 2); i++)
		if (kernel_enumerator(m->k, levels[i].level, &level) >= 0 &&
		    kernel_read_uint(m->k, counts + 8 * level, 8, &n) >= 0)
			put(m->out, "%-16s%8lu kB\n", levels[i].label, n << levels[i].shift);
}

int gen_proc_meminfo(struct render *r)
{
	struct mem m = { .k = r->k, .out = r->out };
	int e = total_pages(r->k, &m.total);
	_free_ struct vm_stats *s = NULL;
	uint64_t hstate = 0;

	/* All that ps asks for. */
	if (e >= 0)
		put_pages(&m, "MemTotal:", m.total);
	if (e >= 0)
		m.s = s = stats_of(r->k, &e);
	if (e >= 0)
		e = put_totals(&m);
	if (e < 0)
		return e;
	put_lists(&m);
	put_swap(&m);
	put_kinds(&m);
	e = hugetlb_pages(m.k, &m.huge, &hstate);
	if (e >= 0)
		e = put_commit(&m);
	if (e >= 0)
		e = put_vmalloc(&m);
	if (e < 0)
		return e;
	put_rest(&m);
	if (hstate)
		e = put_hugetlb(&m, hstate);
	if (e >= 0)
		put_direct(&m);
	return e;
}

/* What part of @available may be dirty: so many bytes, or so many percent. */
static uint64_t part(struct kernel *k, uint64_t available, const char *bytes, const char *percent)
{
	const uint64_t page = kernel_page_size(k);
	uint64_t n = variable(k, bytes), ratio;

	if (n)
		return (n + page - 1) / page;
	if (symbol_u64(k, percent, 4, &ratio) < 0)
		ratio = 0;
	return ratio * page / 100 * available / page;
}

/* global_dirty_limits(). */
static void dirty_limits(struct kernel *k, const struct vm_stats *s, uint64_t *ret,
			 uint64_t *ret_background)
{
	uint64_t available = minus(vm_stat(s, "nr_free_pages"), variable(k, "totalreserve_pages")) +
			     vm_stat(s, "nr_inactive_file") + vm_stat(s, "nr_active_file") + 1;

	*ret = part(k, available, "vm_dirty_bytes", "vm_dirty_ratio");
	*ret_background = part(k, available, "dirty_background_bytes", "dirty_background_ratio");
	if (*ret_background >= *ret)
		*ret_background = *ret / 2;
}

static uint64_t limit_of(struct kernel *k, const struct vm_stats *s, const char *name)
{
	uint64_t limit, background;

	dirty_limits(k, s, &limit, &background);
	if (!strcmp(name, "nr_dirty_threshold"))
		return limit;
	if (!strcmp(name, "nr_dirty_background_threshold"))
		return background;
	if (!strcmp(name, "nr_memmap_pages"))
		return variable(k, "nr_memmap_pages");
	return variable(k, "nr_memmap_boot_pages");
}

int gen_proc_vmstat(struct render *r)
{
	int e;
	_free_ struct vm_stats *s = stats_of(r->k, &e);

	for (size_t i = 0; e >= 0 && i < s->n; i++) {
		const struct vm_item *item = &s->items[i];
		int64_t v = item->value;

		if (item->kind == VM_LIMIT)
			v = (int64_t)limit_of(r->k, s, item->name);
		if (v < 0 && item->kind != VM_EVENT)
			v = 0;
		put(r->out, "%s %lu\n", item->name,
		    (uint64_t)v / (item->huge ? pmd_pages(r->k) : 1));
	}
	if (e >= 0 && !vm_stat_exists(s, "nr_unstable"))
		put_str(r->out, "nr_unstable 0\n"); /* since v5.8 nothing counts it */
	return e;
}
