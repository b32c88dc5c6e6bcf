#include "kernel/task/cgroup.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define NAME_LEN   256
#define CSS_ONLINE 2

static int read_hierarchy(struct kernel *k, uint64_t root, uint64_t default_root,
			  struct cgroup_hierarchy *ret)
{
	struct cgroup_hierarchy h = { .root = root, .is_default = root == default_root };
	int r = field_u64(k, root, F_cgroup_root_hierarchy_id, &h.id);

	if (r >= 0)
		r = field_str(k, root, F_cgroup_root_name, h.name, sizeof(h.name));
	if (r >= 0)
		*ret = h;
	return r;
}

/* The default hierarchy counts when it was mounted once. */
static int is_visible(struct kernel *k, const struct cgroup_hierarchy *h, bool *ret)
{
	uint64_t va, visible;
	int r;

	*ret = true;
	if (!h->is_default)
		return 0;
	r = symbol_addr(k, "cgrp_dfl_visible", &va);
	if (r >= 0)
		r = kernel_read_uint(k, va, 1, &visible);
	if (r >= 0)
		*ret = visible;
	return r;
}

int cgroup_hierarchies(struct kernel *k, cgroup_fn *fn, void *arg)
{
	uint64_t head, root, default_root = 0;
	struct cgroup_hierarchy h;
	struct list_walk w;
	bool visible;
	int r = symbol_addr(k, "cgroup_roots", &head);

	if (r == -ENOENT)
		r = symbol_addr(k, "roots", &head); /* until v3.10 */
	if (r >= 0)
		r = symbol_addr(k, "cgrp_dfl_root", &default_root);
	/* v3.15: before, there was but the first version. */
	if (r == -ENOENT && !field_exists(k, F_cgroup_kn))
		r = 0;
	if (r >= 0)
		r = list_begin(&w, k, head, F_cgroup_root_list);
	while (r >= 0 && (r = list_next(&w, &root)) > 0) {
		r = read_hierarchy(k, root, default_root, &h);
		if (r >= 0)
			r = is_visible(k, &h, &visible);
		if (r >= 0 && visible)
			r = fn(arg, &h);
		if (r)
			break;
	}
	return r < 0 ? within(r, "cgroup hierarchies") : r;
}

static int put_controller(struct strbuf *out, struct kernel *k, uint64_t subsys, size_t before)
{
	char name[NAME_LEN];
	int r = field_str(k, subsys, F_cgroup_subsys_legacy_name, name, sizeof(name));

	if (r >= 0)
		put(out, "%s%s", out->len > before ? "," : "", name);
	return r;
}

/* Until v3.13 a hierarchy has a list of them, and they are told in its order. */
static int put_listed(struct strbuf *out, struct kernel *k, const struct cgroup_hierarchy *h)
{
	const size_t before = out->len;
	uint64_t head, subsys;
	struct list_walk w;
	int r = field_addr(k, h->root, F_cgroup_root_subsys_list, &head);

	if (r >= 0)
		r = list_begin(&w, k, head, F_cgroup_subsys_sibling);
	while (r >= 0 && (r = list_next(&w, &subsys)) > 0)
		r = put_controller(out, k, subsys, before);
	return r;
}

int put_controllers(struct strbuf *out, struct kernel *k, const struct cgroup_hierarchy *h)
{
	const size_t before = out->len;
	uint64_t mask, n, table, subsys;
	int r;

	if (field_exists(k, F_cgroup_root_subsys_list))
		return put_listed(out, k, h);
	r = field_u64(k, h->root, F_cgroup_root_subsys_mask, &mask);

	if (r >= 0)
		r = kernel_enumerator(k, "CGROUP_SUBSYS_COUNT", &n);
	if (r >= 0)
		r = symbol_addr(k, "cgroup_subsys", &table);
	for (uint64_t i = 0; r >= 0 && !h->is_default && i < n && i < 64; i++) {
		if (!(mask >> i & 1))
			continue;
		r = kernel_read_uint(k, table + 8 * i, 8, &subsys);
		if (r >= 0)
			r = put_controller(out, k, subsys, before);
	}
	return r;
}

