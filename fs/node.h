/* Inodes: what the kernel has looked up and not forgotten. A node is a place of the tree with its keys;
 * there is one for each (parent, name), and it is freed when neither the kernel, nor an open file, nor
 * a child holds it. What it knows of its file's size it keeps: the kernel may have cached it. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "fs/content.h"
#include "fs/tree.h"

struct node {
	const struct entry *entry;
	struct node *parent;
	struct node *next; /* in its hash chain */
	uint64_t ino;	   /* what stat(2) shows: the same whenever the file is looked up */
	uint64_t refs;	   /* the kernel's lookups, open handles, children */
	uint64_t hash;	   /* of its name and its directory's */
	struct key key;	   /* of a pattern; .name leads to .name */
	struct item *item; /* below a walker, else NULL */
	bool is_query;	   /* it is in a directory without end, or below such */
	size_t queries;	   /* entries of a directory without end; then it is in the list of such */
	LIST_ENTRY(node) dirs;
	struct content content;
	_Atomic uint64_t size, stored; /* see node_set_size() */
	char name[];
};

struct nodes;

/* @cs keeps the contents of the nodes. Nodes die with it. */
int nodes_new(const struct entry *root, struct contents *cs, struct nodes **ret);
void nodes_free(struct nodes *ns);

struct node *nodes_root(struct nodes *ns);

/* How many there are. */
size_t nodes_count(struct nodes *ns);

/* How many there are in directories without end, where entries are found by name, and below. */
size_t nodes_queries(struct nodes *ns);

/* Are there more than @kept, and half as many new ones since this was last so? */
bool nodes_forget_due(struct nodes *ns, size_t kept);

/* The directory without end that most of them are in, with one more reference. NULL: there are none. */
struct node *nodes_fullest(struct nodes *ns);

/* The node of this child, if there is one: with one more reference. NULL otherwise. */
struct node *node_find(struct nodes *ns, struct node *parent, const char *name);

/* The same, made if there is none. @id: what a pattern's lister calls it. */
int node_intern(struct nodes *ns, struct node *parent, const struct entry *entry, const char *name,
		uint64_t id, struct node **ret);

/* The same of what a walker has found; @item is copied. */
int node_intern_item(struct nodes *ns, struct node *parent, const struct entry *entry,
		     const char *name, const struct item *item, struct node **ret);

static inline bool node_is_dir(const struct node *n)
{
	return n->item ? n->item->kind == ITEM_DIR : entry_is_dir(n->entry);
}

/* Of what is no directory. */
static inline enum rule_kind node_kind(const struct node *n)
{
	if (!n->item)
		return n->entry->rule->kind;
	return n->item->kind == ITEM_LINK ? RULE_LINK : RULE_TEXT;
}

void node_ref(struct nodes *ns, struct node *n);
void node_unref(struct nodes *ns, struct node *n, uint64_t refs);

/* The inode number of a child, whether there is a node or not. Never 0. */
uint64_t node_child_ino(const struct node *parent, const char *name);

/* The size of the file and how many of its bytes are stored, once known: they never change. */
void node_set_size(struct node *n, uint64_t size, uint64_t stored);

/* But for what tells of the host: its size is asked anew. */
void node_forget_size(struct node *n);
bool node_is_sized(const struct node *n);
bool node_size(const struct node *n, uint64_t *ret); /* is it, and how large? */

/* The keys on the way to @n, KEYS_MAX at most; they live as long as it. */
void node_keys(const struct node *n, struct key keys[KEYS_MAX]);
