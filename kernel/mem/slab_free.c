/* Where free objects are besides their slab: with CPUs and with NUMA nodes. */
#include <errno.h>
#include <stdlib.h>

#include "dump/base/bytes.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/mem/slab.h"
#include "kernel/symbol/symbols.h"

/* Until v6.19 each CPU had a slab to allocate from, with a freelist of its own. */
static int find_cpu_slab(struct slab_view *v, uint64_t at)
{
	struct cpu_slab cpu;
	int r = field_u64(v->k, at, F_cpu_slab_slab, &cpu.page);

	if (r >= 0)
		r = field_u64(v->k, at, F_cpu_slab_freelist, &cpu.freelist);
	if (r >= 0 && cpu.page && cpu.freelist)
		v->cpu[v->nr_cpu++] = cpu;
	return r;
}

/* struct slab_sheaf (v6.18): pointers to objects. */
static int add_sheaf(struct slab_view *v, uint64_t sheaf)
{
	_free_ unsigned char *raw = NULL;
	uint64_t n, at;
	int r = field_u64(v->k, sheaf, F_sheaf_size, &n);

	if (r >= 0)
		r = field_addr(v->k, sheaf, F_sheaf_objects, &at);
	if (r < 0 || !n)
		return r;
	if (n > LIMIT_SHEAF)
		return fail(-EBADMSG, "the sheaf at %#lx has %lu objects", sheaf, n);
	if (v->nr_sheaf + n > v->room) {
		size_t room = 2 * v->room + (size_t)n;
		uint64_t *more = realloc(v->sheaf, room * sizeof(*more));

		if (!more)
			return fail(-ENOMEM, "%zu objects in sheaves", room);
		v->sheaf = more;
		v->room = room;
	}
	raw = malloc((size_t)n * 8);
	if (!raw)
		return fail(-ENOMEM, "a sheaf");
	r = kernel_read(v->k, at, raw, (size_t)n * 8);
	for (size_t i = 0; i < n && r >= 0; i++)
		v->sheaf[v->nr_sheaf++] = load_le64(raw + 8 * i);
	return r;
}

/* Also what waits there for an RCU grace period: it was freed. */
static int find_cpu_sheaves(struct slab_view *v, uint64_t at)
{
	static const enum field sheaves[] = { F_cpu_sheaves_main, F_cpu_sheaves_spare,
					      F_cpu_sheaves_rcu_free };
	int r = 0;

	for (size_t i = 0; i < sizeof(sheaves) / sizeof(sheaves[0]) && r >= 0; i++) {
		uint64_t sheaf;

		r = field_u64(v->k, at, sheaves[i], &sheaf);
		if (r >= 0 && sheaf)
			r = add_sheaf(v, sheaf);
	}
	return r;
}

/* Whatever each CPU has: @f is the per-CPU pointer in the cache to it. */
static int each_cpu(struct slab_view *v, enum field f,
		    int (*find)(struct slab_view *v, uint64_t at))
{
	const struct cpus *cpus;
	uint64_t pointer, at;
	int r = cpus_get(v->k, &cpus);

	if (r < 0 || !field_exists(v->k, f))
		return r < 0 ? r : 0;
	r = field_u64(v->k, v->cache.addr, f, &pointer);
	if (r < 0 || !pointer)
		return r;
	if (!v->cpu)
		v->cpu = calloc(cpus->nr + 1, sizeof(*v->cpu));
	if (!v->cpu)
		return fail(-ENOMEM, "slabs of CPUs");
	for (size_t cpu = 0; cpu < cpus->nr && r >= 0; cpu++) {
		if (!cpu_is_in(&cpus->possible, cpu))
			continue;
		r = percpu_addr(v->k, pointer, cpu, &at);
		if (r >= 0)
			r = find(v, at);
	}
	return r;
}

static size_t slab_nodes(struct kernel *k)
{
	uint64_t at, n;

	if (symbol_addr(k, "nr_node_ids", &at) < 0 || kernel_read_uint(k, at, 4, &n) < 0 || !n)
		return 1;
	return n < LIMIT_NODES ? (size_t)n : LIMIT_NODES;
}

/* The pair of pointers that a cache has for each node. */
static int per_node(struct kernel *k, uint64_t cache, size_t i, uint64_t *ret)
{
	uint64_t at, size;
	int r = field_addr(k, cache, F_kmem_cache_per_node, &at);

	if (r >= 0)
		r = kernel_sizeof(k, "kmem_cache_per_node_ptrs", &size);
	if (r >= 0)
		*ret = at + i * size;
	return r;
}

