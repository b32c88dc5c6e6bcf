#include "kernel/file/path.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

#define FMODE_BACKING (3ull << 24) /* one of these bits; the other one has another meaning */

static int path_read(struct kernel *k, uint64_t addr, struct path *ret)
{
	struct path p;
	int r = field_u64(k, addr, F_path_mnt, &p.mnt);

	if (r == 0)
		r = field_u64(k, addr, F_path_dentry, &p.dentry);
	if (r == 0)
		*ret = p;
	return r;
}

/* def3ae83da02 (v6.7): of a file that a stacking file system has opened below, the path above. The bit
 * that tells has moved and was taken by another flag, so what is found must also be such a path. */
static bool find_user_path(struct kernel *k, uint64_t file, struct path *ret)
{
	uint64_t mode, addr, sb, type;
	struct path p;
	char name[16];

	if (field_u64(k, file, F_file_mode, &mode) < 0 || !(mode & FMODE_BACKING) ||
	    field_addr(k, file, F_backing_file_user_path, &addr) < 0 ||
	    path_read(k, addr, &p) < 0 || field_u64(k, p.dentry, F_dentry_sb, &sb) < 0 ||
	    field_u64(k, sb, F_sb_type, &type) < 0 ||
	    field_str(k, type, F_fs_type_name, name, sizeof(name)) < 0 ||
	    (strcmp(name, "overlay") && strcmp(name, "fuse")))
		return false;
	*ret = p;
	return true;
}

int path_of_file(struct kernel *k, uint64_t file, struct path *ret)
{
	uint64_t addr;
	int r = field_addr(k, file, F_file_path, &addr);

	if (r < 0 || find_user_path(k, file, ret))
		return r;
	return path_read(k, addr, ret);
}

static int path_of_fs(struct kernel *k, uint64_t task, enum field f, struct path *ret)
{
	uint64_t fs, addr;
	int r = field_u64(k, task, F_task_fs, &fs);

	if (r < 0)
		return r;
	if (!fs)
		return fail(-ENOENT, "the task has left its file systems");
	r = field_addr(k, fs, f, &addr);
	return r < 0 ? r : path_read(k, addr, ret);
}

int path_of_root(struct kernel *k, uint64_t task, struct path *ret)
{
	return path_of_fs(k, task, F_fs_root, ret);
}

int path_of_cwd(struct kernel *k, uint64_t task, struct path *ret)
{
	return path_of_fs(k, task, F_fs_pwd, ret);
}

int path_of_init(struct kernel *k, struct path *ret)
{
	uint64_t ns, task;
	int r = symbol_addr(k, "init_pid_ns", &ns);

	if (r == 0)
		r = field_u64(k, ns, F_pid_ns_child_reaper, &task);
	return r < 0 ? r : path_of_root(k, task, ret);
}

/* Whoever turns \134 back into a backslash also turns \001 back: there nothing needs to reach a terminal. */
static bool is_mangled(unsigned char c, const char *escape)
{
	if (strchr(escape, '\\') && (c < 0x20 || c == 0x7f))
		return true;
	return c && strchr(escape, c);
}

void put_mangled(struct strbuf *out, const char *bytes, size_t len, const char *escape)
{
	size_t start = 0;

	for (size_t i = 0; i < len; i++) {
		if (!is_mangled((unsigned char)bytes[i], escape))
			continue;
		put_bytes(out, bytes + start, i - start);
		put(out, "\\%03o", (unsigned char)bytes[i]);
		start = i + 1;
	}
	put_bytes(out, bytes + start, len - start);
}

/* A path in the making: it grows to the left. */
struct leftward {
	char buf[LIMIT_PATH];
	size_t at; /* where it begins */
};

static int prepend(struct leftward *l, const char *bytes, size_t len)
{
	if (len > l->at)
		return fail(-ELOOP, "a path of more than %u bytes", LIMIT_PATH);
	l->at -= len;
	memcpy(l->buf + l->at, bytes, len);
	return 0;
}

static int read_name(struct kernel *k, uint64_t dentry, char ret[LIMIT_NAME], size_t *ret_len)
{
	uint64_t name, len;
	int r = field_u64(k, dentry, F_dentry_name_len, &len);

	if (r == 0)
		r = field_u64(k, dentry, F_dentry_name, &name);
	if (r < 0)
		return r;
	if (len > LIMIT_NAME)
		return fail(-EBADMSG, "dentry at %#lx: a name of %lu bytes", dentry, len);
	r = kernel_read(k, name, ret, len);
	if (r < 0)
		return within(r, "name of the dentry at %#lx", dentry);
	*ret_len = len;
	return 0;
}

