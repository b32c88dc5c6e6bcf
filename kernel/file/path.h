/* Names of files as /proc shows them: what dentries, mounts and roots make of a place. Text comes as
 * in the dump but for the bytes the caller wants escaped. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* struct path: a dentry seen through a mount. */
struct path {
	uint64_t mnt, dentry; /* struct vfsmount, struct dentry */
};

/* That of an open file. Of one that a file system has opened below its own, that which the user sees. */
int path_of_file(struct kernel *k, uint64_t file, struct path *ret);

/* The root and the working directory of a task. -ENOENT: it has none any more. */
int path_of_root(struct kernel *k, uint64_t task, struct path *ret);
int path_of_cwd(struct kernel *k, uint64_t task, struct path *ret);

/* The root of init, as whom one looks at /proc. */
int path_of_init(struct kernel *k, struct path *ret);

/* Append the name of @p below @root, as d_path() does: what is not below it begins at the root of its
 * mounts; what was unlinked ends in " (deleted)"; pipes, sockets and such have names of their own.
 * Bytes in @escape become \ooo. On failure nothing is appended: -EBADMSG a dentry that leads nowhere,
 * -ELOOP. */
int put_path(struct strbuf *out, struct kernel *k, const struct path *p, const struct path *root,
	     const char *escape);

/* The same without what is special about some files. 1: it is below @root; 0: it is not, and nothing
 * was appended. */
int put_path_below(struct strbuf *out, struct kernel *k, const struct path *p,
		   const struct path *root, const char *escape);

/* Append the name of a dentry within its file system. */
int put_dentry(struct strbuf *out, struct kernel *k, uint64_t dentry, const char *escape);

/* Append bytes as procfs writes names: those in @escape become \ooo; with a backslash
 * among them control bytes do as well, all others stay. */
void put_mangled(struct strbuf *out, const char *bytes, size_t len, const char *escape);
