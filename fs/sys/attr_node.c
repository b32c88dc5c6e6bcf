/* /sys/devices/system/node: the nodes of memory, drivers/base/node.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/base/mask.h"
#include "fs/sys/attr.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/vmstat.h"
#include "kernel/mem/zone.h"
#include "kernel/symbol/symbols.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

enum { LOCAL_DISTANCE = 10, REMOTE_DISTANCE = 20 };

/* The nodes that are in a state: node_states[], by enum node_states. */
static int read_state(struct kernel *k, const char *state, uint64_t words[LIMIT_NODES / 64],
		      size_t *ret_n)
{
	uint64_t table, size, i;
	int r = symbol_addr(k, "node_states", &table);

	if (r >= 0)
		r = kernel_sizeof(k, "nodemask_t", &size);
	if (r >= 0)
		r = kernel_enumerator(k, state, &i);
	if (r >= 0 && 8 * size > LIMIT_NODES)
		r = fail(-EBADMSG, "%lu nodes", 8 * size);
	for (size_t w = 0; r >= 0 && w < size / 8; w++)
		r = kernel_read_uint(k, table + i * size + 8 * w, 8, &words[w]);
	if (r >= 0)
		*ret_n = 8 * size;
	return r;
}

static int put_state(struct sysfile *a)
{
	static const struct {
		const char *name, *state;
	} files[] = {
		{ "has_cpu", "N_CPU" },	      { "has_generic_initiator", "N_GENERIC_INITIATOR" },
		{ "has_memory", "N_MEMORY" }, { "has_normal_memory", "N_NORMAL_MEMORY" },
		{ "online", "N_ONLINE" },     { "possible", "N_POSSIBLE" },
	};
	uint64_t words[LIMIT_NODES / 64] = { 0 };
	size_t n;
	int r;

	for (size_t i = 0; i < LENGTH(files); i++) {
		if (strcmp(files[i].name, a->name) != 0)
			continue;
		r = read_state(a->k, files[i].state, words, &n);
		if (r < 0)
			return r;
		put_mask_list(a->out, words, n);
		put_str(a->out, "\n");
		return 1;
	}
	return 0;
}

static int put_cpus(struct sysfile *a, uint64_t node)
{
	const struct cpus *c;
	struct cpu_mask m = { 0 };
	uint64_t of;
	bool on;
	int r = cpus_get(a->k, &c);

	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->present, cpu))
			continue;
		r = cpu_node(a->k, cpu, &of);
		if (r >= 0)
			r = cpu_was_online(a->k, cpu, &on);
		if (r >= 0 && on && of == node)
			m.bits[cpu / 64] |= 1ull << cpu % 64;
	}
	if (r < 0)
		return r;
	if (!strcmp(a->name, "cpumap"))
		put_mask(a->out, m.bits, c->nr);
	else
		put_mask_list(a->out, m.bits, c->nr);
	put_str(a->out, "\n");
	return 1;
}

/* To each node that is there: what the firmware told, else near and far. */
static int put_distance(struct sysfile *a, uint64_t node)
{
	uint64_t words[LIMIT_NODES / 64] = { 0 }, count = 0, table = 0, v;
	const char *sep = "";
	size_t n;
	int r = read_state(a->k, "N_ONLINE", words, &n);

	if (r >= 0 && symbol_u64(a->k, "numa_distance_cnt", 4, &count) < 0)
		count = 0;
	if (r >= 0 && count)
		r = symbol_u64(a->k, "numa_distance", 8, &table);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (!(words[i / 64] >> i % 64 & 1))
			continue;
		v = i == node ? LOCAL_DISTANCE : REMOTE_DISTANCE;
		if (node < count && i < count)
			r = kernel_read_uint(a->k, table + node * count + i, 1, &v);
		put(a->out, "%s%lu", sep, v);
		sep = " ";
	}
	put_str(a->out, "\n");
	return r < 0 ? r : 1;
}

/* The counters of one node, in the place of those of all; and its pages. */
struct counting {
	struct kernel *k;
	struct vm_stats *s;
	uint64_t node;
	uint64_t pgdat, total;
};

