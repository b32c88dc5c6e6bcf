#include "fs/usage/inode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/file/path.h"
#include "kernel/file/super.h"

#define ESCAPES	   ""
#define MINOR_BITS 20
#define TYPE_MASK  0170000
#define BLOCK	   0060000

void put_dev(struct strbuf *out, uint64_t dev, int width)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu:%lu", dev >> MINOR_BITS, dev & ((1u << MINOR_BITS) - 1));
	put(out, "%*s", width, text);
}

int put_super_type(struct strbuf *out, struct kernel *k, uint64_t sb)
{
	char name[64];
	uint64_t type;
	int r = field_u64(k, sb, F_sb_type, &type);

	if (r >= 0)
		r = field_str(k, type, F_fs_type_name, name, sizeof(name));
	if (r >= 0)
		put_escaped(out, name, strlen(name), " ");
	return r;
}

/* As a terminal may see it. */
static int put_safe_path(struct strbuf *out, struct kernel *k, const struct path *p)
{
	struct path root;
	STRBUF(text);
	int r = path_of_init(k, &root);

	if (r < 0)
		root = (struct path){ 0 };
	r = put_path(&text, k, p, &root, "");
	if (r >= 0)
		put_escaped(out, text.data, text.len, ESCAPES);
	return r;
}

int put_super_place(struct strbuf *out, struct kernel *k, uint64_t sb)
{
	static const char *const instead[] = {
		[MOUNTED_NOT] = "(not mounted)",
		[MOUNTED_DETACHED] = "(unmounted, in use)",
		[MOUNTED_BY_KERNEL] = "(the kernel's own)",
	};
	enum mounted how;
	struct path p;
	int r = super_mounted(k, sb, &how, &p);

	if (r >= 0 && how == MOUNTED)
		return put_safe_path(out, k, &p);
	if (r >= 0)
		put_str(out, instead[how]);
	return r;
}

/* Of what is mounted nowhere: within its file system. */
static int put_name_within(struct strbuf *out, struct kernel *k, uint64_t dentry)
{
	STRBUF(text);
	int r = put_dentry(&text, k, dentry, "");

	if (r >= 0)
		put_escaped(out, text.data, text.len, ESCAPES);
	return r;
}

static int mounted(struct kernel *k, struct super_memo *memo, uint64_t sb, enum mounted *ret,
		   struct path *ret_path)
{
	size_t i;
	int r;

	for (i = 0; i < memo->n && i < SUPERS_KEPT; i++)
		if (memo->v[i].sb == sb) {
			*ret = memo->v[i].how;
			*ret_path = memo->v[i].path;
			return 0;
		}
	r = super_mounted(k, sb, ret, ret_path);
	if (r < 0)
		return r;
	i = memo->n++ % SUPERS_KEPT;
	memo->v[i].sb = sb;
	memo->v[i].how = *ret;
	memo->v[i].path = *ret_path;
	return 0;
}

int put_inode_name(struct strbuf *out, struct kernel *k, struct super_memo *memo, uint64_t sb,
		   uint64_t inode)
{
	uint64_t mode, dev, dentry;
	enum mounted how;
	struct path p;
	int r = field_u64(k, inode, F_inode_mode, &mode);

	if (r >= 0 && (mode & TYPE_MASK) == BLOCK) {
		r = field_u64(k, inode, F_inode_rdev, &dev);
		put_str(out, "(block device ");
		put_dev(out, r < 0 ? 0 : dev, 0);
		put_str(out, ")");
		return r;
	}
	if (r >= 0)
		r = inode_alias(k, inode, &dentry);
	if (r == -ENOENT) {
		put_str(out, "(no name)");
		return 0;
	}
	if (r < 0)
		return r;
	r = mounted(k, memo, sb, &how, &p);
	if (r < 0)
		return r;
	p.dentry = dentry;
	return how == MOUNTED_NOT ? put_name_within(out, k, dentry) : put_safe_path(out, k, &p);
}
