#include "kernel/file/mount.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/symbol/symbols.h"

#define MNT_SHARED     0x1000
#define MNT_UNBINDABLE 0x2000
#define MNT_CURSOR     0x10000000 /* 9f6c61f96f2d (v5.8): a reader's place in the list */

/* of mnt_t_flags, which v6.17 put in their place */
#define T_SHARED     1
#define T_UNBINDABLE 2

/* What in a devname is escaped: what the lines are divided by, and comments of fstab. */
#define SOURCE_ESCAPES " \t\n\\#"

int mounts_begin(struct mount_walk *w, struct kernel *k, uint64_t ns)
{
	uint64_t at;
	int r;

	*w = (struct mount_walk){ .k = k, .is_tree = field_exists(k, F_mnt_ns_mounts) };
	r = field_addr(k, ns, w->is_tree ? F_mnt_ns_mounts : F_mnt_ns_list, &at);
	if (r < 0)
		return r;
	return w->is_tree ? rb_begin(&w->tree, k, at, F_mount_node)
			  : list_begin(&w->list, k, at, F_mount_list);
}

static int next_addr(struct mount_walk *w, uint64_t *ret)
{
	uint64_t flags;
	int r;

	if (w->is_tree)
		return rb_next(&w->tree, ret);
	while ((r = list_next(&w->list, ret)) > 0) {
		uint64_t mnt;

		r = field_addr(w->k, *ret, F_mount_mnt, &mnt);
		if (r == 0)
			r = field_u64(w->k, mnt, F_vfsmount_flags, &flags);
		if (r < 0 || !(flags & MNT_CURSOR))
			return r < 0 ? r : 1;
	}
	return r;
}

int mounts_next(struct mount_walk *w, struct mount *ret)
{
	uint64_t addr;
	int r = next_addr(w, &addr);

	if (r <= 0)
		return r;
	r = mount_read(w->k, addr, ret);
	return r < 0 ? within(r, "mount at %#lx", addr) : 1;
}

int mount_read(struct kernel *k, uint64_t addr, struct mount *ret)
{
	struct mount m = { .addr = addr };
	uint64_t parent;
	int r = field_u64(k, addr, F_mount_id, &m.id);

	if (r == 0)
		r = field_addr(k, addr, F_mount_mnt, &m.root.mnt);
	if (r == 0)
		r = field_u64(k, addr, F_mount_parent, &parent);
	if (r == 0)
		r = field_u64(k, parent, F_mount_id, &m.parent_id);
	if (r == 0)
		r = field_u64(k, m.root.mnt, F_vfsmount_root, &m.root.dentry);
	if (r == 0)
		r = field_u64(k, m.root.mnt, F_vfsmount_flags, &m.flags);
	if (r == 0)
		r = field_u64(k, m.root.mnt, F_vfsmount_sb, &m.sb);
	if (r == 0)
		r = field_u64(k, m.sb, F_sb_flags, &m.sb_flags);
	if (r == 0)
		r = field_u64(k, m.sb, F_sb_dev, &m.dev);
	if (r == 0)
		*ret = m;
	return r;
}

struct flag {
	uint64_t bit;
	const char *text;
};

static void put_flags(struct strbuf *out, const struct flag *flags, size_t n, uint64_t set)
{
	for (size_t i = 0; i < n; i++)
		if (set & flags[i].bit)
			put_str(out, flags[i].text);
}

/* Has it a mapping of user ids that is not its file system's own? 9caccd41541a (v5.12) */
static bool is_idmapped(struct kernel *k, const struct mount *m)
{
	uint64_t map, user_ns, none;

	if (!field_exists(k, F_vfsmount_idmap) ||
	    field_u64(k, m->root.mnt, F_vfsmount_idmap, &map) < 0)
		return false;
	if (field_is_newest(k, F_vfsmount_idmap))
		return symbol_addr(k, "nop_mnt_idmap", &none) == 0 && map != none;
	return symbol_addr(k, "init_user_ns", &none) == 0 && map != none &&
	       field_u64(k, m->sb, F_sb_user_ns, &user_ns) == 0 && map != user_ns;
}

int put_mount_flags(struct strbuf *out, struct kernel *k, const struct mount *m)
{
	static const struct flag flags[] = {
		{ MNT_NOSUID, ",nosuid" }, { 0x2, ",nodev" },	    { 0x4, ",noexec" },
		{ 0x8, ",noatime" },	   { 0x10, ",nodiratime" }, { 0x20, ",relatime" },
		{ 0x80, ",nosymfollow" },
	};

	put_flags(out, flags, sizeof(flags) / sizeof(flags[0]), m->flags);
	if (is_idmapped(k, m))
		put_str(out, ",idmapped");
	return 0;
}