static int add_zone(void *arg, const struct zone *z)
{
	struct counting *c = arg;
	uint64_t stats, managed, v;
	int r;

	if (z->node_id != c->node)
		return 0;
	c->pgdat = z->node;
	r = field_u64(c->k, z->addr, F_zone_managed_pages, &managed);
	if (r >= 0)
		r = field_addr(c->k, z->addr, F_zone_vm_stat, &stats);
	for (size_t i = 0; r >= 0 && i < c->s->n; i++) {
		if (c->s->items[i].kind != VM_ZONE)
			continue;
		r = kernel_read_uint(c->k, stats + 8 * c->s->items[i].i, 8, &v);
		if (r >= 0)
			c->s->items[i].value += (int64_t)v;
	}
	if (r >= 0)
		c->total += managed;
	return r;
}

static int count_node(struct counting *c)
{
	uint64_t stats, v;
	int r;

	for (size_t i = 0; i < c->s->n; i++)
		c->s->items[i].value = 0;
	r = zones_each(c->k, add_zone, c);
	if (r >= 0 && !c->pgdat)
		r = fail(-ENOENT, "no node %lu", c->node);
	if (r >= 0)
		r = field_addr(c->k, c->pgdat, F_pgdat_vm_stat, &stats);
	for (size_t i = 0; r >= 0 && i < c->s->n; i++) {
		if (c->s->items[i].kind != VM_NODE)
			continue;
		r = kernel_read_uint(c->k, stats + 8 * c->s->items[i].i, 8, &v);
		if (r >= 0)
			c->s->items[i].value = (int64_t)v;
	}
	return r;
}

/* How the lines are made: the sum of up to two counters. */
static const struct line {
	const char *label, *counter, *other;
	bool optional; /* not in all kernels */
} lines[] = {
	{ "SwapCached:", "nr_swapcached", NULL, true },
	{ "Active:", "nr_active_anon", "nr_active_file", false },
	{ "Inactive:", "nr_inactive_anon", "nr_inactive_file", false },
	{ "Active(anon):", "nr_active_anon", NULL, false },
	{ "Inactive(anon):", "nr_inactive_anon", NULL, false },
	{ "Active(file):", "nr_active_file", NULL, false },
	{ "Inactive(file):", "nr_inactive_file", NULL, false },
	{ "Unevictable:", "nr_unevictable", NULL, false },
	{ "Mlocked:", "nr_mlock", NULL, false },
	{ "Dirty:", "nr_dirty", NULL, false },
	{ "Writeback:", "nr_writeback", NULL, false },
	{ "FilePages:", "nr_file_pages", NULL, false },
	{ "Mapped:", "nr_mapped", NULL, false },
	{ "AnonPages:", "nr_anon_pages", NULL, false },
	{ "Shmem:", "nr_shmem", NULL, false },
	{ "KernelStack:", "nr_kernel_stack", NULL, false },
	{ "PageTables:", "nr_page_table_pages", NULL, false },
	{ "SecPageTables:", "nr_sec_page_table_pages", NULL, true },
	{ "NFS_Unstable:", NULL, NULL, false },
	{ "Bounce:", "nr_bounce", NULL, false },
	{ "WritebackTmp:", "nr_writeback_temp", NULL, false },
	{ "KReclaimable:", "nr_slab_reclaimable", "nr_kernel_misc_reclaimable", false },
	{ "Slab:", "nr_slab_reclaimable", "nr_slab_unreclaimable", false },
	{ "SReclaimable:", "nr_slab_reclaimable", NULL, false },
	{ "SUnreclaim:", "nr_slab_unreclaimable", NULL, false },
	{ "AnonHugePages:", "nr_anon_transparent_hugepages", NULL, true },
	{ "ShmemHugePages:", "nr_shmem_hugepages", NULL, true },
	{ "ShmemPmdMapped:", "nr_shmem_pmdmapped", NULL, true },
	{ "FileHugePages:", "nr_file_hugepages", NULL, true },
	{ "FilePmdMapped:", "nr_file_pmdmapped", NULL, true },
	{ "Unaccepted:", "nr_unaccepted", NULL, true },
	{ "Balloon:", "nr_balloon_pages", NULL, true },
	{ "GPUActive:", "nr_gpu_active", NULL, true },
	{ "GPUReclaim:", "nr_gpu_reclaim", NULL, true },
};

