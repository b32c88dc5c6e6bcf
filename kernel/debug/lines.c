#include "kernel/debug/lines.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/base/trouble.h"
#include "kernel/debug/debuginfo.h"
#include "kernel/debug/units.h"

#define BUCKETS 16384

/* What is known of an address; of most, in a dump without debug files, that nothing is. */
struct entry {
	struct entry *next;
	uint64_t va;
	struct lines *lines; /* NULL: nothing */
};

/* A debug file that was looked into. */
struct source {
	const struct debugfile *file;
	struct units *units;
};

struct lines_cache {
	struct kernel *k;
	pthread_mutex_t lock; /* of what follows; not held while a file is read */
	struct entry *buckets[BUCKETS];
	size_t bytes;
	struct source *sources;
	size_t nr_sources;
};

struct lines_cache *lines_cache_new(struct kernel *k)
{
	struct lines_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->k = k;
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

static void forget_all(struct lines_cache *c)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (c->buckets[i]) {
			struct entry *e = c->buckets[i];

			c->buckets[i] = e->next;
			lines_put(e->lines);
			free(e);
		}
	}
	c->bytes = 0;
}

void lines_cache_free(struct lines_cache *c)
{
	if (!c)
		return;
	forget_all(c);
	for (size_t i = 0; i < c->nr_sources; i++)
		units_free(c->sources[i].units);
	free(c->sources);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void lines_put(struct lines *l)
{
	if (l && atomic_fetch_sub(&l->refs, 1) == 1)
		free(l);
}

static struct lines *take_one(struct lines *l)
{
	if (l)
		atomic_fetch_add(&l->refs, 1);
	return l;
}

static struct entry **bucket(struct lines_cache *c, uint64_t va)
{
	return &c->buckets[(va * 0x9e3779b97f4a7c15u) >> 50];
}

static struct entry *find(struct lines_cache *c, uint64_t va)
{
	struct entry *e = *bucket(c, va);

	while (e && e->va != va)
		e = e->next;
	return e;
}

/* What cannot be kept is looked up again. */
static void remember(struct lines_cache *c, uint64_t va, struct lines *l)
{
	size_t bytes = sizeof(struct entry) + (l ? l->bytes : 0);
	struct entry *e;

	pthread_mutex_lock(&c->lock);
	if (c->bytes + bytes > LINES_CACHE_BYTES)
		forget_all(c);
	e = find(c, va) ? NULL : malloc(sizeof(*e));
	if (e) {
		*e = (struct entry){ *bucket(c, va), va, take_one(l) };
		*bucket(c, va) = e;
		c->bytes += bytes;
	}
	pthread_mutex_unlock(&c->lock);
}

static int units_of(struct lines_cache *c, const struct debugfile *f, struct units **ret)
{
	struct source *more;
	int r = 0;

	pthread_mutex_lock(&c->lock);
	*ret = NULL;
	for (size_t i = 0; i < c->nr_sources && !*ret; i++)
		if (c->sources[i].file == f)
			*ret = c->sources[i].units;
	if (!*ret) {
		more = reallocarray(c->sources, c->nr_sources + 1, sizeof(*more));
		if (more)
			c->sources = more;
		*ret = more ? units_new(f) : NULL;
		if (*ret)
			more[c->nr_sources++] = (struct source){ f, *ret };
		else
			r = fail(-ENOMEM, "source lines");
	}
	pthread_mutex_unlock(&c->lock);
	return r;
}

static int look_up(struct lines_cache *c, uint64_t va, struct lines **ret)
{
	struct debugfile *f;
	struct units *units;
	int r = debuginfo_at(c->k, va, &f);

	if (r == -ENOMEM || r == -EINTR)
		return r;
	if (r < 0)
		return 0;
	r = units_of(c, f, &units);
	return r < 0 ? r : units_lines(units, va, ret);
}

int lines_at(struct kernel *k, uint64_t va, struct lines **ret)
{
	struct lines_cache *c = kernel_lines_cache(k);
	const struct entry *e;
	int r;

	if (!debuginfo_wanted(k))
		return 0;
	pthread_mutex_lock(&c->lock);
	e = find(c, va);
	if (e)
		*ret = take_one(e->lines);
	pthread_mutex_unlock(&c->lock);
	if (e)
		return *ret != NULL;
	r = look_up(c, va, ret);
	if (r < 0)
		return r;
	/* What could not be asked for is not known to be missing. */
	if (!trouble() && !cancelled())
		remember(c, va, r ? *ret : NULL);
	return r;
}
