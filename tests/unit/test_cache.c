#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "dump/cache.h"

#define BLOCK 512

struct source {
	atomic_int loads;
	int failing; /* error to return, for keys divisible by 7 */
};

static int load(void *arg, uint64_t key, void *block)
{
	struct source *s = arg;

	atomic_fetch_add(&s->loads, 1);
	if (s->failing && key % 7 == 0)
		return fail(s->failing, "key %lu", key);
	for (size_t i = 0; i < BLOCK / 8; i++)
		((uint64_t *)block)[i] = key * 1000 + i;
	return 0;
}

static void check(struct cache *c, struct source *s, uint64_t key)
{
	uint64_t word;

	assert_ok(cache_read(c, key, 8 * 5, &word, 8, load, s));
	assert_int_equal(word, key * 1000 + 5);
}

static void loads_once(void **state)
{
	struct source s = { 0 };
	struct cache *c;
	char byte;

	(void)state;
	assert_ok(cache_new(BLOCK, 64 * BLOCK, &c));
	assert_false(cache_peek(c, 3, 0, &byte, 1));
	check(c, &s, 3);
	check(c, &s, 3);
	assert_int_equal(s.loads, 1);
	assert_true(cache_peek(c, 3, 0, &byte, 1));
	assert_false(cache_peek(c, 4, 0, &byte, 1));
	cache_free(c);
	cache_free(NULL);
}

/* A set of eight keeps the seven that are used and lets the eighth go for each new one. */
static void forgets_the_least_used(void **state)
{
	struct source s = { 0 };
	struct cache *c;

	(void)state;
	assert_ok(cache_new(BLOCK, 1, &c)); /* one set */
	for (uint64_t key = 0; key < 7; key++)
		check(c, &s, key);
	for (uint64_t key = 100; key < 150; key++) {
		check(c, &s, key);
		for (uint64_t kept = 0; kept < 7; kept++)
			check(c, &s, kept);
	}
	assert_int_equal(s.loads, 7 + 50);
	cache_free(c);
}

static void failures_are_not_kept(void **state)
{
	struct source s = { .failing = -EIO };
	struct cache *c;
	uint64_t word;

	(void)state;
	assert_ok(cache_new(BLOCK, 64 * BLOCK, &c));
	assert_fails(cache_read(c, 14, 0, &word, 8, load, &s), -EIO, "key 14");
	assert_fails(cache_read(c, 14, 0, &word, 8, load, &s), -EIO, "key 14");
	assert_int_equal(s.loads, 2);
	s.failing = 0;
	check(c, &s, 14);
	check(c, &s, 14);
	assert_int_equal(s.loads, 3);
	cache_free(c);
}

struct worker {
	struct cache *cache;
	struct source *source;
	unsigned int seed;
	int wrong;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < 20000; i++) {
		uint64_t key = (uint64_t)rand_r(&w->seed) % 300, words[3];
		size_t at = (size_t)rand_r(&w->seed) % (BLOCK / 8 - 3);

		if (cache_read(w->cache, key, 8 * at, words, 24, load, w->source) < 0)
			w->wrong += key % 7 != 0;
		else
			for (size_t j = 0; j < 3; j++)
				w->wrong += words[j] != key * 1000 + at + j;
	}
	return NULL;
}

/* Many threads, more keys than room, some of which fail: never a wrong byte. */
static void threads(void **state)
{
	struct source s = { .failing = -EIO };
	struct worker workers[8];
	pthread_t ids[8];
	struct cache *c;

	(void)state;
	assert_ok(cache_new(BLOCK, 64 * BLOCK, &c));
	for (unsigned int i = 0; i < 8; i++) {
		workers[i] = (struct worker){ .cache = c, .source = &s, .seed = i };
		assert_int_equal(pthread_create(&ids[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(ids[i], NULL);
		assert_int_equal(workers[i].wrong, 0);
	}
	cache_free(c);
}

UNIT_TESTS(cmocka_unit_test(loads_once), cmocka_unit_test(forgets_the_least_used),
	   cmocka_unit_test(failures_are_not_kept), cmocka_unit_test(threads))
