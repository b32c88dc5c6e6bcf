#include "kernel/file/inode_stat.h"

#include <sys/sysmacros.h>

#include "kernel/fields.h"

/* Of file systems whose inodes have a type that they do not show: anon_inode_getattr(). */
#define ANON_INODE_FS_MAGIC 0x09041934
#define PID_FS_MAGIC	    0x50494446 /* cb12fd8e0dab (v6.9) */

/* dev_t within the kernel: include/linux/kdev_t.h. */
static dev_t device_of(uint64_t dev)
{
	return makedev(dev >> 20, dev & 0xfffff);
}

int inode_stat(struct kernel *k, uint64_t inode, struct stat *ret)
{
	uint64_t sb, dev = 0, ino = 0, mode = 0, nlink = 0, uid = 0, gid = 0, rdev = 0, size = 0;
	uint64_t magic = 0, blocks = 0, bits = 0, atime = 0, mtime = 0, ctime = 0;
	const struct {
		enum field f;
		uint64_t *to;
	} members[] = {
		{ F_inode_ino, &ino },	       { F_inode_mode, &mode },
		{ F_inode_nlink, &nlink },     { F_inode_uid, &uid },
		{ F_inode_gid, &gid },	       { F_inode_rdev, &rdev },
		{ F_inode_size, &size },       { F_inode_blocks, &blocks },
		{ F_inode_blkbits, &bits },    { F_inode_atime_sec, &atime },
		{ F_inode_mtime_sec, &mtime }, { F_inode_ctime_sec, &ctime },
	};
	int r = field_u64(k, inode, F_inode_sb, &sb);

	if (r == 0)
		r = field_u64(k, sb, F_sb_dev, &dev);
	if (r == 0)
		r = field_u64(k, sb, F_sb_magic, &magic);
	for (size_t i = 0; r == 0 && i < sizeof(members) / sizeof(members[0]); i++)
		r = field_u64(k, inode, members[i].f, members[i].to);
	if (r < 0)
		return r;
	if (magic == ANON_INODE_FS_MAGIC || magic == PID_FS_MAGIC)
		mode &= ~(uint64_t)S_IFMT;
	*ret = (struct stat){
		.st_dev = device_of(dev),
		.st_ino = ino,
		.st_mode = (mode_t)mode,
		.st_nlink = (nlink_t)nlink,
		.st_uid = (uid_t)uid,
		.st_gid = (gid_t)gid,
		.st_rdev = device_of(rdev),
		.st_size = (off_t)size,
		.st_blksize = 1l << (bits & 31),
		.st_blocks = (blkcnt_t)blocks,
		.st_atim.tv_sec = (time_t)atime,
		.st_mtim.tv_sec = (time_t)mtime,
		.st_ctim.tv_sec = (time_t)ctime,
	};
	return 0;
}