static int prepend_name(struct leftward *l, struct kernel *k, uint64_t dentry)
{
	char name[LIMIT_NAME];
	size_t len;
	int r = read_name(k, dentry, name, &len);

	if (r == 0)
		r = prepend(l, name, len);
	return r < 0 ? r : prepend(l, "/", 1);
}

/* From @dentry up to the root of its file system or to @end, whichever comes first. */
static int climb(struct leftward *l, struct kernel *k, uint64_t dentry, uint64_t end,
		 uint64_t *ret_top)
{
	for (unsigned int i = 0; i < LIMIT_PATH; i++) {
		uint64_t parent;
		int r = field_u64(k, dentry, F_dentry_parent, &parent);

		if (r < 0)
			return r;
		if (dentry == end || dentry == parent) {
			*ret_top = dentry;
			return 0;
		}
		r = prepend_name(l, k, dentry);
		if (r < 0)
			return r;
		dentry = parent;
	}
	return fail(-ELOOP, "directories without a root");
}

/* Where the mount of @mnt is mounted. False: nowhere. */
static int go_below(struct kernel *k, struct path *p, bool *ret_is_mounted)
{
	uint64_t mount, parent, dentry;
	int r = field_owner(k, p->mnt, F_mount_mnt, &mount);

	if (r == 0)
		r = field_u64(k, mount, F_mount_parent, &parent);
	if (r == 0)
		r = field_u64(k, mount, F_mount_mountpoint, &dentry);
	if (r < 0)
		return r;
	*ret_is_mounted = parent != mount;
	if (parent == mount)
		return 0;
	p->dentry = dentry;
	return field_addr(k, parent, F_mount_mnt, &p->mnt);
}

/* Prepend the name of @p: 1 when @root was reached, else 0. */
static int prepend_path(struct leftward *l, struct kernel *k, struct path p,
			const struct path *root)
{
	for (unsigned int i = 0; i < LIMIT_MOUNT_DEPTH; i++) {
		uint64_t mnt_root, end;
		bool is_mounted;
		int r = field_u64(k, p.mnt, F_vfsmount_root, &mnt_root);

		if (r < 0)
			return r;
		end = p.mnt == root->mnt ? root->dentry : mnt_root;
		r = climb(l, k, p.dentry, end, &p.dentry);
		if (r < 0)
			return r;
		if (p.mnt == root->mnt && p.dentry == root->dentry)
			return 1;
		/* A directory that was moved out of what is mounted: it ends at the file system's. */
		if (p.dentry != mnt_root)
			return 0;
		r = go_below(k, &p, &is_mounted);
		if (r < 0)
			return r;
		if (!is_mounted)
			return 0;
	}
	return fail(-ELOOP, "more than %u mounts one in the other", LIMIT_MOUNT_DEPTH);
}

/* A dentry that has been unlinked is in no hash any more; the root of a file system never was. */
static int is_unlinked(struct kernel *k, uint64_t dentry, bool *ret)
{
	uint64_t pprev, parent;
	int r = field_u64(k, dentry, F_dentry_hash_pprev, &pprev);

	if (r == 0)
		r = field_u64(k, dentry, F_dentry_parent, &parent);
	if (r == 0)
		*ret = !pprev && parent != dentry;
	return r;
}

static int flush(const struct leftward *l, struct strbuf *out, const char *escape)
{
	size_t len = sizeof(l->buf) - l->at;

	if (len)
		put_mangled(out, l->buf + l->at, len, escape);
	else
		put_str(out, "/");
	return 0;
}

int put_path_below(struct strbuf *out, struct kernel *k, const struct path *p,
		   const struct path *root, const char *escape)
{
	struct leftward l = { .at = sizeof(l.buf) };
	int r = prepend_path(&l, k, *p, root);

	if (r <= 0)
		return r;
	flush(&l, out, escape);
	return 1;
}

static int put_plain_path(struct strbuf *out, struct kernel *k, const struct path *p,
			  const struct path *root, const char *escape)
{
	struct leftward l = { .at = sizeof(l.buf) };
	bool unlinked;
	int r = is_unlinked(k, p->dentry, &unlinked);

	if (r < 0)
		return r;
	if (unlinked)
		prepend(&l, " (deleted)", strlen(" (deleted)"));
	r = prepend_path(&l, k, *p, root);
	return r < 0 ? r : flush(&l, out, escape);
}

