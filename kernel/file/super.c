#include "kernel/file/super.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

#define MAX_ERRNO 4095

int supers_begin(struct list_walk *w, struct kernel *k)
{
	uint64_t head;
	int r = symbol_addr(k, "super_blocks", &head);

	return r < 0 ? r : list_begin(w, k, head, F_sb_list);
}

int super_inodes_begin(struct list_walk *w, struct kernel *k, uint64_t sb)
{
	uint64_t head;
	int r = field_addr(k, sb, F_sb_inodes, &head);

	return r < 0 ? r : list_begin(w, k, head, F_inode_sb_list);
}

/* A chain since v6.18. */
static int each_of_chain(struct kernel *k, uint64_t sb, super_mount_fn *fn, void *arg)
{
	struct guard g = { 0 };
	uint64_t mount;
	int r = field_u64(k, sb, F_sb_mounts, &mount);

	while (r == 0 && mount) {
		r = guard_step(&g, mount);
		if (r == 0)
			r = fn(arg, mount);
		if (r == 0)
			r = field_u64(k, mount, F_mount_next_for_sb, &mount);
	}
	return r;
}

static int each_of_list(struct kernel *k, uint64_t sb, super_mount_fn *fn, void *arg)
{
	struct list_walk w;
	uint64_t head, mount;
	int r = field_addr(k, sb, F_sb_mounts, &head);

	if (r == 0)
		r = list_begin(&w, k, head, F_mount_instance);
	while (r >= 0 && (r = list_next(&w, &mount)) > 0) {
		r = fn(arg, mount);
		if (r)
			break;
	}
	return r;
}

int super_mounts_each(struct kernel *k, uint64_t sb, super_mount_fn *fn, void *arg)
{
	int r = field_exists(k, F_mount_next_for_sb) ? each_of_chain(k, sb, fn, arg)
						     : each_of_list(k, sb, fn, arg);

	return r < 0 ? within(r, "mounts of %#lx", sb) : r;
}

/* f7a99c5b7c8b (v3.5): MNT_NS_INTERNAL is an error in place of a pointer. */
int mount_namespace(struct kernel *k, uint64_t mount, uint64_t *ret)
{
	uint64_t ns;
	int r = field_u64(k, mount, F_mount_ns, &ns);

	if (r == 0)
		*ret = ns >= -(uint64_t)MAX_ERRNO ? MOUNT_OF_KERNEL : ns;
	return r;
}

struct choice {
	struct kernel *k;
	uint64_t root;	   /* of the file system */
	uint64_t ns;	   /* init's; 0: not known */
	unsigned int best; /* how good .path is; 0: there is none */
	enum mounted how;
	struct path path;
};

static enum mounted kind_of(uint64_t ns)
{
	if (!ns)
		return MOUNTED_DETACHED;
	return ns == MOUNT_OF_KERNEL ? MOUNTED_BY_KERNEL : MOUNTED;
}

static int look_at(void *arg, uint64_t mount)
{
	struct choice *c = arg;
	unsigned int good;
	struct path p;
	uint64_t ns;
	int r = mount_namespace(c->k, mount, &ns);

	if (r == 0)
		r = field_addr(c->k, mount, F_mount_mnt, &p.mnt);
	if (r == 0)
		r = field_u64(c->k, p.mnt, F_vfsmount_root, &p.dentry);
	if (r < 0)
		return r;
	good = 4 * kind_of(ns) + 2 * (p.dentry == c->root) + (ns == c->ns);
	if (good > c->best) {
		c->best = good;
		c->how = kind_of(ns);
		c->path = p;
	}
	return 0;
}

static uint64_t namespace_of_init(struct kernel *k)
{
	uint64_t task, proxy, ns;

	if (task_find(k, 1, &task) < 0 || field_u64(k, task, F_task_nsproxy, &proxy) < 0 ||
	    !proxy || field_u64(k, proxy, F_nsproxy_mnt_ns, &ns) < 0)
		return 0;
	return ns;
}

int super_mounted(struct kernel *k, uint64_t sb, enum mounted *ret, struct path *ret_path)
{
	struct choice c = { .k = k, .ns = namespace_of_init(k) };
	int r = field_u64(k, sb, F_sb_root, &c.root);

	if (r == 0)
		r = super_mounts_each(k, sb, look_at, &c);
	if (r < 0)
		return r;
	*ret = c.how;
	*ret_path = c.path;
	return 0;
}

int inode_alias(struct kernel *k, uint64_t inode, uint64_t *ret)
{
	struct list_walk w;
	uint64_t head, dentry;
	int r = field_addr(k, inode, F_inode_dentry, &head);

	if (r == 0)
		r = hlist_begin(&w, k, head, F_dentry_alias);
	if (r == 0)
		r = hlist_next(&w, &dentry);
	if (r == 0)
		return fail(-ENOENT, "an inode without a name");
	if (r < 0)
		return r;
	*ret = dentry;
	return 0;
}
