#include "fs/node.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"

#define BUCKETS_MIN  256 /* a power of two */
#define SIZE_UNKNOWN UINT64_MAX

struct nodes {
	pthread_mutex_t lock;
	struct contents *contents;
	struct node *root;
	struct node **buckets;
	size_t nr_buckets, count;
	size_t queries;		      /* nodes that are of a query */
	uint64_t queries_made, asked; /* ever; when it was asked to forget */
	LIST_HEAD(, node) query_dirs; /* those that have some */
};

/* FNV-1a over the name, seeded by the directory. */
uint64_t node_child_ino(const struct node *parent, const char *name)
{
	uint64_t h = parent->hash ^ 0xcbf29ce484222325;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3;
	h ^= h >> 32;
	/* 0 is no inode, 1 the root. */
	return h > 1 ? h : h + 2;
}

static struct node **bucket(struct nodes *ns, uint64_t hash)
{
	return &ns->buckets[hash & (ns->nr_buckets - 1)];
}

/* Keep about one node a bucket, also after a million were forgotten. Without memory it stays. */
static void rehash(struct nodes *ns)
{
	size_t n = ns->nr_buckets, old_n = n;
	struct node **old = ns->buckets, **buckets;

	if (ns->count > n)
		n *= 2;
	else if (ns->count < n / 8 && n > BUCKETS_MIN)
		n /= 2;
	if (n == old_n)
		return;
	buckets = calloc(n, sizeof(*buckets));
	if (!buckets)
		return;
	ns->buckets = buckets;
	ns->nr_buckets = n;
	for (size_t i = 0; i < old_n; i++) {
		while (old[i]) {
			struct node *node = old[i], **to = bucket(ns, node->hash);

			old[i] = node->next;
			node->next = *to;
			*to = node;
		}
	}
	free(old);
	/* Much was forgotten at once: the host may have it back. */
	if (n < old_n)
		malloc_trim(0);
}

static int node_new(struct node *parent, const struct entry *entry, const char *name, uint64_t id,
		    struct node **ret)
{
	size_t len = strlen(name);
	struct node *n = calloc(1, sizeof(*n) + len + 1);

	if (!n)
		return fail(-ENOMEM, "inode of %s", name);
	memcpy(n->name, name, len + 1);
	n->entry = entry;
	n->parent = parent;
	n->key = (struct key){ .id = id, .name = n->name };
	n->refs = 1;
	n->size = SIZE_UNKNOWN;
	n->hash = n->ino = parent ? node_child_ino(parent, name) : 1;
	*ret = n;
	return 0;
}

int nodes_new(const struct entry *root, struct contents *cs, struct nodes **ret)
{
	struct nodes *ns = calloc(1, sizeof(*ns));
	int r;

	if (!ns)
		return fail(-ENOMEM, "inodes");
	pthread_mutex_init(&ns->lock, NULL);
	ns->contents = cs;
	LIST_INIT(&ns->query_dirs);
	ns->nr_buckets = BUCKETS_MIN;
	ns->buckets = calloc(ns->nr_buckets, sizeof(*ns->buckets));
	r = ns->buckets ? node_new(NULL, root, "", 0, &ns->root) : fail(-ENOMEM, "inodes");
	if (r < 0) {
		nodes_free(ns);
		return r;
	}
	*ret = ns;
	return 0;
}

static void node_free(struct nodes *ns, struct node *n)
{
	content_drop(ns->contents, &n->content);
	free(n->item);
	free(n);
}

void nodes_free(struct nodes *ns)
{
	if (!ns)
		return;
	/* The kernel need not forget what it knows when it unmounts. */
	for (size_t i = 0; ns->buckets && i < ns->nr_buckets; i++) {
		while (ns->buckets[i]) {
			struct node *n = ns->buckets[i];

			ns->buckets[i] = n->next;
			node_free(ns, n);
		}
	}
	free(ns->root);
	free(ns->buckets);
	pthread_mutex_destroy(&ns->lock);
	free(ns);
}

struct node *nodes_root(struct nodes *ns)
{
	return ns->root;
}

size_t nodes_count(struct nodes *ns)
{
	size_t count;

	pthread_mutex_lock(&ns->lock);
	count = ns->count;
	pthread_mutex_unlock(&ns->lock);
	return count;
}

size_t nodes_queries(struct nodes *ns)
{
	size_t count;

	pthread_mutex_lock(&ns->lock);
	count = ns->queries;
	pthread_mutex_unlock(&ns->lock);
	return count;
}

/* Is it in a directory whose entries are found by name? */
static bool begins_query(const struct node *n)
{
	const struct entry *e = n->entry;

	if (n->parent->is_query || n->parent->entry->pattern != e)
		return false;
	return e->walker || (e->lister && !e->lister->list);
}

bool nodes_forget_due(struct nodes *ns, size_t kept)
{
	bool due;

	pthread_mutex_lock(&ns->lock);
	due = ns->queries > kept && ns->queries_made - ns->asked > kept / 2;
	if (due)
		ns->asked = ns->queries_made;
	pthread_mutex_unlock(&ns->lock);
	return due;
}