static void put_pages(struct sysfile *a, uint64_t node, const char *label, uint64_t kb)
{
	put(a->out, "Node %lu %-16s%8lu kB\n", node, label, kb);
}

static void put_line(struct sysfile *a, const struct counting *c, const struct line *l)
{
	/* Until v5.12 huge pages are counted as such. */
	const bool huge = l->optional && strstr(l->counter, "huge") != NULL;
	const bool pmd = l->optional && strstr(l->counter, "pmdmapped") != NULL;
	uint64_t pages = l->counter ? vm_stat(c->s, l->counter) : 0;

	if (l->optional && !vm_stat_exists(c->s, l->counter))
		return;
	if (l->other)
		pages += vm_stat(c->s, l->other);
	if ((huge || pmd) && !vm_stat_exists(c->s, "nr_swapcached"))
		pages *= pmd_pages(a->k);
	put_pages(a, c->node, l->label,
		  strcmp(l->label, "KernelStack:") ? pages * page_kb(a->k) : pages);
}

/* Those of the size that is asked for by default. */
static int put_huge_pages(struct sysfile *a, uint64_t node)
{
	static const struct {
		const char *label;
		enum field field;
	} counts[] = {
		{ "HugePages_Total:", F_hstate_nr_node },
		{ "HugePages_Free: ", F_hstate_free_node },
		{ "HugePages_Surp: ", F_hstate_surplus_node },
	};
	uint64_t table, size, i, at, v;
	int r = symbol_addr(a->k, "hstates", &table);

	if (r == -ENOENT)
		return 0;
	if (r >= 0)
		r = kernel_sizeof(a->k, "hstate", &size);
	if (r >= 0)
		r = symbol_u64(a->k, "default_hstate_idx", 4, &i);
	for (size_t n = 0; r >= 0 && n < LENGTH(counts); n++) {
		r = field_addr(a->k, table + i * size, counts[n].field, &at);
		if (r >= 0)
			r = kernel_read_uint(a->k, at + 4 * node, 4, &v);
		if (r >= 0)
			put(a->out, "Node %lu %s %5lu\n", node, counts[n].label, v);
	}
	return r;
}

static int put_meminfo(struct sysfile *a, uint64_t node)
{
	_free_ struct vm_stats *s = malloc(sizeof(*s));
	struct counting c = { .k = a->k, .s = s, .node = node };
	uint64_t free_pages;
	int r = s ? vm_stats(a->k, s) : fail(-ENOMEM, "counters of memory");

	if (r >= 0)
		r = count_node(&c);
	if (r < 0)
		return r;
	free_pages = vm_stat(s, "nr_free_pages");
	put_pages(a, node, "MemTotal:", 4 * c.total);
	put_pages(a, node, "MemFree:", 4 * free_pages);
	put_pages(a, node, "MemUsed:", c.total > free_pages ? 4 * (c.total - free_pages) : 0);
	for (size_t i = 0; i < LENGTH(lines); i++)
		put_line(a, &c, &lines[i]);
	r = put_huge_pages(a, node);
	return r < 0 ? r : 1;
}

int put_node_attr(struct sysfile *a)
{
	uint64_t node;

	if (a->group)
		return 0;
	if (!strcmp(a->top, "system") && !strcmp(a->dir, "node"))
		return put_state(a);
	if (strcmp(a->top, "node") != 0 || strncmp(a->dir, "node", 4) != 0)
		return 0;
	node = strtoul(a->dir + 4, NULL, 10);
	if (node >= LIMIT_NODES)
		return 0;
	if (!strcmp(a->name, "cpulist") || !strcmp(a->name, "cpumap"))
		return put_cpus(a, node);
	if (!strcmp(a->name, "distance"))
		return put_distance(a, node);
	return strcmp(a->name, "meminfo") ? 0 : put_meminfo(a, node);
}
