#include "kernel/debug/paths.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/limits.h"

struct path {
	char *text;
	uint64_t hash;
};

struct paths {
	pthread_mutex_t lock;
	struct path *v; /* [0] is none */
	size_t n, room;
	uint32_t *buckets;
	size_t nr_buckets;
};

uint64_t hash_bytes(uint64_t h, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211ull;
	return h;
}

struct paths *paths_new(void)
{
	struct paths *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	p->n = p->room = 1;
	p->v = calloc(1, sizeof(*p->v));
	if (!p->v) {
		paths_free(p);
		return NULL;
	}
	return p;
}

void paths_free(struct paths *p)
{
	if (!p)
		return;
	for (size_t i = 0; p->v && i < p->n; i++)
		free(p->v[i].text);
	pthread_mutex_destroy(&p->lock);
	free(p->v);
	free(p->buckets);
	free(p);
}

/* Where @hash's number is or may be put. */
static uint32_t *slot(const struct paths *p, uint64_t hash, const char *path)
{
	size_t i = hash & (p->nr_buckets - 1);

	while (p->buckets[i] &&
	       (p->v[p->buckets[i]].hash != hash || strcmp(p->v[p->buckets[i]].text, path) != 0))
		i = (i + 1) & (p->nr_buckets - 1);
	return &p->buckets[i];
}

static int grow_buckets(struct paths *p)
{
	size_t nr = p->nr_buckets ? 2 * p->nr_buckets : 1024;
	uint32_t *more = calloc(nr, sizeof(*more));

	if (!more)
		return -1;
	free(p->buckets);
	p->buckets = more;
	p->nr_buckets = nr;
	for (size_t i = 1; i < p->n; i++)
		*slot(p, p->v[i].hash, p->v[i].text) = (uint32_t)i;
	return 0;
}

static int grow(struct paths *p)
{
	struct path *more;

	if (2 * (p->n + 1) >= p->nr_buckets && grow_buckets(p) < 0)
		return -1;
	if (p->n < p->room)
		return 0;
	more = realloc(p->v, 2 * p->room * sizeof(*more));
	if (!more)
		return -1;
	p->v = more;
	p->room *= 2;
	return 0;
}

static uint32_t add(struct paths *p, const char *path, uint64_t hash)
{
	uint32_t *at;
	char *text;

	if (p->n >= LIMIT_SOURCE_FILES || grow(p) < 0)
		return 0;
	at = slot(p, hash, path);
	if (*at)
		return *at;
	text = strdup(path);
	if (!text)
		return 0;
	*at = (uint32_t)p->n;
	p->v[p->n++] = (struct path){ text, hash };
	return *at;
}

uint32_t paths_add(struct paths *p, const char *path, uint64_t *ret_hash)
{
	uint32_t ret;

	*ret_hash = hash_bytes(HASH_START, path, strlen(path));
	if (!*path)
		return 0;
	pthread_mutex_lock(&p->lock);
	ret = add(p, path, *ret_hash);
	pthread_mutex_unlock(&p->lock);
	return ret;
}

const char *paths_text(const struct paths *p, uint32_t path)
{
	return path && path < p->n ? p->v[path].text : "";
}