struct node *nodes_fullest(struct nodes *ns)
{
	struct node *dir, *most = NULL;

	pthread_mutex_lock(&ns->lock);
	LIST_FOREACH(dir, &ns->query_dirs, dirs)
	if (!most || dir->queries > most->queries)
		most = dir;
	if (most)
		most->refs++;
	pthread_mutex_unlock(&ns->lock);
	return most;
}

/* The lock is held. */
static struct node *find(struct nodes *ns, const struct node *parent, const char *name)
{
	uint64_t hash = node_child_ino(parent, name);
	struct node *n;

	for (n = *bucket(ns, hash); n; n = n->next)
		if (n->hash == hash && n->parent == parent && !strcmp(n->name, name))
			break;
	if (!n)
		return NULL;
	n->refs++;
	return n;
}

struct node *node_find(struct nodes *ns, struct node *parent, const char *name)
{
	struct node *n;

	pthread_mutex_lock(&ns->lock);
	n = find(ns, parent, name);
	pthread_mutex_unlock(&ns->lock);
	return n;
}

/* The lock is held. */
static void insert(struct nodes *ns, struct node *n)
{
	struct node **to = bucket(ns, n->hash);

	n->next = *to;
	*to = n;
	n->parent->refs++;
	ns->count++;
	n->is_query = n->parent->is_query || begins_query(n);
	ns->queries += n->is_query;
	ns->queries_made += n->is_query;
	if (n->is_query && !n->parent->is_query && !n->parent->queries++)
		LIST_INSERT_HEAD(&ns->query_dirs, n->parent, dirs);
	rehash(ns);
}

/* @made: a node that nobody knows; it becomes the child, unless there is one. */
static struct node *intern(struct nodes *ns, struct node *made)
{
	struct node *n;

	pthread_mutex_lock(&ns->lock);
	n = find(ns, made->parent, made->name);
	if (!n) {
		n = made;
		insert(ns, made);
		made = NULL;
	}
	pthread_mutex_unlock(&ns->lock);
	if (made)
		free(made->item);
	free(made);
	return n;
}

int node_intern(struct nodes *ns, struct node *parent, const struct entry *entry, const char *name,
		uint64_t id, struct node **ret)
{
	struct node *made;
	int r = node_new(parent, entry, name, id, &made);

	if (r < 0)
		return r;
	*ret = intern(ns, made);
	return 0;
}

int node_intern_item(struct nodes *ns, struct node *parent, const struct entry *entry,
		     const char *name, const struct item *item, struct node **ret)
{
	const struct walker *w = entry->walker;
	struct node *made;
	int r = node_new(parent, entry, name, 0, &made);

	if (r < 0)
		return r;
	made->item = malloc(sizeof(*item));
	if (!made->item) {
		free(made);
		return fail(-ENOMEM, "%s", name);
	}
	*made->item = *item;
	if (item->kind == ITEM_DIR && w->identity) {
		uint64_t id = w->identity(item);

		made->ino = id > 1 ? id : id + 2;
	}
	*ret = intern(ns, made);
	return 0;
}

void node_ref(struct nodes *ns, struct node *n)
{
	pthread_mutex_lock(&ns->lock);
	n->refs++;
	pthread_mutex_unlock(&ns->lock);
}

/* The lock is held. */
static void unlink_node(struct nodes *ns, struct node *n)
{
	struct node **p = bucket(ns, n->hash);

	while (*p != n)
		p = &(*p)->next;
	*p = n->next;
	ns->count--;
	ns->queries -= n->is_query;
	if (n->is_query && !n->parent->is_query && !--n->parent->queries)
		LIST_REMOVE(n->parent, dirs);
	rehash(ns);
}

void node_unref(struct nodes *ns, struct node *n, uint64_t refs)
{
	struct node *dead = NULL;

	pthread_mutex_lock(&ns->lock);
	/* A node without references takes its own from its parent along. */
	while (n != ns->root) {
		n->refs -= refs < n->refs ? refs : n->refs;
		if (n->refs)
			break;
		unlink_node(ns, n);
		n->next = dead;
		dead = n;
		n = n->parent;
		refs = 1;
	}
	pthread_mutex_unlock(&ns->lock);
	while (dead) {
		struct node *next = dead->next;

		node_free(ns, dead);
		dead = next;
	}
}

void node_set_size(struct node *n, uint64_t size, uint64_t stored)
{
	atomic_store(&n->stored, stored);
	atomic_store(&n->size, size);
}

void node_forget_size(struct node *n)
{
	atomic_store(&n->size, SIZE_UNKNOWN);
}

bool node_size(const struct node *n, uint64_t *ret)
{
	*ret = atomic_load(&n->size);
	return *ret != SIZE_UNKNOWN;
}

bool node_is_sized(const struct node *n)
{
	uint64_t size;

	return node_size(n, &size);
}

void node_keys(const struct node *n, struct key keys[KEYS_MAX])
{
	for (; n; n = n->parent)
		if (n->entry->lister)
			keys[n->entry->depth - 1] = n->key;
}
