#include "kernel/task/cgroup_count.h"

#include <errno.h>
#include <stdio.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/walk/list.h"

int cgroup_css(struct kernel *k, uint64_t cgroup, const char *name, uint64_t *ret)
{
	char id[64];
	uint64_t i, n, at;
	int r;

	*ret = 0;
	snprintf(id, sizeof(id), "%s_cgrp_id", name);
	if (kernel_enumerator(k, id, &i) < 0)
		return 0;
	r = field_addr(k, cgroup, F_cgroup_subsys, &at);
	if (r >= 0)
		r = field_count(k, F_cgroup_subsys, &n);
	if (r < 0 || i >= n)
		return r;
	return kernel_read_uint(k, at + 8 * i, 8, ret);
}

int percpu_growth(struct kernel *k, uint64_t now, uint64_t then, uint64_t *ret)
{
	int64_t more, less;
	int r = percpu_sum(k, now, 8, &more);

	if (r >= 0)
		r = percpu_sum(k, then, 8, &less);
	if (r >= 0)
		*ret = (uint64_t)more - (uint64_t)less;
	return r;
}

static int total_at(struct cgroup_count *c, uint64_t cgroup, unsigned int depth, uint64_t *ret)
{
	uint64_t head, css, child, total, taken;
	struct list_walk w;
	int r = c->own(c, cgroup, ret);

	if (r >= 0 && (depth == CGROUP_DEPTH_MAX || ++c->steps > LIMIT_CGROUPS))
		r = fail(-ELOOP, "control groups that do not end, at %#lx", cgroup);
	if (r >= 0)
		r = field_addr(c->k, cgroup, F_cgroup_children, &head);
	if (r >= 0)
		r = list_begin(&w, c->k, head, F_css_sibling);
	while (r >= 0 && (r = list_next(&w, &css)) > 0) {
		r = field_u64(c->k, css, F_css_cgroup, &child);
		if (r >= 0)
			r = total_at(c, child, depth + 1, &total);
		if (r >= 0)
			r = c->taken(c, child, &taken);
		if (r >= 0)
			*ret += total - taken;
	}
	return r;
}

int cgroup_total(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret)
{
	c->steps = 0;
	return total_at(c, cgroup, 0, ret);
}
