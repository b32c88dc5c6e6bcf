/* /proc/zoneinfo, buddyinfo: memory by zones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/vmstat.h"
#include "kernel/symbol/symbols.h"
#include "kernel/mem/zone.h"

#define ZONE_NAME_LEN 32
#define ORDERS_MAX    64

struct zones {
	struct render *r;
	struct vm_stats *s;
	uint64_t first_of; /* the node whose first populated zone has been seen */
	bool old;	   /* before 75ef71840539 (v4.8): nodes have no counters of their own */
};

static int put_zone_name(struct render *r, const struct zone *z)
{
	char name[ZONE_NAME_LEN];
	int e = field_str(r->k, z->addr, F_zone_name, name, sizeof(name));

	if (e >= 0)
		put(r->out, "Node %lu, zone %8s", z->node_id, name);
	return e;
}

static int put_free(void *arg, const struct zone *z)
{
	struct render *r = arg;
	uint64_t at, n, size, free;
	int e;

	if (!z->present)
		return 0;
	e = put_zone_name(r, z);
	if (e >= 0)
		e = field_addr(r->k, z->addr, F_zone_free_area, &at);
	if (e >= 0)
		e = field_count(r->k, F_zone_free_area, &n);
	if (e >= 0)
		e = kernel_sizeof(r->k, "free_area", &size);
	put_str(r->out, " ");
	for (size_t i = 0; e >= 0 && i < n && i < ORDERS_MAX; i++) {
		e = field_u64(r->k, at + i * size, F_free_area_nr_free, &free);
		if (e >= 0)
			put(r->out, "%6lu ", free);
	}
	put_str(r->out, "\n");
	return e;
}

int gen_proc_buddyinfo(struct render *r)
{
	return zones_each(r->k, put_free, r);
}

static bool swap_is_left(struct kernel *k)
{
	uint64_t n;

	return symbol_u64(k, "nr_swap_pages", 8, &n) >= 0 && (int64_t)n > 0;
}

/* Counters of one kind, which the array at @at has for a node or zone. */
static int put_counters(struct zones *zs, enum vm_kind kind, uint64_t at)
{
	uint64_t v;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < zs->s->n; i++) {
		const struct vm_item *item = &zs->s->items[i];

		if (item->kind != kind)
			continue;
		e = kernel_read_uint(zs->r->k, at + 8 * item->i, 8, &v);
		if (e >= 0)
			put(zs->r->out, zs->old ? "\n    %-12s %lu" : "\n      %-12s %lu",
			    item->name,
			    (int64_t)v < 0 ? 0 : v / (item->huge ? pmd_pages(zs->r->k) : 1));
	}
	return e;
}

static int put_node(struct zones *zs, const struct zone *z)
{
	uint64_t at;
	int e = field_addr(zs->r->k, z->node, F_pgdat_vm_stat, &at);

	if (e < 0)
		return e;
	put_str(zs->r->out, "\n  per-node stats");
	return put_counters(zs, VM_NODE, at);
}

static int put_watermarks(struct zones *zs, const struct zone *z)
{
	static const char *const names[] = { "min", "low", "high", "promo" };
	struct render *r = zs->r;
	uint64_t at, n, v, boost = 0;
	int e = field_addr(r->k, z->addr, F_zone_watermark, &at);
	bool boosts = field_exists(r->k, F_zone_watermark_boost);

	if (e >= 0)
		e = field_count(r->k, F_zone_watermark, &n);
	if (e >= 0 && boosts)
		e = field_u64(r->k, z->addr, F_zone_watermark_boost, &boost);
	if (e < 0)
		return e;
	/* v5.19 shows it; it came with the counters of v6.1 */
	if (vm_stat_exists(zs->s, "nr_sec_page_table_pages"))
		put(r->out, "\n        boost    %lu", boost);
	if (!vm_stat_exists(zs->s, "nr_iommu_pages") && n > 3)
		n = 3; /* v6.12 shows the fourth and has that counter, v6.1 neither */
	for (size_t i = 0; e >= 0 && i < n && i < 4; i++) {
		e = kernel_read_uint(r->k, at + 8 * i, 8, &v);
		if (e >= 0)
			put(r->out, "\n        %-8s %lu", names[i], v + boost);
	}
	return e;
}

static int put_protection(struct zones *zs, const struct zone *z)
{
	struct render *r = zs->r;
	uint64_t reserve, n, v;
	int e = field_addr(r->k, z->addr, F_zone_lowmem_reserve, &reserve);

	if (e >= 0)
		e = field_count(r->k, F_zone_lowmem_reserve, &n);
	if (e < 0)
		return e;
	put_str(r->out, "\n        protection: (");
	for (size_t i = 0; e >= 0 && i < n; i++) {
		e = kernel_read_uint(r->k, reserve + 8 * i, 8, &v);
		put(r->out, "%s%ld", i ? ", " : "", (int64_t)v);
	}
	put_str(r->out, ")");
	return e;
}

