#include "kernel/file/inode.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/file/path.h"

int inode_id(struct kernel *k, uint64_t inode, uint64_t *ret_ino, uint64_t *ret_dev)
{
	uint64_t sb;
	int r = field_u64(k, inode, F_inode_ino, ret_ino);

	if (r == 0)
		r = field_u64(k, inode, F_inode_sb, &sb);
	return r < 0 ? r : field_u64(k, sb, F_sb_dev, ret_dev);
}

/* The first dentry; it leads back. */
static int dentry_of(struct kernel *k, uint64_t inode, uint64_t *ret)
{
	uint64_t link, dentry, back;
	int r = field_u64(k, inode, F_inode_dentry, &link);

	if (r >= 0 && !link)
		r = fail(-ENOENT, "no dentry");
	if (r >= 0)
		r = field_owner(k, link, F_dentry_alias, &dentry);
	if (r >= 0)
		r = field_u64(k, dentry, F_dentry_inode, &back);
	if (r >= 0 && back != inode)
		r = fail(-ENOENT, "%#lx is no inode", inode);
	if (r >= 0)
		*ret = dentry;
	return r;
}

int inode_around(struct kernel *k, uint64_t va, uint64_t *ret)
{
	static const enum field parts[] = { F_inode_rwsem, F_inode_invalidate_lock,
					    F_inode_mmap_rwsem, F_inode_state };
	uint64_t inode, dentry;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (field_exists(k, parts[i]) && field_owner(k, va, parts[i], &inode) >= 0 &&
		    inode % 8 == 0 && dentry_of(k, inode, &dentry) >= 0) {
			*ret = inode;
			return 0;
		}
	return fail(-ENOENT, "%#lx is in no inode", va);
}

int inode_of_page(struct kernel *k, uint64_t page, uint64_t *ret)
{
	uint64_t mapping, inode, back;
	int r = field_u64(k, page, F_page_mapping, &mapping);

	if (r >= 0 && (!mapping || mapping & 3))
		r = fail(-ENOENT, "no page of a file");
	if (r >= 0)
		r = field_u64(k, mapping, F_mapping_host, &inode);
	if (r >= 0)
		r = field_u64(k, inode, F_inode_mapping, &back);
	if (r >= 0 && back != mapping)
		r = fail(-ENOENT, "%#lx is no inode", inode);
	if (r >= 0)
		*ret = inode;
	return r;
}

int put_inode(struct strbuf *out, struct kernel *k, uint64_t inode, const char *escape)
{
	uint64_t dentry;
	int r = dentry_of(k, inode, &dentry);

	return r < 0 ? r : put_dentry(out, k, dentry, escape);
}
