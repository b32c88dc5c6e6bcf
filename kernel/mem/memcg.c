#include "kernel/mem/memcg.h"

#include <errno.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/mem/counts.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define CSS_ONLINE 2

/* PAGE_COUNTER_MAX is as many pages as LONG_MAX has bytes. */
static uint64_t limit(struct kernel *k, uint64_t pages)
{
	return pages >= INT64_MAX / kernel_page_size(k) ? MEMCG_NO_LIMIT : pages;
}

/* One member is for swap alone and, in version 1 of control groups, for memory and swap. */
static int read_swap(struct kernel *k, struct memcg *m)
{
	uint64_t root, v2;
	int r = field_u64(k, m->addr, F_memcg_swap_usage, &m->swap);

	if (r >= 0)
		r = field_u64(k, m->addr, F_memcg_swap_max, &m->swap_max);
	if (r >= 0)
		r = field_u64(k, m->cgroup, F_cgroup_root, &root);
	if (r < 0)
		return r;
	m->swap_max = limit(k, m->swap_max);
	if (symbol_addr(k, "cgrp_dfl_root", &v2) >= 0 && root != v2)
		m->swap = m->swap > m->usage ? m->swap - m->usage : 0;
	return 0;
}

static int read_memcg(struct kernel *k, uint64_t css, unsigned int depth, struct memcg *ret)
{
	struct memcg m = { .depth = depth };
	uint64_t flags;
	int r = field_owner(k, css, F_memcg_css, &m.addr);

	if (r >= 0)
		r = field_u64(k, css, F_css_cgroup, &m.cgroup);
	if (r >= 0)
		r = field_u64(k, css, F_css_flags, &flags);
	if (r >= 0)
		r = field_u64(k, m.addr, F_memcg_usage, &m.usage);
	if (r >= 0)
		r = field_u64(k, m.addr, F_memcg_max, &m.max);
	if (r >= 0)
		r = read_swap(k, &m);
	if (r < 0)
		return within(r, "mem_cgroup at %#lx", m.addr);
	m.max = limit(k, m.max);
	m.is_dead = !(flags & CSS_ONLINE);
	*ret = m;
	return 0;
}

/* The walks of the groups that are being gone through, from the root down. */
struct descent {
	struct kernel *k;
	unsigned int depth;
	struct list_walk walk[LIMIT_CGROUP_DEPTH];
};

static int go_down(struct descent *d, uint64_t css)
{
	uint64_t head;
	int r = field_addr(d->k, css, F_css_children, &head);

	if (r >= 0 && d->depth == LIMIT_CGROUP_DEPTH)
		r = fail(-ELOOP, "a cgroup %u levels deep", d->depth);
	if (r >= 0)
		r = list_begin(&d->walk[d->depth], d->k, head, F_css_sibling);
	if (r >= 0)
		d->depth++;
	return r;
}

int memcgs_each(struct kernel *k, memcg_fn *fn, void *arg)
{
	struct descent d = { .k = k };
	struct guard g = { 0 };
	uint64_t root, css;
	struct memcg m;
	int r = symbol_u64(k, "root_mem_cgroup", 8, &root);

	if (r >= 0 && !root)
		r = fail(-ENOENT, "the memory controller is off");
	if (r >= 0)
		r = field_addr(k, root, F_memcg_css, &css);
	for (;;) {
		if (r >= 0)
			r = guard_step(&g, css);
		if (r >= 0)
			r = read_memcg(k, css, d.depth, &m);
		if (r >= 0)
			r = fn(arg, &m);
		if (r == 0)
			r = go_down(&d, css);
		if (r != 0)
			return r < 0 ? within(r, "memory of cgroups") : r;
		while (d.depth && (r = list_next(&d.walk[d.depth - 1], &css)) == 0)
			d.depth--;
		if (!d.depth)
			return 0;
	}
}
