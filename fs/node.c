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
};

/* FNV-1a over the name, seeded by the directory. */
uint64_t node_child_ino(const struct node *parent, const char *name)
{
	uint64_t h = parent->ino ^ 0xcbf29ce484222325;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3;
	h ^= h >> 32;
	/* 0 is no inode, 1 the root. */
	return h > 1 ? h : h + 2;
}

static struct node **bucket(struct nodes *ns, uint64_t ino)
{
	return &ns->buckets[ino & (ns->nr_buckets - 1)];
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
			struct node *node = old[i], **to = bucket(ns, node->ino);

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
	n->ino = parent ? node_child_ino(parent, name) : 1;
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

/* The lock is held. */
static struct node *find(struct nodes *ns, const struct node *parent, const char *name)
{
	uint64_t ino = node_child_ino(parent, name);
	struct node *n;

	for (n = *bucket(ns, ino); n; n = n->next)
		if (n->ino == ino && n->parent == parent && !strcmp(n->name, name))
			break;
	if (n)
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
	struct node **to = bucket(ns, n->ino);

	n->next = *to;
	*to = n;
	n->parent->refs++;
	ns->count++;
	rehash(ns);
}

int node_intern(struct nodes *ns, struct node *parent, const struct entry *entry, const char *name,
		uint64_t id, struct node **ret)
{
	struct node *n, *made;
	int r = node_new(parent, entry, name, id, &made);

	if (r < 0)
		return r;
	pthread_mutex_lock(&ns->lock);
	n = find(ns, parent, name);
	if (!n) {
		n = made;
		insert(ns, made);
		made = NULL;
	}
	pthread_mutex_unlock(&ns->lock);
	free(made);
	*ret = n;
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
	struct node **p = bucket(ns, n->ino);

	while (*p != n)
		p = &(*p)->next;
	*p = n->next;
	ns->count--;
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

bool node_is_sized(const struct node *n)
{
	return atomic_load(&n->size) != SIZE_UNKNOWN;
}

void node_keys(const struct node *n, struct key keys[KEYS_MAX])
{
	for (; n; n = n->parent)
		if (n->entry->lister)
			keys[n->entry->depth - 1] = n->key;
}