void put_sb_flags(struct strbuf *out, const struct mount *m)
{
	static const struct flag flags[] = {
		{ 0x10, ",sync" },
		{ 0x80, ",dirsync" },
		{ 0x40, ",mand" },
		{ 1ull << 25, ",lazytime" },
	};

	put_flags(out, flags, sizeof(flags) / sizeof(flags[0]), m->sb_flags);
}

/* Is what @mount has mounted below @root? */
static int is_below(struct kernel *k, uint64_t mount, const struct path *root)
{
	struct path p;
	STRBUF(name);
	int r = field_addr(k, mount, F_mount_mnt, &p.mnt);

	if (r == 0)
		r = field_u64(k, p.mnt, F_vfsmount_root, &p.dentry);
	return r < 0 ? r : put_path_below(&name, k, &p, root, "");
}

/* The group of the first of @mount's peers that is in the namespace @ns below @root; 0: none is. */
static int visible_group(struct kernel *k, uint64_t mount, uint64_t ns, const struct path *root,
			 uint64_t *ret)
{
	struct list_walk w;
	uint64_t peer = mount, head, peer_ns;
	int r = field_addr(k, mount, F_mount_share, &head);

	*ret = 0;
	if (r == 0)
		r = list_begin(&w, k, head, F_mount_share);
	if (r < 0)
		return r;
	do {
		r = field_u64(k, peer, F_mount_ns, &peer_ns);
		if (r == 0 && peer_ns == ns)
			r = is_below(k, peer, root);
		if (r < 0)
			return r;
		if (r > 0)
			return field_u64(k, peer, F_mount_group_id, ret);
	} while ((r = list_next(&w, &peer)) > 0);
	return r;
}

/* The nearest of its masters, and of their masters, that is visible; 0: none is. */
static int dominating_group(struct kernel *k, uint64_t master, uint64_t ns, const struct path *root,
			    uint64_t *ret)
{
	struct guard g = { 0 };

	*ret = 0;
	while (master && !*ret) {
		int r = guard_step(&g, master);

		if (r == 0)
			r = visible_group(k, master, ns, root, ret);
		if (r == 0)
			r = field_u64(k, master, F_mount_master, &master);
		if (r < 0)
			return r;
	}
	return 0;
}

static int put_master(struct strbuf *out, struct kernel *k, const struct mount *m, uint64_t master,
		      const struct path *root)
{
	uint64_t group, ns, dominating;
	int r = field_u64(k, master, F_mount_group_id, &group);

	if (r == 0)
		r = field_u64(k, m->addr, F_mount_ns, &ns);
	if (r == 0)
		r = dominating_group(k, master, ns, root, &dominating);
	if (r < 0)
		return r;
	put(out, " master:%lu", group);
	if (dominating && dominating != group)
		put(out, " propagate_from:%lu", dominating);
	return 0;
}

int put_propagation(struct strbuf *out, struct kernel *k, const struct mount *m,
		    const struct path *root)
{
	uint64_t flags = m->flags, shared = MNT_SHARED, unbindable = MNT_UNBINDABLE;
	uint64_t group, master;
	int r = 0;

	if (field_exists(k, F_mount_t_flags)) {
		r = field_u64(k, m->addr, F_mount_t_flags, &flags);
		shared = T_SHARED;
		unbindable = T_UNBINDABLE;
	}
	if (r == 0)
		r = field_u64(k, m->addr, F_mount_group_id, &group);
	if (r == 0)
		r = field_u64(k, m->addr, F_mount_master, &master);
	if (r < 0)
		return r;
	if (flags & shared)
		put(out, " shared:%lu", group);
	if (master)
		r = put_master(out, k, m, master, root);
	if (flags & unbindable)
		put_str(out, " unbindable");
	return r;
}

int put_fs_type(struct strbuf *out, struct kernel *k, const struct mount *m)
{
	char name[64], subtype[64] = "";
	uint64_t type;
	int r = field_u64(k, m->sb, F_sb_type, &type);

	if (r == 0)
		r = field_str(k, type, F_fs_type_name, name, sizeof(name));
	if (r == 0)
		r = field_str(k, m->sb, F_sb_subtype, subtype, sizeof(subtype));
	if (r < 0)
		return r;
	put_mangled(out, name, strlen(name), SOURCE_ESCAPES);
	if (*subtype) {
		put_str(out, ".");
		put_mangled(out, subtype, strlen(subtype), SOURCE_ESCAPES);
	}
	return 0;
}

int put_mount_source(struct strbuf *out, struct kernel *k, const struct mount *m)
{
	char name[LIMIT_NAME];
	uint64_t addr, p;
	int r = field_addr(k, m->addr, F_mount_devname, &addr);

	if (r == 0)
		r = kernel_read_uint(k, addr, 8, &p);
	if (r == 0 && !p) {
		put_str(out, "none");
		return 0;
	}
	if (r == 0)
		r = field_str(k, m->addr, F_mount_devname, name, sizeof(name));
	if (r == 0)
		put_mangled(out, name, strlen(name), SOURCE_ESCAPES);
	return r;
}