/* What the d_dname of file systems without paths makes of a dentry: text with its name and the number
 * of its inode. */
static const struct special {
	const char *function, *before;
	enum { NAME, NUMBER, NAMESPACE, NOTHING } what;
	const char *after;
} specials[] = {
	{ "pipefs_dname", "pipe:[", NUMBER, "]" },
	{ "sockfs_dname", "socket:[", NUMBER, "]" },
	{ "anon_inodefs_dname", "anon_inode:", NAME, "" },
	{ "pidfs_dname", "anon_inode:[pidfd]", NOTHING, "" },
	{ "simple_dname", "/", NAME, " (deleted)" },
	{ "dmabuffs_dname", "/", NAME, ":" },
	{ "ns_dname", "", NAMESPACE, "" },
};

static int put_inode_number(struct strbuf *out, struct kernel *k, uint64_t dentry)
{
	uint64_t inode, ino;
	int r = field_u64(k, dentry, F_dentry_inode, &inode);

	if (r == 0)
		r = field_u64(k, inode, F_inode_ino, &ino);
	if (r == 0)
		put(out, "%lu", ino);
	return r;
}

/* "mnt:[4026531841]" */
static int put_namespace(struct strbuf *out, struct kernel *k, uint64_t dentry)
{
	uint64_t inode, ns, ops, ino;
	char name[32];
	int r = field_u64(k, dentry, F_dentry_inode, &inode);

	if (r == 0)
		r = field_u64(k, inode, F_inode_private, &ns);
	if (r == 0)
		r = field_u64(k, ns, F_ns_common_ops, &ops);
	if (r == 0)
		r = field_str(k, ops, F_ns_ops_name, name, sizeof(name));
	if (r == 0)
		r = field_u64(k, inode, F_inode_ino, &ino);
	if (r == 0)
		put(out, "%s:[%lu]", name, ino);
	return r;
}

static int put_special(struct strbuf *out, struct kernel *k, uint64_t dentry,
		       const struct special *s, const char *escape)
{
	char name[LIMIT_NAME];
	size_t len;
	int r = 0;

	put_str(out, s->before);
	switch (s->what) {
	case NAME:
		r = read_name(k, dentry, name, &len);
		if (r == 0)
			put_mangled(out, name, len, escape);
		break;
	case NUMBER:
		r = put_inode_number(out, k, dentry);
		break;
	case NAMESPACE:
		r = put_namespace(out, k, dentry);
		break;
	case NOTHING:
		break;
	}
	put_str(out, s->after);
	return r;
}

/* How the file system of @dentry names its files itself; NULL: it does not, or in an unknown way. */
static const struct special *find_special(struct kernel *k, uint64_t dentry)
{
	struct symbol s;
	uint64_t op, dname;

	if (field_u64(k, dentry, F_dentry_op, &op) < 0 || !op ||
	    field_u64(k, op, F_dentry_op_dname, &dname) < 0 || !dname ||
	    symbol_at(k, dname, &s) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (!strcmp(s.name, specials[i].function))
			return &specials[i];
	return NULL;
}

int put_dentry(struct strbuf *out, struct kernel *k, uint64_t dentry, const char *escape)
{
	const struct special *s = find_special(k, dentry);
	struct leftward l = { .at = sizeof(l.buf) };
	bool unlinked;
	uint64_t top;
	int r;

	if (s && s->what == NAMESPACE)
		return put_namespace(out, k, dentry);
	r = is_unlinked(k, dentry, &unlinked);
	if (r < 0)
		return r;
	if (unlinked)
		prepend(&l, "//deleted", strlen("//deleted"));
	r = climb(&l, k, dentry, 0, &top);
	return r < 0 ? r : flush(&l, out, escape);
}

/* The root of a mount has a name even there: a namespace's file that is bound somewhere. */
static bool is_mount_root(struct kernel *k, const struct path *p)
{
	uint64_t root, parent;

	return field_u64(k, p->mnt, F_vfsmount_root, &root) == 0 && root == p->dentry &&
	       field_u64(k, p->dentry, F_dentry_parent, &parent) == 0 && parent == p->dentry;
}

int put_path(struct strbuf *out, struct kernel *k, const struct path *p, const struct path *root,
	     const char *escape)
{
	const struct special *s = find_special(k, p->dentry);
	size_t before = out->len;
	int r;

	if (s && !is_mount_root(k, p))
		r = put_special(out, k, p->dentry, s, escape);
	else
		r = put_plain_path(out, k, p, root, escape);
	if (r < 0)
		out->len = before;
	return r;
}
