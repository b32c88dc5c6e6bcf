/* Places in the tree by path, as a program finds them in a mounted one: links are followed, patterns
 * matched against what is listed. A link to a path of the crashed machine leads nowhere. */
#pragma once

#include "fs/fs.h"

/* Told of each place that a pattern matches: the node is borrowed. An error ends the search. */
typedef int place_fn(void *arg, const char *path, struct node *n);

/* Every place that @pattern names, in the order of the tree: its *, ? and [] as a shell has them. What
 * has none of these is looked up, listed or not. @follow: a link at the end as well. -ENOENT: none. */
int places(struct fs *fs, const char *pattern, bool follow, place_fn *fn, void *arg);

/* The end of the chain of links that begins at @n, with a reference for the caller. */
int place_follow(struct fs *fs, struct node *n, struct node **ret);