static int put_sizes(struct zones *zs, const struct zone *z)
{
	struct render *r = zs->r;
	uint64_t stat, free, scanned, spanned, managed, cma = 0;
	int e = field_addr(r->k, z->addr, F_zone_vm_stat, &stat);

	if (e >= 0)
		e = kernel_read_uint(r->k, stat, 8, &free); /* NR_FREE_PAGES is the first */
	if (e < 0)
		return e;
	put(r->out, "\n  pages free     %lu", (int64_t)free < 0 ? 0 : free);
	e = put_watermarks(zs, z);
	if (e >= 0)
		e = field_u64(r->k, z->addr, F_zone_spanned_pages, &spanned);
	if (e >= 0)
		e = field_u64(r->k, z->addr, F_zone_managed_pages, &managed);
	if (e >= 0 && field_exists(r->k, F_zone_cma_pages))
		e = field_u64(r->k, z->addr, F_zone_cma_pages, &cma);
	if (e >= 0 && field_exists(r->k, F_zone_pages_scanned)) {
		e = field_u64(r->k, z->addr, F_zone_pages_scanned, &scanned);
		put(r->out, "\n        scanned  %lu", scanned);
	}
	if (e < 0)
		return e;
	put(r->out, "\n        spanned  %lu\n        present  %lu\n        managed  %lu", spanned,
	    z->present, managed);
	if (vm_stat_exists(zs->s, "nr_swapcached")) /* a line since v5.12 */
		put(r->out, "\n        cma      %lu", cma);
	/* Then behind the counters. */
	return zs->old ? 0 : put_protection(zs, z);
}

/* Allocations by node, with what CPUs have yet to add. */
static int put_numa(struct zones *zs, const struct zone *z)
{
	struct kernel *k = zs->r->k;
	uint64_t at, parts = 0, size = 8, v;
	int64_t sum;
	int e;

	if (!field_exists(k, F_zone_vm_numa))
		return 0;
	e = field_addr(k, z->addr, F_zone_vm_numa, &at);
	if (e >= 0 && field_exists(k, F_zonestat_numa_event)) {
		e = field_u64(k, z->addr, F_zone_per_cpu_zonestats, &parts);
		if (e >= 0)
			e = field_addr(k, parts, F_zonestat_numa_event, &parts);
	}
	if (e >= 0 && field_exists(k, F_pageset_numa_diff)) {
		size = 2;
		e = field_u64(k, z->addr, F_zone_pageset, &parts);
		if (e >= 0)
			e = field_addr(k, parts, F_pageset_numa_diff, &parts);
	}
	for (size_t i = 0; e >= 0 && i < zs->s->n; i++) {
		const struct vm_item *item = &zs->s->items[i];

		if (item->kind != VM_NUMA)
			continue;
		sum = 0;
		e = kernel_read_uint(k, at + 8 * item->i, 8, &v);
		if (e >= 0 && parts)
			e = percpu_sum(k, parts + size * item->i, size, &sum);
		put(zs->r->out, "\n      %-12s %lu", item->name, v + (uint64_t)sum);
	}
	return e;
}

static int put_pageset(struct render *r, uint64_t lists, uint64_t stats, size_t cpu)
{
	static const struct {
		const char *label;
		enum field f;
	} parts[] = {
		{ "count:", F_pcp_count },	 { "high: ", F_pcp_high },
		{ "batch:", F_pcp_batch },	 { "high_min:", F_pcp_high_min },
		{ "high_max:", F_pcp_high_max },
	};
	bool wide = field_exists(r->k, F_irqstat_counts);
	uint64_t at, v;
	int e = percpu_addr(r->k, lists, cpu, &at);

	put(r->out, "\n    cpu: %zu", cpu);
	for (size_t i = 0; e >= 0 && i < (wide ? 5 : 3); i++) {
		e = field_u64(r->k, at, parts[i].f, &v);
		if (e >= 0)
			put(r->out, "\n              %s %d", parts[i].label, (int)v);
	}
	if (e >= 0)
		e = percpu_addr(r->k, stats, cpu, &at);
	if (e >= 0)
		e = field_u64(r->k, at, F_zonestat_stat_threshold, &v);
	if (e >= 0)
		put(r->out, "\n  vm stats threshold: %d", (int)v);
	return e;
}

static int put_pagesets(struct render *r, const struct zone *z)
{
	uint64_t lists = 0, stats;
	const struct cpus *c;
	bool up;
	int e = cpus_get(r->k, &c);

	if (e >= 0)
		e = field_u64(r->k, z->addr, F_zone_pageset, &lists);
	if (e < 0)
		return e;
	stats = lists;
	if (field_exists(r->k, F_zone_per_cpu_zonestats))
		e = field_u64(r->k, z->addr, F_zone_per_cpu_zonestats, &stats);
	put_str(r->out, "\n  pagesets");
	for (size_t cpu = 0; e >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		e = cpu_was_online(r->k, cpu, &up);
		if (e >= 0 && up)
			e = put_pageset(r, lists, stats, cpu);
	}
	return e;
}

