/* /proc/vmallocinfo: areas of the kernel's address space that were given out. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/mem/vm_area.h"
#include "kernel/symbol/symbols.h"

#define PAGES_MAX (1ull << 28) /* of an area: 1 TB */
#define NODES	  64

/* As %pS prints it. */
static void put_caller(struct render *r, uint64_t caller)
{
	struct symbol s;

	if (symbol_at(r->k, caller, &s) < 0) {
		put(r->out, " 0x%016lx", caller);
		return;
	}
	put(r->out, " %s+0x%lx/0x%lx", s.name, caller - s.addr, s.size);
	if (s.module)
		put(r->out, " [%s]", s.module);
}

/* The node of a page is in the highest bits of its flags, as many as nodes need. */
static int node_of_page(struct kernel *k, uint64_t page, uint64_t *ret)
{
	uint64_t flags, nodes = 0;
	int r = field_u64(k, page, F_page_flags, &flags);

	if (r >= 0)
		r = field_size(k, F_task_mems_allowed, &nodes);
	*ret = 0;
	if (r < 0)
		return r;
	for (nodes *= 8; nodes > 1; nodes /= 2) {
		*ret = *ret << 1 | flags >> 63;
		flags <<= 1;
	}
	return 0;
}

static int put_nodes(struct render *r, const struct vm_area *a)
{
	uint64_t page, node, order = 0, counts[NODES] = { 0 };
	int e = 0;

	if (field_exists(r->k, F_vm_page_order))
		e = field_u64(r->k, a->vm, F_vm_page_order, &order);
	if (e < 0 || !a->pages)
		return e;
	if (a->nr_pages > PAGES_MAX)
		return fail(-EBADMSG, "an area of %lu pages", a->nr_pages);
	for (uint64_t i = 0; e >= 0 && i < a->nr_pages; i += 1ull << (order & 31)) {
		e = kernel_read_uint(r->k, a->pages + 8 * i, 8, &page);
		if (e >= 0)
			e = node_of_page(r->k, page, &node);
		if (e >= 0 && node < NODES)
			counts[node] += 1ull << (order & 31);
	}
	for (size_t i = 0; e >= 0 && i < NODES; i++)
		if (counts[i])
			put(r->out, " N%zu=%lu", i, counts[i]);
	return e;
}

/* 78c72746f56b (v4.12) tells of vm_map_ram(); what a5ad88ce8c7f (v4.4) took away is asked. */
static bool is_without_maps(struct kernel *k)
{
	uint64_t va;

	return symbol_addr(k, "get_vmalloc_info", &va) >= 0;
}

static int put_area(void *arg, uint64_t area)
{
	struct render *r = arg;
	struct vm_area a;
	int e = vm_area_read(r->k, area, &a);

	if (e < 0)
		return e;
	if (!a.vm && is_without_maps(r->k))
		return 0;
	if (!a.vm) {
		put(r->out, "0x%016lx-0x%016lx %7lu vm_map_ram\n", a.start, a.end, a.end - a.start);
		return 0;
	}
	put(r->out, "0x%016lx-0x%016lx %7lu", a.addr, a.addr + a.size, a.size);
	if (a.caller)
		put_caller(r, a.caller);
	if (a.nr_pages)
		put(r->out, " pages=%d", (int)a.nr_pages);
	if (a.phys)
		put(r->out, is_without_maps(r->k) ? " phys=%lx" : " phys=0x%016lx", a.phys);
	put_vm_area_kind(r->out, a.flags);
	e = a.nr_pages ? put_nodes(r, &a) : 0;
	put_str(r->out, "\n");
	return e < 0 ? e : 0;
}

/* Given back, but for what CPUs may have of it in their translations. */
static int put_unpurged(void *arg, uint64_t area)
{
	struct render *r = arg;
	uint64_t start, end;
	int e = field_u64(r->k, area, F_vmap_area_start, &start);

	if (e >= 0)
		e = field_u64(r->k, area, F_vmap_area_end, &end);
	if (e >= 0)
		put(r->out, "0x%016lx-0x%016lx %7lu unpurged vm_area\n", start, end, end - start);
	return e < 0 ? e : 0;
}

int gen_proc_vmallocinfo(struct render *r)
{
	int e = vm_areas_each(r->k, put_area, r);

	return e < 0 ? e : vm_areas_each_unpurged(r->k, put_unpurged, r);
}
