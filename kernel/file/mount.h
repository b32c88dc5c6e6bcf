/* Mounts: which a namespace has, and what /proc/PID/mountinfo tells of each. */
#pragma once

#include "kernel/file/path.h"
#include "kernel/walk/list.h"
#include "kernel/walk/rbtree.h"

#define MNT_NOSUID   0x1
#define MNT_READONLY 0x40
#define SB_RDONLY    0x1

struct mount {
	uint64_t addr; /* struct mount */
	uint64_t id, parent_id, dev;
	uint64_t flags;	   /* of the mount */
	uint64_t sb_flags; /* of its file system */
	uint64_t sb;
	struct path root; /* what of the file system is mounted; its name as a path is where */
};

struct mount_walk {
	struct kernel *k;
	bool is_tree; /* 2eea9ce4310d (v6.8); a list before */
	struct rb_walk tree;
	struct list_walk list;
};

/* Begin at the first mount of the mnt_namespace at @ns. */
int mounts_begin(struct mount_walk *w, struct kernel *k, uint64_t ns);

/* 1: a mount; 0: the end. */
int mounts_next(struct mount_walk *w, struct mount *ret);

int mount_read(struct kernel *k, uint64_t addr, struct mount *ret);

/* ",nosuid,relatime": what is set for the mount. */
int put_mount_flags(struct strbuf *out, struct kernel *k, const struct mount *m);

/* ",sync": what is set for the file system, whatever it is. */
void put_sb_flags(struct strbuf *out, const struct mount *m);

/* " shared:1 master:2": how it propagates mounts, for who sees @root of the namespace. */
int put_propagation(struct strbuf *out, struct kernel *k, const struct mount *m,
		    const struct path *root);

/* "ext4", "fuse.sshfs" */
int put_fs_type(struct strbuf *out, struct kernel *k, const struct mount *m);

/* What was mounted, as who did it called it: "/dev/sda1", "none". */
int put_mount_source(struct strbuf *out, struct kernel *k, const struct mount *m);
