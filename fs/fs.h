/* The file system without FUSE: directories are listed, names looked up, contents opened, sizes known.
 * Every function may be called by any thread; what may take long ends with -EINTR when the thread's
 * cancel flag is set. */
#pragma once

#include "dump/base/strbuf.h"
#include "fs/node.h"

struct fs {
	struct kernel *k; /* borrowed */
	struct tree *tree;
	struct contents *contents;
	struct nodes *nodes;
};

int fs_new(struct kernel *k, struct fs **ret);
void fs_free(struct fs *fs);

/* The child of this name, with a reference for the caller. -ENOENT. */
int fs_lookup(struct fs *fs, struct node *dir, const char *name, struct node **ret);

/* Add the names in @dir. An error leaves those that were found. */
int fs_list(struct fs *fs, struct node *dir, struct names *names);

/* What kind of file a name that fs_list() gave is. */
const struct entry *fs_entry(const struct node *dir, const char *name);

/* Is whatever fs_lookup() does not find absent for good? */
bool fs_dir_is_finite(const struct node *dir);

/* Open the contents of a TEXT or RAW file; the raw is valid until fs_unpin(). Its size is known then. */
int fs_pin(struct fs *fs, struct node *n, const struct raw **ret);
void fs_unpin(struct fs *fs, struct node *n);

/* Let .size and .stored of @n be known. */
int fs_size(struct fs *fs, struct node *n);

/* The target of a link. */
int fs_readlink(struct fs *fs, struct node *n, struct strbuf *out);
