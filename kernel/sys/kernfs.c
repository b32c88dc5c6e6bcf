#include "kernel/sys/kernfs.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/rbtree.h"

#define TYPE_MASK 0xf
#define HIDDEN	  0x200

/* Where no symbol tells it: /sys/kernel, which is exported, is in it. */
static int root_of_exported(struct kernel *k, uint64_t *ret)
{
	uint64_t kobject, node;
	int r = symbol_u64(k, "kernel_kobj", 8, &kobject);

	if (r >= 0)
		r = field_u64(k, kobject, F_kobject_sd, &node);
	return r < 0 ? r : kernfs_parent(k, node, ret);
}

int sysfs_root(struct kernel *k, uint64_t *ret)
{
	int r = symbol_u64(k, "sysfs_root_kn", 8, ret);

	return r == -ENOENT ? root_of_exported(k, ret) : r;
}

int cgroup_fs_root(struct kernel *k, uint64_t *ret)
{
	uint64_t root, visible;
	int r = symbol_u64(k, "cgrp_dfl_visible", 1, &visible);

	if (r >= 0 && !visible)
		r = fail(-ENOENT, "control groups of the second version are not mounted");
	if (r >= 0)
		r = symbol_addr(k, "cgrp_dfl_root", &root);
	if (r >= 0)
		r = field_addr(k, root, F_cgroup_root_cgrp, &root);
	return r < 0 ? r : field_u64(k, root, F_cgroup_kn, ret);
}

int kernfs_read(struct kernel *k, uint64_t node, struct kernfs *ret)
{
	uint64_t flags, mode;
	int r = field_str(k, node, F_kernfs_node_name, ret->name, sizeof(ret->name));

	ret->node = node;
	if (r >= 0)
		r = field_u64(k, node, F_kernfs_node_flags, &flags);
	if (r >= 0)
		r = field_u64(k, node, F_kernfs_node_mode, &mode);
	if (r >= 0)
		r = field_u64(k, node, F_kernfs_node_priv, &ret->priv);
	if (r < 0)
		return within(r, "kernfs_node at %#lx", node);
	ret->type = (enum kernfs_type)(flags & TYPE_MASK);
	ret->mode = (uint32_t)mode;
	if (ret->type != KERNFS_DIR && ret->type != KERNFS_FILE && ret->type != KERNFS_LINK)
		return fail(-EBADMSG, "kernfs_node at %#lx of no kind", node);
	return 0;
}

/* Of another network namespace, or not yet there, or there no more. */
static int is_hidden(struct kernel *k, uint64_t node, bool *ret)
{
	uint64_t ns, net, flags, active, common = 0;
	int r = field_u64(k, node, F_kernfs_node_ns, &ns);

	if (r >= 0)
		r = field_u64(k, node, F_kernfs_node_flags, &flags);
	if (r >= 0)
		r = field_u64(k, node, F_kernfs_node_active, &active);
	if (r < 0)
		return r;
	*ret = flags & HIDDEN || (int32_t)active < 0;
	if (!ns || *ret)
		return 0;
	r = symbol_addr(k, "init_net", &net);
	if (r >= 0)
		r = field_addr(k, net, F_net_ns, &common); /* so since v7.1 */
	*ret = ns != net && ns != common;
	return r;
}

int kernfs_each(struct kernel *k, uint64_t dir, kernfs_fn *fn, void *arg)
{
	struct kernfs entry;
	struct rb_walk w;
	uint64_t root, node;
	bool hidden;
	int r = field_addr(k, dir, F_kernfs_node_children, &root);

	if (r >= 0)
		r = rb_begin(&w, k, root, F_kernfs_node_rb);
	while (r >= 0 && (r = rb_next(&w, &node)) > 0) {
		r = is_hidden(k, node, &hidden);
		if (r >= 0 && hidden)
			continue;
		if (r >= 0)
			r = kernfs_read(k, node, &entry);
		if (r >= 0)
			r = fn(arg, &entry);
		if (r)
			break;
	}
	return r < 0 ? within(r, "kernfs directory at %#lx", dir) : r;
}

struct search {
	const char *name;
	struct kernfs *ret;
};

static int is_it(void *arg, const struct kernfs *entry)
{
	const struct search *s = arg;

	if (strcmp(entry->name, s->name) != 0)
		return 0;
	*s->ret = *entry;
	return 1;
}

int kernfs_find(struct kernel *k, uint64_t dir, const char *name, struct kernfs *ret)
{
	struct search s = { name, ret };
	int r = kernfs_each(k, dir, is_it, &s);

	return r ? (r < 0 ? r : 0) : fail(-ENOENT, "no entry %s", name);
}

int kernfs_parent(struct kernel *k, uint64_t node, uint64_t *ret)
{
	return field_u64(k, node, F_kernfs_node_parent, ret);
}

/* From a node up to the root. */
struct climb {
	uint64_t node[LIMIT_KERNFS_DEPTH];
	size_t n; /* the last is the root */
};

static int climb(struct kernel *k, uint64_t node, struct climb *ret)
{
	ret->n = 0;
	while (node) {
		int r;

		if (ret->n == LIMIT_KERNFS_DEPTH)
			return fail(-ELOOP, "a kernfs_node %zu levels deep", ret->n);
		ret->node[ret->n++] = node;
		r = kernfs_parent(k, node, &node);
		if (r < 0)
			return r;
	}
	return 0;
}

/* kernfs_get_target_path() */
int put_kernfs_target(struct strbuf *out, struct kernel *k, uint64_t node)
{
	char name[KERNFS_NAME_LEN];
	struct climb from, to;
	uint64_t target, dir;
	size_t same = 0;
	int r = field_u64(k, node, F_kernfs_node_target, &target);

	if (r >= 0)
		r = kernfs_parent(k, node, &dir);
	if (r >= 0)
		r = climb(k, dir, &from);
	if (r >= 0)
		r = climb(k, target, &to);
	if (r < 0)
		return within(r, "link at %#lx", node);
	/* As far as both are below the same directories; the target itself is none of them. */
	while (same < from.n && same + 1 < to.n &&
	       from.node[from.n - 1 - same] == to.node[to.n - 1 - same])
		same++;
	if (!same || to.n == 1)
		return fail(-EBADMSG, "the link at %#lx leads to another tree", node);
	for (size_t i = same; i < from.n; i++)
		put_str(out, "../");
	for (size_t i = to.n - same; r >= 0 && i > 0; i--) {
		r = field_str(k, to.node[i - 1], F_kernfs_node_name, name, sizeof(name));
		put(out, "%s%s", name, i > 1 ? "/" : "");
	}
	return r;
}