/* Has so much been looked at that nothing can be won here? zone_reclaimable(), until v4.7. */
static int is_unreclaimable(struct zones *zs, const struct zone *z, uint64_t *ret)
{
	enum { PASSES = 6 };
	const bool swap = swap_is_left(zs->r->k);
	uint64_t at, v, pages = 0, scanned;
	int e;

	if (field_exists(zs->r->k, F_zone_all_unreclaimable))
		return field_u64(zs->r->k, z->addr, F_zone_all_unreclaimable, ret);
	e = field_addr(zs->r->k, z->addr, F_zone_vm_stat, &at);
	for (size_t i = 0; e >= 0 && i < zs->s->n; i++) {
		const struct vm_item *item = &zs->s->items[i];
		bool file = !strcmp(item->name, "nr_active_file") ||
			    !strcmp(item->name, "nr_inactive_file");
		bool anon = !strcmp(item->name, "nr_active_anon") ||
			    !strcmp(item->name, "nr_inactive_anon");

		if (item->kind != VM_ZONE || (!file && (!anon || !swap)))
			continue;
		e = kernel_read_uint(zs->r->k, at + 8 * item->i, 8, &v);
		pages += e >= 0 && (int64_t)v > 0 ? v : 0;
	}
	if (e >= 0)
		e = field_u64(zs->r->k, z->addr, F_zone_pages_scanned, &scanned);
	if (e >= 0)
		*ret = scanned >= pages * PASSES;
	return e;
}

/* The end of a zone before nodes had counters. */
static int put_old_end(struct zones *zs, const struct zone *z)
{
	struct render *r = zs->r;
	uint64_t unreclaimable, start, ratio;
	int e = is_unreclaimable(zs, z, &unreclaimable);

	if (e >= 0)
		e = field_u64(r->k, z->addr, F_zone_start_pfn, &start);
	if (e >= 0)
		e = field_u64(r->k, z->addr, F_zone_inactive_ratio, &ratio);
	if (e >= 0)
		put(r->out,
		    "\n  all_unreclaimable: %u\n  start_pfn:         %lu\n"
		    "  inactive_ratio:    %u\n",
		    (unsigned int)unreclaimable, start, (unsigned int)ratio);
	return e;
}

static int put_end(struct zones *zs, const struct zone *z)
{
	enum { MAX_RECLAIM_RETRIES = 16 };
	struct render *r = zs->r;
	uint64_t failures, start, v;
	int e = field_u64(r->k, z->node, F_pgdat_kswapd_failures, &failures);

	if (e >= 0)
		e = field_u64(r->k, z->addr, F_zone_start_pfn, &start);
	if (e < 0)
		return e;
	put(r->out, "\n  node_unreclaimable:  %d\n  start_pfn:           %lu\n",
	    failures >= MAX_RECLAIM_RETRIES, start);
	if (!field_exists(r->k, F_irqstat_counts))
		return 0;
	e = field_u64(r->k, z->addr, F_zone_nr_reserved_highatomic, &v);
	if (e >= 0)
		put(r->out, "  reserved_highatomic: %lu\n", v);
	if (e >= 0)
		e = field_u64(r->k, z->addr, F_zone_nr_free_highatomic, &v);
	if (e >= 0)
		put(r->out, "  free_highatomic:     %lu\n", v);
	return e;
}

static int put_zone(void *arg, const struct zone *z)
{
	struct zones *zs = arg;
	uint64_t at;
	int e;

	/* v4.12 shows all of them, and c73322d098e4 came with it. */
	if (!z->present && !field_exists(zs->r->k, F_pgdat_kswapd_failures))
		return 0;
	e = put_zone_name(zs->r, z);
	if (e >= 0 && z->present && !zs->old && zs->first_of != z->node) {
		zs->first_of = z->node;
		e = put_node(zs, z);
	}
	if (e >= 0)
		e = put_sizes(zs, z);
	if (e < 0 || !z->present) {
		put_str(zs->r->out, "\n");
		return e;
	}
	e = field_addr(zs->r->k, z->addr, F_zone_vm_stat, &at);
	if (e >= 0)
		e = put_counters(zs, VM_ZONE, at);
	if (e >= 0)
		e = put_numa(zs, z);
	if (e >= 0 && zs->old)
		e = put_protection(zs, z);
	if (e >= 0)
		e = put_pagesets(zs->r, z);
	if (e < 0)
		return e;
	return zs->old ? put_old_end(zs, z) : put_end(zs, z);
}

int gen_proc_zoneinfo(struct render *r)
{
	_free_ struct vm_stats *s = malloc(sizeof(*s));
	struct zones zs = { .r = r, .s = s, .old = !field_exists(r->k, F_pgdat_vm_stat) };
	int e = s ? vm_stats(r->k, s) : fail(-ENOMEM, "counters of memory");

	return e < 0 ? e : zones_each(r->k, put_zone, &zs);
}
