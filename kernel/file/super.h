/* Super blocks: the file systems that are in use, their inodes in memory, and where they are mounted. */
#pragma once

#include "kernel/file/path.h"
#include "kernel/walk/list.h"

/* Begin with the first; list_next() gives addresses of struct super_block. */
int supers_begin(struct list_walk *w, struct kernel *k);

/* The same of struct inode: those of the super block at @sb. */
int super_inodes_begin(struct list_walk *w, struct kernel *k, uint64_t sb);

/* Each struct mount of @sb, in whatever namespace. Not 0: stop, and super_mounts_each() returns it. */
typedef int super_mount_fn(void *arg, uint64_t mount);
int super_mounts_each(struct kernel *k, uint64_t sb, super_mount_fn *fn, void *arg);

/* The mnt_namespace that the struct mount at @mount is in; 0: none, it was taken down while it is in
 * use; MOUNT_OF_KERNEL: one of the kernel's own. */
#define MOUNT_OF_KERNEL UINT64_MAX
int mount_namespace(struct kernel *k, uint64_t mount, uint64_t *ret);

enum mounted {
	MOUNTED_NOT,	   /* there is no mount of it */
	MOUNTED_DETACHED,  /* unmounted, and still in use */
	MOUNTED_BY_KERNEL, /* for itself, where nobody sees it */
	MOUNTED,
};

/* Is @sb mounted? Where: by preference with its root, in the namespace of init; not for MOUNTED_NOT. */
int super_mounted(struct kernel *k, uint64_t sb, enum mounted *ret, struct path *ret_path);

/* The first name that the inode at @inode has: a dentry. -ENOENT: none in memory. */
int inode_alias(struct kernel *k, uint64_t inode, uint64_t *ret);