/* The struct kmem_cache_node of NUMA node @i. -ENOENT: there is none of that number. */
static int slab_node(struct kernel *k, uint64_t cache, size_t i, uint64_t *ret)
{
	uint64_t at;
	int r;

	if (field_exists(k, F_kmem_cache_per_node)) {
		r = per_node(k, cache, i, &at);
		if (r >= 0)
			r = field_u64(k, at, F_per_node_node, ret);
	} else {
		r = field_addr(k, cache, F_kmem_cache_node, &at);
		if (r >= 0)
			r = kernel_read_uint(k, at + 8 * i, 8, ret);
	}
	if (r >= 0 && !*ret)
		r = fail(-ENOENT, "no slabs on node %zu", i);
	return r;
}

/* What a node keeps for its CPUs: struct node_barn (v6.18). 0: none. */
static int barn_of(const struct slab_view *v, size_t i, uint64_t *ret)
{
	uint64_t at;
	int r;

	*ret = 0;
	if (field_exists(v->k, F_kmem_cache_per_node)) {
		r = per_node(v->k, v->cache.addr, i, &at);
		return r < 0 ? r : field_u64(v->k, at, F_per_node_barn, ret);
	}
	if (!field_exists(v->k, F_slab_node_barn))
		return 0;
	r = slab_node(v->k, v->cache.addr, i, &at);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return field_u64(v->k, at, F_slab_node_barn, ret);
}

static int find_in_barn(struct slab_view *v, uint64_t barn)
{
	struct list_walk w;
	uint64_t head, sheaf;
	int r = field_addr(v->k, barn, F_barn_full, &head);

	if (r >= 0)
		r = list_begin(&w, v->k, head, F_sheaf_barn_list);
	while (r >= 0 && (r = list_next(&w, &sheaf)) > 0)
		r = add_sheaf(v, sheaf);
	return r;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int slab_find_free(struct slab_view *v)
{
	size_t nodes = slab_nodes(v->k);
	uint64_t barn;
	int r = each_cpu(v, F_kmem_cache_cpu_slab, find_cpu_slab);

	if (r >= 0)
		r = each_cpu(v, F_kmem_cache_cpu_sheaves, find_cpu_sheaves);
	for (size_t i = 0; i < nodes && r >= 0; i++) {
		r = barn_of(v, i, &barn);
		if (r >= 0 && barn)
			r = find_in_barn(v, barn);
	}
	if (v->nr_sheaf)
		qsort(v->sheaf, v->nr_sheaf, sizeof(*v->sheaf), compare);
	return r < 0 ? r : 0;
}

int slab_free_in_nodes(const struct slab_view *v, uint64_t *ret)
{
	size_t nodes = slab_nodes(v->k);
	int r = 0;

	*ret = 0;
	for (size_t i = 0; i < nodes && r >= 0; i++) {
		uint64_t node, head, page, objects, inuse;
		struct list_walk w;

		r = slab_node(v->k, v->cache.addr, i, &node);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r >= 0)
			r = field_addr(v->k, node, F_slab_node_partial, &head);
		if (r >= 0)
			r = list_begin(&w, v->k, head, F_slab_list);
		while (r >= 0 && (r = list_next(&w, &page)) > 0) {
			r = field_u64(v->k, page, F_slab_objects, &objects);
			if (r >= 0)
				r = field_u64(v->k, page, F_slab_inuse, &inuse);
			if (r >= 0 && inuse <= objects)
				*ret += objects - inuse;
		}
	}
	return r < 0 ? r : 0;
}

/* Free objects of the slabs that a node has on its list. */
static int count_free(struct kernel *k, uint64_t node, uint64_t *ret)
{
	uint64_t head, slab, objects, inuse;
	struct list_walk w;
	int r = field_addr(k, node, F_slab_node_partial, &head);

	if (r >= 0)
		r = list_begin(&w, k, head, F_slab_list);
	while (r >= 0 && (r = list_next(&w, &slab)) > 0) {
		r = field_u64(k, slab, F_slab_objects, &objects);
		if (r >= 0)
			r = field_u64(k, slab, F_slab_inuse, &inuse);
		if (r >= 0)
			*ret += objects - inuse;
	}
	return r;
}

int slab_cache_counts(struct kernel *k, uint64_t cache, struct slab_counts *ret)
{
	struct slab_counts counts = { 0 };
	uint64_t node, n;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < slab_nodes(k); i++) {
		r = slab_node(k, cache, i, &node);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r >= 0)
			r = field_u64(k, node, F_slab_node_nr_slabs, &n);
		if (r >= 0)
			counts.slabs += n;
		if (r >= 0)
			r = field_u64(k, node, F_slab_node_total_objects, &n);
		if (r >= 0)
			counts.objects += n;
		if (r >= 0)
			r = count_free(k, node, &counts.free);
	}
	if (r < 0)
		return within(r, "cache at %#lx", cache);
	*ret = counts;
	return 0;
}