/* One of the many that a css_set stands for. */
static int linked_cgroup(struct kernel *k, uint64_t css_set, uint64_t root, uint64_t *ret)
{
	uint64_t head, link, cgroup, of;
	struct list_walk w;
	int r = field_addr(k, css_set, F_css_set_cgrp_links, &head);

	if (r >= 0)
		r = list_begin(&w, k, head, F_cgrp_cset_link_cgrp_link);
	while (r >= 0 && (r = list_next(&w, &link)) > 0) {
		r = field_u64(k, link, F_cgrp_cset_link_cgrp, &cgroup);
		if (r >= 0)
			r = field_u64(k, cgroup, F_cgroup_root, &of);
		if (r >= 0 && of == root) {
			*ret = cgroup;
			return 0;
		}
	}
	if (r >= 0)
		*ret = 0;
	return r;
}

int task_cgroup(struct kernel *k, uint64_t task, const struct cgroup_hierarchy *h, uint64_t *ret)
{
	uint64_t css_set, initial;
	int r = field_u64(k, task, F_task_cgroups, &css_set);

	if (r < 0)
		return r;
	if (h->is_default)
		return field_u64(k, css_set, F_css_set_dfl_cgrp, ret);
	if (symbol_addr(k, "init_css_set", &initial) >= 0 && css_set == initial)
		return field_addr(k, h->root, F_cgroup_root_cgrp, ret);
	return linked_cgroup(k, css_set, h->root, ret);
}

/* The names of the nodes from @node up, deepest first; the root has none. */
static int climb(struct kernel *k, uint64_t node, char (*names)[NAME_LEN], size_t *ret_n)
{
	size_t n = 0;

	for (;;) {
		uint64_t parent;
		int r = field_u64(k, node, F_kernfs_node_parent, &parent);

		if (r < 0)
			return r;
		if (!parent)
			break;
		if (n == LIMIT_CGROUP_DEPTH)
			return fail(-ELOOP, "a cgroup %zu levels deep", n);
		r = field_str(k, node, F_kernfs_node_name, names[n], NAME_LEN);
		if (r < 0)
			return r;
		n++;
		node = parent;
	}
	*ret_n = n;
	return 0;
}

/* The same while a group had its name itself, 65dff759d294 (v3.10) to v3.14. */
static int climb_groups(struct kernel *k, uint64_t cgroup, char (*names)[NAME_LEN], size_t *ret_n)
{
	uint64_t parent, name;
	size_t n = 0;

	for (;; cgroup = parent) {
		int r = field_u64(k, cgroup, F_cgroup_parent, &parent);

		if (r < 0)
			return r;
		if (!parent)
			break;
		if (n == LIMIT_CGROUP_DEPTH)
			return fail(-ELOOP, "a cgroup %zu levels deep", n);
		r = field_u64(k, cgroup, F_cgroup_name, &name);
		if (r >= 0)
			r = field_str(k, name, F_cgroup_name_name, names[n], NAME_LEN);
		if (r < 0)
			return r;
		n++;
	}
	*ret_n = n;
	return 0;
}

int put_cgroup_path(struct strbuf *out, struct kernel *k, uint64_t cgroup)
{
	char names[LIMIT_CGROUP_DEPTH][NAME_LEN];
	uint64_t node;
	size_t n;
	int r = 0;

	if (field_exists(k, F_cgroup_kn)) {
		r = field_u64(k, cgroup, F_cgroup_kn, &node);
		if (r >= 0)
			r = climb(k, node, names, &n);
	} else {
		r = climb_groups(k, cgroup, names, &n);
	}
	if (r < 0)
		return within(r, "cgroup %#lx", cgroup);
	if (!n)
		put_str(out, "/");
	while (n--)
		put(out, "/%s", names[n]);
	return 0;
}

int cgroup_is_dead(struct kernel *k, uint64_t cgroup, bool *ret)
{
	uint64_t flags;
	int r = field_u64(k, cgroup, F_cgroup_css_flags, &flags);

	if (r >= 0)
		*ret = !(flags & CSS_ONLINE);
	return r;
}
