/* The file system without FUSE: directories are listed, names looked up, contents opened, sizes known.
 * Every function may be called by any thread; what may take long ends with -EINTR when the thread's
 * cancel flag is set. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "dump/base/strbuf.h"
#include "fs/node.h"

struct fs {
	struct kernel *k;     /* borrowed */
	unsigned int seconds; /* that one text, list or name may take; 0: as many as it does */
	struct tree *tree;
	struct contents *contents;
	struct nodes *nodes;
	bool stable; /* texts without what two dumps of the same crash differ in */
	/* Where the whole tree is when parts of it are seen apart, as in vmcorefs exec; NULL: they are not.
	 * Borrowed. */
	const char *root;
};

/* Rendered texts may take @cache_bytes; 0: a few MiB. */
int fs_new(struct kernel *k, bool stable, size_t cache_bytes, struct fs **ret);
void fs_free(struct fs *fs);

/* The child of this name, with a reference for the caller. -ENOENT. */
int fs_lookup(struct fs *fs, struct node *dir, const char *name, struct node **ret);

/* May a reader find itself in @dir under its own pid? Then, if nothing has that @name: */
bool fs_dir_has_reader(const struct node *dir);
int fs_lookup_reader(struct fs *fs, struct node *dir, const char *name, struct node **ret);

/* What a link in @dir leads to by a @name that is no path: it is not listed, has no contents, and exists
 * for stat(2). -ENOENT: no link leads there. */
int fs_lookup_behind(struct fs *fs, struct node *dir, const char *name, struct node **ret);

/* Is @n such a thing? */
bool fs_is_behind(const struct node *n);

/* What stat(2) shows of @n, where the dump tells: changes @ret, which holds what all files show. False: it could
 * not be asked for, and may be another time. */
bool fs_attr(struct fs *fs, const struct node *n, struct attr *ret);

/* Add the names in @dir. An error leaves those that were found. */
int fs_list(struct fs *fs, struct node *dir, struct names *names);

/* What the @i-th of the names that fs_list() gave is: a directory, or of which kind. */
bool fs_name_is_dir(const struct node *dir, const struct names *names, size_t i);
enum rule_kind fs_name_kind(const struct node *dir, const struct names *names, size_t i);

/* The child that fs_list() gave as the @i-th name, no link, with a reference for the caller. */
int fs_listed(struct fs *fs, struct node *dir, const struct names *names, size_t i,
	      struct node **ret);

/* Is whatever fs_lookup() does not find absent for good? */
bool fs_dir_is_finite(const struct node *dir);

/* Open the contents of a TEXT or RAW file; the raw is valid until fs_unpin(). Its size is known then, but of
 * a text that was stopped: that may be longer another time. -ETIMEDOUT: it was, and it was not before. */
int fs_pin(struct fs *fs, struct node *n, const struct raw **ret);
void fs_unpin(struct fs *fs, struct node *n);

/* The same; the contents need not be kept: the kernel has them. */
void fs_unpin_last(struct fs *fs, struct node *n);

/* Let .size and .stored of @n be known. */
int fs_size(struct fs *fs, struct node *n);

/* What is behind the link at @path of the tree, from its root: @look is told the link and its keys. -ENOENT:
 * there is no link. */
typedef int link_fn(struct render *r, text_fn *link, struct stat *ret);
int fs_behind_path(struct fs *fs, const char *path, link_fn *look, struct stat *ret);

/* What is told of the dump's problems is not true any more: forget it. Returns the node, with a reference for
 * the caller; NULL: no one has looked at it. */
struct node *fs_expire_problems(struct fs *fs);

bool fs_is_of_problems(const struct fs *fs, const struct node *n);

/* The target of a link. */
int fs_readlink(struct fs *fs, struct node *n, struct strbuf *out);
