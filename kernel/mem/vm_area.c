#include "kernel/mem/vm_area.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define NODES_MAX     4096		 /* of struct vmap_node */
#define HAS_VM	      0x4		 /* VM_VM_AREA of vmap_area.flags */
#define VMALLOC_START 0xffffc90000000000 /* of x86_64 */
#define GIVEN_BACK    0x3 /* VM_LAZY_FREE, VM_LAZY_FREEING; of these only the second since v4.12 */

static int each_of_list(struct kernel *k, uint64_t head, vm_area_fn *fn, void *arg)
{
	struct list_walk w;
	uint64_t area;
	int r = list_begin(&w, k, head, F_vmap_area_list);

	while (r >= 0 && (r = list_next(&w, &area)) > 0) {
		r = fn(arg, area);
		if (r)
			return r;
	}
	return r;
}

/* Of all nodes, the lists that are @which. */
static int each_of_nodes(struct kernel *k, enum field which, vm_area_fn *fn, void *arg)
{
	uint64_t at, n, size, head;
	int r = symbol_u64(k, "vmap_nodes", 8, &at);

	if (r >= 0)
		r = symbol_u64(k, "nr_vmap_nodes", 4, &n);
	if (r >= 0)
		r = kernel_sizeof(k, "vmap_node", &size);
	if (r < 0)
		return r;
	for (uint64_t i = 0; r == 0 && i < n && i < NODES_MAX; i++) {
		r = field_addr(k, at + i * size, which, &head);
		if (r >= 0)
			r = each_of_list(k, head, fn, arg);
	}
	return r;
}

/* One list; several, each of a part of the addresses, since d093602919ad (v6.9). */
int vm_areas_each(struct kernel *k, vm_area_fn *fn, void *arg)
{
	uint64_t head;

	return symbol_addr(k, "vmap_area_list", &head) < 0
		       ? each_of_nodes(k, F_vmap_node_busy, fn, arg)
		       : each_of_list(k, head, fn, arg);
}

int vm_areas_each_unpurged(struct kernel *k, vm_area_fn *fn, void *arg)
{
	uint64_t head;

	if (symbol_addr(k, "vmap_area_list", &head) < 0)
		return each_of_nodes(k, F_vmap_node_lazy, fn, arg);
	return symbol_addr(k, "purge_vmap_area_list", &head) < 0 ? 0
								 : each_of_list(k, head, fn, arg);
}

struct use {
	struct kernel *k;
	uint64_t start, end;	 /* of what vmalloc() gives */
	uint64_t used, free, at; /* .at: where the last one ended */
};

static int add_used(void *arg, uint64_t area)
{
	struct use *u = arg;
	uint64_t start, end, state = 0;
	int r = field_u64(u->k, area, F_vmap_area_start, &start);

	if (r >= 0)
		r = field_u64(u->k, area, F_vmap_area_end, &end);
	if (r >= 0)
		r = field_u64(u->k, area, F_vmap_area_flags, &state);
	if (r < 0 || start < u->start || state & GIVEN_BACK)
		return r < 0 ? r : 0;
	if (start >= u->end)
		return 1;
	if (end < start || start < u->at)
		return fail(-EBADMSG, "area at %#lx from %#lx to %#lx", area, start, end);
	u->used += end - start;
	u->free = start - u->at > u->free ? start - u->at : u->free;
	u->at = end;
	return 0;
}

int vm_areas_used(struct kernel *k, uint64_t *ret, uint64_t *ret_free)
{
	struct use u = { .k = k };
	const struct space *s;
	uint64_t va;
	int r;

	*ret = *ret_free = 0;
	if (symbol_addr(k, "get_vmalloc_info", &va) < 0)
		return 0;
	r = kernel_space(k, &s);
	if (r < 0)
		return r;
	/* A variable where KASLR moves it, 0483e1fa6e09 (v4.8) and before in Enterprise Linux 7. */
	if (symbol_u64(k, "vmalloc_base", 8, &u.start) < 0)
		u.start = VMALLOC_START;
	u.at = u.start;
	u.end = u.start + s->vmalloc_size;
	r = vm_areas_each(k, add_used, &u);
	if (r < 0)
		return r;
	*ret = u.used;
	*ret_free = u.at < u.end && u.end - u.at > u.free ? u.end - u.at : u.free;
	return 0;
}

int vm_area_read(struct kernel *k, uint64_t area, struct vm_area *ret)
{
	struct vm_area a = { 0 };
	const struct {
		enum field f;
		uint64_t *to;
	} parts[] = {
		{ F_vm_addr, &a.addr },		{ F_vm_size, &a.size },
		{ F_vm_caller, &a.caller },	{ F_vm_flags, &a.flags },
		{ F_vm_nr_pages, &a.nr_pages }, { F_vm_pages, &a.pages },
		{ F_vm_phys_addr, &a.phys },
	};
	uint64_t state = HAS_VM;
	int r = 0;

	/* Later flags are of vm_map_ram() alone. */
	if (field_exists(k, F_vmap_area_flags) && field_exists(k, F_vmap_area_purge_list))
		r = field_u64(k, area, F_vmap_area_flags, &state);
	/* What was given back kept its pointer. */
	if (r >= 0 && state & HAS_VM)
		r = field_u64(k, area, F_vmap_area_vm, &a.vm);
	if (r >= 0)
		r = field_u64(k, area, F_vmap_area_start, &a.start);
	if (r >= 0)
		r = field_u64(k, area, F_vmap_area_end, &a.end);
	for (size_t i = 0; a.vm && i < sizeof(parts) / sizeof(parts[0]) && r >= 0; i++)
		r = field_u64(k, a.vm, parts[i].f, parts[i].to);
	if (r < 0)
		return within(r, "area at %#lx", area);
	*ret = a;
	return 0;
}

struct search {
	struct kernel *k;
	uint64_t va, found;
};

static int compare_area(void *arg, uint64_t area)
{
	struct search *s = arg;
	uint64_t start, end;
	int r = field_u64(s->k, area, F_vmap_area_start, &start);

	if (r >= 0)
		r = field_u64(s->k, area, F_vmap_area_end, &end);
	if (r < 0 || s->va < start || s->va >= end)
		return r < 0 ? r : 0;
	s->found = area;
	return 1;
}

int vm_area_at(struct kernel *k, uint64_t va, struct vm_area *ret)
{
	struct search s = { k, va, 0 };
	int r = vm_areas_each(k, compare_area, &s);

	if (r < 0)
		return r;
	return s.found ? vm_area_read(k, s.found, ret) : fail(-ENOENT, "%#lx is in no area", va);
}

void put_vm_area_kind(struct strbuf *out, uint64_t flags)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} kinds[] = {
		{ 1, " ioremap" }, { 2, " vmalloc" },	    { 4, " vmap" },
		{ 8, " user" },	   { 16, " dma-coherent" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (flags & kinds[i].flag)
			put_str(out, kinds[i].name);
}
