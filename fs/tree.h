/* The tree table, compiled into a trie once. A name in it is fixed, or a {pattern} that a lister fills
 * with names. It knows no inodes and no dump. */
#pragma once

#include <stdbool.h>

#include "fs/gen.h"

enum rule_kind { RULE_TEXT, RULE_RAW, RULE_WINDOW, RULE_LINK, RULE_LIST, RULE_WALK };

/* A line of tree.def. */
struct rule {
	enum rule_kind kind;
	const char *path, *help;
	text_fn *text; /* TEXT, LINK */
	has_fn *has;   /* NULL: it is always there */
	raw_fn *raw;
	const struct lister *lister;
	const struct walker *walker;
};

/* The lines of tree.def, in its order. */
const struct rule *tree_rules(size_t *ret_n);

/* A place in the tree. Children are linked in the order of the table. */
struct entry {
	const char *name; /* not NUL-terminated: it leads into the rule's path */
	size_t name_len;
	const struct rule *rule;     /* what kind of file; NULL: directory */
	const struct lister *lister; /* of a pattern: who fills it; */
	const struct walker *walker; /* or who knows all that is below */
	struct entry *parent, *next; /* next: sibling with a fixed name */
	struct entry *children, *last_child;
	struct entry *pattern; /* the one child that stands for many */
	unsigned depth;	       /* how many keys a file here has */
};

struct tree;

/* -EINVAL: the table contradicts itself. @rules must outlive the tree. */
int tree_compile(const struct rule *rules, size_t n, struct tree **ret);
void tree_free(struct tree *t);

const struct entry *tree_root(const struct tree *t);

/* The child of this fixed name, or NULL. */
const struct entry *entry_child(const struct entry *e, const char *name);

static inline bool entry_is_dir(const struct entry *e)
{
	return !e->rule;
}
