#include "kernel/file/mount_options.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/task/cgroup.h"
#include "kernel/fields.h"
#include "kernel/file/mount_ext4.h"
#include "kernel/file/mount_overlay.h"
#include "kernel/file/path.h"
#include "kernel/mem/counts.h"
#include "kernel/symbol/symbols.h"

#define PTYS_MAX     (1u << 20) /* NR_UNIX98_PTY_MAX */
#define FUSE_READ    (~0u)	/* of max_read: any length */
#define TMPFS_MODE   01777
#define RAMFS_MODE   0755
#define DEBUGFS_MODE 0700

/* An option that shows unless its member has this value. */
struct option {
	enum field f;
	const char *name; /* "gid=", "noswap" */
	char form;	  /* u unsigned, o octal, - a switch: the name is all */
	uint64_t hidden;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Members that this kernel lacks show nothing. */
static int put_options(struct strbuf *out, struct kernel *k, uint64_t at, const struct option *o,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t v;
		int r;

		if (!field_exists(k, o[i].f))
			continue;
		r = field_u64(k, at, o[i].f, &v);
		if (r < 0)
			return r;
		if (v == o[i].hidden)
			continue;
		put(out, ",%s", o[i].name);
		if (o[i].form == 'u')
			put(out, "%lu", v);
		else if (o[i].form == 'o')
			put(out, "%03lo", v);
	}
	return 0;
}

static int put_huge(struct strbuf *out, struct kernel *k, uint64_t info)
{
	static const char *const words[] = { "never", "always", "within_size", "advise" };
	uint64_t huge;
	int r;

	if (!field_exists(k, F_shmem_huge))
		return 0;
	r = field_u64(k, info, F_shmem_huge, &huge);
	if (r == 0 && huge)
		put(out, ",huge=%s", huge < COUNT(words) ? words[huge] : "?");
	return r;
}

/* Half of memory is the default for blocks and inodes. */
static int put_shmem(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	static const struct option owner[] = {
		{ F_shmem_mode, "mode=", 'o', TMPFS_MODE },
		{ F_shmem_uid, "uid=", 'u', 0 },
		{ F_shmem_gid, "gid=", 'u', 0 },
		{ F_shmem_full_inums, "inode64", '-', 0 },
	};
	static const struct option rest[] = { { F_shmem_noswap, "noswap", '-', 0 } };
	uint64_t pages, blocks, inodes;
	int r = total_pages(k, &pages);

	(void)sb;
	if (r == 0)
		r = field_u64(k, info, F_shmem_max_blocks, &blocks);
	if (r == 0)
		r = field_u64(k, info, F_shmem_max_inodes, &inodes);
	if (r < 0)
		return r;
	if (blocks != pages / 2)
		put(out, ",size=%luk", blocks << (kernel_page_shift(k) - 10));
	if (inodes != pages / 2)
		put(out, ",nr_inodes=%lu", inodes);
	r = put_options(out, k, info, owner, COUNT(owner));
	if (r == 0)
		r = put_huge(out, k, info);
	return r < 0 ? r : put_options(out, k, info, rest, COUNT(rest));
}

static int put_ramfs(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	static const struct option mode[] = { { F_ramfs_mode, "mode=", 'o', RAMFS_MODE } };

	(void)sb;
	return put_options(out, k, info, mode, COUNT(mode));
}

static int put_debugfs(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	static const struct option owner[] = {
		{ F_debugfs_uid, "uid=", 'u', 0 },
		{ F_debugfs_gid, "gid=", 'u', 0 },
		{ F_debugfs_mode, "mode=", 'o', DEBUGFS_MODE },
	};

	(void)sb;
	return put_options(out, k, info, owner, COUNT(owner));
}

static int put_devpts(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	static const struct option modes[] = {
		{ F_pts_mode, "mode=", 'o', UINT64_MAX },
		{ F_pts_ptmxmode, "ptmxmode=", 'o', UINT64_MAX },
		{ F_pts_max, "max=", 'u', PTYS_MAX },
	};
	static const struct {
		enum field is_set;
		struct option id;
	} ids[] = {
		{ F_pts_setuid, { F_pts_uid, "uid=", 'u', UINT64_MAX } },
		{ F_pts_setgid, { F_pts_gid, "gid=", 'u', UINT64_MAX } },
	};
	int r = 0;

	(void)sb;
	for (size_t i = 0; i < COUNT(ids) && r == 0; i++) {
		uint64_t is_set;

		r = field_u64(k, info, ids[i].is_set, &is_set);
		if (r == 0 && is_set)
			r = put_options(out, k, info, &ids[i].id, 1);
	}
	return r < 0 ? r : put_options(out, k, info, modes, COUNT(modes));
}

/* struct proc_fs_info of fa10fed30f25 (v5.8). */
static int put_proc(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	static const char *const words[] = { "off", "noaccess", "invisible", NULL, "ptraceable" };
	static const struct option gid[] = { { F_proc_gid, "gid=", 'u', 0 } };
	static const struct option pidonly[] = { { F_proc_pidonly, "subset=pid", '-', 0 } };
	uint64_t hide;
	int r;

	(void)sb;
	if (!field_exists(k, F_proc_hide_pid)) {
		put_str(out, OPTIONS_UNKNOWN);
		return 0;
	}
	r = put_options(out, k, info, gid, COUNT(gid));
	if (r == 0)
		r = field_u64(k, info, F_proc_hide_pid, &hide);
	if (r < 0)
		return r;
	if (hide)
		put(out, ",hidepid=%s", hide < COUNT(words) && words[hide] ? words[hide] : "?");
	return put_options(out, k, info, pidonly, COUNT(pidonly));
}

