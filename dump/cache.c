#include "dump/cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/spares.h"

#define WAYS 8

struct slot {
	uint64_t key;
	uint64_t used; /* the set's clock when last touched; 0: empty */
	unsigned char *block;
};

struct set {
	pthread_mutex_t lock;
	uint64_t clock;
	struct slot slots[WAYS];
};

struct cache {
	size_t block_size, nr_sets;
	struct spares loading; /* blocks that are filled with no lock held */
	struct set sets[];
};

int cache_new(size_t block_size, size_t bytes, struct cache **ret)
{
	size_t nr_sets = bytes / block_size / WAYS;
	struct cache *c;

	if (!nr_sets)
		nr_sets = 1;
	c = calloc(1, sizeof(*c) + nr_sets * sizeof(c->sets[0]));
	if (!c)
		return fail(-ENOMEM, "cache of %zu bytes", bytes);
	c->block_size = block_size;
	c->nr_sets = nr_sets;
	for (size_t i = 0; i < nr_sets; i++)
		pthread_mutex_init(&c->sets[i].lock, NULL);
	*ret = c;
	return 0;
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nr_sets; i++) {
		for (int w = 0; w < WAYS; w++)
			free(c->sets[i].slots[w].block);
		pthread_mutex_destroy(&c->sets[i].lock);
	}
	for (void *block; (block = spares_take(&c->loading));)
		free(block);
	free(c);
}

/* Neighbouring keys go to different sets: scans must not fight for one. */
static struct set *set_of(struct cache *c, uint64_t key)
{
	return &c->sets[(key ^ key >> 20) % c->nr_sets];
}

static struct slot *find(struct set *s, uint64_t key)
{
	for (int w = 0; w < WAYS; w++)
		if (s->slots[w].used && s->slots[w].key == key)
			return &s->slots[w];
	return NULL;
}

bool cache_peek(struct cache *c, uint64_t key, size_t off, void *buf, size_t len)
{
	struct set *s = set_of(c, key);
	struct slot *slot;

	pthread_mutex_lock(&s->lock);
	slot = find(s, key);
	if (slot) {
		slot->used = ++s->clock;
		memcpy(buf, slot->block + off, len);
	}
	pthread_mutex_unlock(&s->lock);
	return slot;
}

static struct slot *oldest(struct set *s)
{
	struct slot *slot = &s->slots[0];

	for (int w = 1; w < WAYS; w++)
		if (s->slots[w].used < slot->used)
			slot = &s->slots[w];
	return slot;
}

/* Returns the block that has to make way, which may be @block itself; NULL: none. */
static unsigned char *insert(struct cache *c, uint64_t key, unsigned char *block)
{
	struct set *s = set_of(c, key);
	struct slot *slot;

	pthread_mutex_lock(&s->lock);
	if (!find(s, key)) {
		unsigned char *old;

		slot = oldest(s);
		old = slot->block;
		*slot = (struct slot){ .key = key, .used = ++s->clock, .block = block };
		block = old;
	}
	pthread_mutex_unlock(&s->lock);
	return block;
}

int cache_read(struct cache *c, uint64_t key, size_t off, void *buf, size_t len,
	       cache_load_fn *load, void *arg)
{
	unsigned char *block;
	int r;

	if (cache_peek(c, key, off, buf, len))
		return 0;
	block = spares_take(&c->loading);
	if (!block)
		block = malloc(c->block_size);
	if (!block)
		return fail(-ENOMEM, "block of %zu bytes", c->block_size);
	r = load(arg, key, block);
	if (r >= 0) {
		memcpy(buf, block + off, len);
		block = insert(c, key, block);
	}
	if (block && !spares_give(&c->loading, block))
		free(block);
	return r < 0 ? r : 0;
}
