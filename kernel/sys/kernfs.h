/* struct kernfs_node: the trees that sysfs and the file systems of control groups are made of. What is in
 * a file is not known here. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

#define KERNFS_NAME_LEN 256

enum kernfs_type { KERNFS_DIR = 1, KERNFS_FILE = 2, KERNFS_LINK = 4 };

struct kernfs {
	uint64_t node; /* struct kernfs_node */
	char name[KERNFS_NAME_LEN];
	enum kernfs_type type;
	uint32_t mode;
	uint64_t priv; /* what it belongs to; of a file what makes it */
};

/* The root of sysfs. */
int sysfs_root(struct kernel *k, uint64_t *ret);

/* The root of the second version of control groups. -ENOENT: nobody has mounted it. */
int cgroup_fs_root(struct kernel *k, uint64_t *ret);

int kernfs_read(struct kernel *k, uint64_t node, struct kernfs *ret);

/* Not 0: stop, and kernfs_each() returns it. */
typedef int kernfs_fn(void *arg, const struct kernfs *entry);

/* What is in the directory at @dir, in the kernel's order; of what is tagged with a network namespace that
 * of the initial one. */
int kernfs_each(struct kernel *k, uint64_t dir, kernfs_fn *fn, void *arg);

/* -ENOENT. */
int kernfs_find(struct kernel *k, uint64_t dir, const char *name, struct kernfs *ret);

/* The directory that it is in; 0: it is the root. */
int kernfs_parent(struct kernel *k, uint64_t node, uint64_t *ret);

/* Append where the link at @node leads to, seen from its directory. */
int put_kernfs_target(struct strbuf *out, struct kernel *k, uint64_t node);