/* b4c5dcb46cf6 (v5.7): a fuse_conn may have several mounts, and the super_block leads to one. */
static int put_fuse(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	static const struct option options[] = {
		{ F_fuse_user_id, "user_id=", 'u', UINT64_MAX },
		{ F_fuse_group_id, "group_id=", 'u', UINT64_MAX },
		{ F_fuse_default_permissions, "default_permissions", '-', 0 },
		{ F_fuse_allow_other, "allow_other", '-', 0 },
		{ F_fuse_max_read, "max_read=", 'u', FUSE_READ },
	};
	uint64_t conn = info;
	int r = 0;

	(void)sb;
	if (!field_exists(k, F_fuse_user_id)) {
		put_str(out, OPTIONS_UNKNOWN);
		return 0;
	}
	if (field_exists(k, F_fuse_mount_fc))
		r = field_u64(k, info, F_fuse_mount_fc, &conn);
	return r < 0 ? r : put_options(out, k, conn, options, COUNT(options));
}

/* Those of the default hierarchy, which all its mounts share: bits of the root's flags. */
static int put_cgroup2(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	static const struct {
		const char *bit, *text;
	} flags[] = {
		{ "CGRP_ROOT_NS_DELEGATE", ",nsdelegate" },
		{ "CGRP_ROOT_FAVOR_DYNMODS", ",favordynmods" },
		{ "CGRP_ROOT_MEMORY_LOCAL_EVENTS", ",memory_localevents" },
		{ "CGRP_ROOT_MEMORY_RECURSIVE_PROT", ",memory_recursiveprot" },
		{ "CGRP_ROOT_MEMORY_HUGETLB_ACCOUNTING", ",memory_hugetlb_accounting" },
		{ "CGRP_ROOT_PIDS_LOCAL_EVENTS", ",pids_localevents" },
	};
	uint64_t root, set, bit;
	int r = symbol_addr(k, "cgrp_dfl_root", &root);

	(void)sb;
	(void)info;
	if (r == 0)
		r = field_u64(k, root, F_cgroup_root_flags, &set);
	if (r < 0)
		return r;
	for (size_t i = 0; i < COUNT(flags); i++)
		if (kernel_enumerator(k, flags[i].bit, &bit) == 0 && set & bit)
			put_str(out, flags[i].text);
	return 0;
}

struct cgroup_search {
	struct strbuf *out;
	struct kernel *k;
	uint64_t root;
};

static int put_hierarchy(void *arg, const struct cgroup_hierarchy *h)
{
	struct cgroup_search *s = arg;
	STRBUF(controllers);
	int r;

	if (h->root != s->root)
		return 0;
	r = put_controllers(&controllers, s->k, h);
	if (r < 0)
		return r;
	if (controllers.len)
		put(s->out, ",%s", controllers.data);
	if (*h->name) {
		put_str(s->out, ",name=");
		put_mangled(s->out, h->name, strlen(h->name), OPTION_ESCAPES);
	}
	return 1;
}

/* The root of the hierarchy by the root of its files. Of the options only names and controllers. */
static int put_cgroup1(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	struct cgroup_search s = { out, k, 0 };
	uint64_t root, node, cgroup;
	int r = field_u64(k, info, F_kernfs_super_info_root, &root);

	(void)sb;
	if (r == 0)
		r = field_u64(k, root, F_kernfs_root_kn, &node);
	if (r == 0)
		r = field_u64(k, node, F_kernfs_node_priv, &cgroup);
	if (r == 0)
		r = field_u64(k, cgroup, F_cgroup_root, &s.root);
	if (r == 0)
		r = cgroup_hierarchies(k, put_hierarchy, &s);
	return r < 0 ? r : 0;
}

typedef int put_options_fn(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info);

static put_options_fn put_kernfs;

/* Who shows the options of a file system, by the function in which the kernel does it. */
static const struct shower {
	const char *function;
	put_options_fn *put;
} showers[] = {
	{ "shmem_show_options", put_shmem },	 { "ramfs_show_options", put_ramfs },
	{ "debugfs_show_options", put_debugfs }, { "devpts_show_options", put_devpts },
	{ "proc_show_options", put_proc },	 { "kernfs_sop_show_options", put_kernfs },
	{ "cgroup_show_options", put_cgroup2 },	 { "cgroup1_show_options", put_cgroup1 },
	{ "ext4_show_options", put_ext4 },	 { "ovl_show_options", put_overlay },
	{ "fuse_show_options", put_fuse },
};

static int put_by_function(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info,
			   uint64_t function)
{
	struct symbol s;

	if (!function)
		return 0;
	if (symbol_at(k, function, &s) < 0)
		s.name = "";
	for (size_t i = 0; i < COUNT(showers); i++)
		if (!strcmp(s.name, showers[i].function))
			return showers[i].put(out, k, sb, info);
	put_str(out, OPTIONS_UNKNOWN);
	return 0;
}

/* sysfs and the cgroup file systems are built on kernfs, which asks them. */
static int put_kernfs(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	uint64_t root, ops, function = 0;
	int r = field_u64(k, info, F_kernfs_super_info_root, &root);

	if (r == 0)
		r = field_u64(k, root, F_kernfs_root_syscall_ops, &ops);
	if (r == 0 && ops)
		r = field_u64(k, ops, F_kernfs_ops_show_options, &function);
	return r < 0 ? r : put_by_function(out, k, sb, info, function);
}

int put_fs_options(struct strbuf *out, struct kernel *k, uint64_t sb)
{
	uint64_t ops, function, info;
	int r = field_u64(k, sb, F_sb_op, &ops);

	if (r == 0)
		r = field_u64(k, ops, F_super_ops_show_options, &function);
	if (r == 0)
		r = field_u64(k, sb, F_sb_fs_info, &info);
	return r < 0 ? r : put_by_function(out, k, sb, info, function);
}
