#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dump/base/cancel.h"
#include "fs/content.h"

#define WEIGHT 1000

/* What a file holds: so many bytes, each its own number. */
struct source {
	char byte;
	atomic_int opens;
	int error;	   /* to fail with */
	atomic_bool *gate; /* open only once this is true, or when cancelled */
};

static int open_source(void *arg, struct raw *ret)
{
	struct source *s = arg;
	char *text;

	atomic_fetch_add(&s->opens, 1);
	while (s->gate && !atomic_load(s->gate)) {
		if (cancelled())
			return fail(-EINTR, "interrupted");
		usleep(100);
	}
	if (s->error)
		return fail(s->error, "broken");
	text = malloc(WEIGHT);
	assert_non_null(text);
	memset(text, s->byte, WEIGHT);
	*ret = raw_of_text(text, WEIGHT);
	ret->weight = WEIGHT;
	return 0;
}

static struct contents *cache_of(size_t files)
{
	struct contents *cs;

	assert_ok(contents_new(files * WEIGHT, &cs));
	return cs;
}

static void read_once(struct contents *cs, struct content *c, struct source *s)
{
	const struct raw *raw;

	assert_ok(content_get(cs, c, open_source, s, &raw));
	assert_int_equal(raw->size, WEIGHT);
	assert_int_equal(raw_bytes(raw)[WEIGHT - 1], s->byte);
	content_put(cs, c);
}

static void opens_once(void **state)
{
	struct contents *cs = cache_of(1);
	struct content c = { 0 };
	struct source s = { .byte = 'a' };

	(void)state;
	for (int i = 0; i < 10; i++)
		read_once(cs, &c, &s);
	assert_int_equal(s.opens, 1);
	content_drop(cs, &c);
	assert_int_equal(c.state, CONTENT_EMPTY);
	contents_free(cs);
}

static void drops_the_least_recently_used(void **state)
{
	struct contents *cs = cache_of(3);
	struct content c[4] = { { 0 } };
	struct source s[4] = { { .byte = 'a' }, { .byte = 'b' }, { .byte = 'c' }, { .byte = 'd' } };

	(void)state;
	for (int i = 0; i < 3; i++)
		read_once(cs, &c[i], &s[i]);
	read_once(cs, &c[0], &s[0]);
	read_once(cs, &c[3], &s[3]);
	assert_int_equal(c[1].state, CONTENT_EMPTY);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(c[i].state, i == 1 ? CONTENT_EMPTY : CONTENT_READY);
		content_drop(cs, &c[i]);
	}
	contents_free(cs);
}

static void keeps_what_is_held(void **state)
{
	struct contents *cs = cache_of(1);
	struct content c[3] = { { 0 } };
	struct source s[3] = { { .byte = 'a' }, { .byte = 'b' }, { .byte = 'c' } };
	const struct raw *held;

	(void)state;
	assert_ok(content_get(cs, &c[0], open_source, &s[0], &held));
	read_once(cs, &c[1], &s[1]);
	read_once(cs, &c[2], &s[2]);
	assert_int_equal(c[1].state, CONTENT_EMPTY);
	assert_int_equal(raw_bytes(held)[0], 'a');
	content_put(cs, &c[0]);
	read_once(cs, &c[0], &s[0]);
	assert_int_equal(s[0].opens, 1);
	for (int i = 0; i < 3; i++)
		content_drop(cs, &c[i]);
	contents_free(cs);
}

/* What someone else has the bytes of goes at once, but not while it is held. */
static void lets_go_of_the_last(void **state)
{
	struct contents *cs = cache_of(3);
	struct content c = { 0 };
	struct source s = { .byte = 'a' };
	const struct raw *raw, *held;

	(void)state;
	assert_ok(content_get(cs, &c, open_source, &s, &held));
	assert_ok(content_get(cs, &c, open_source, &s, &raw));
	content_put_last(cs, &c);
	assert_int_equal(c.state, CONTENT_READY);
	assert_int_equal(raw_bytes(held)[0], 'a');
	content_put_last(cs, &c);
	assert_int_equal(c.state, CONTENT_EMPTY);
	read_once(cs, &c, &s);
	assert_int_equal(s.opens, 2);
	content_drop(cs, &c);
	contents_free(cs);
}

static void too_large_for_the_cache(void **state)
{
	struct contents *cs;
	struct content c = { 0 };
	struct source s = { .byte = 'a' };

	(void)state;
	assert_ok(contents_new(WEIGHT - 1, &cs));
	read_once(cs, &c, &s);
	assert_int_equal(c.state, CONTENT_EMPTY);
	read_once(cs, &c, &s);
	assert_int_equal(s.opens, 2);
	contents_free(cs);
}

static void failure_is_not_kept(void **state)
{
	struct contents *cs = cache_of(1);
	struct content c = { 0 };
	struct source s = { .byte = 'a', .error = -EBADMSG };
	const struct raw *raw = NULL;

	(void)state;
	assert_fails(content_get(cs, &c, open_source, &s, &raw), -EBADMSG, "broken");
	assert_null(raw);
	s.error = 0;
	read_once(cs, &c, &s);
	content_drop(cs, &c);
	contents_free(cs);
}

struct reader {
	struct contents *cs;
	struct content *c;
	struct source *s;
	atomic_bool stop;
	atomic_int result; /* 1: not yet */
	pthread_t thread;
};

static void *read_in_thread(void *arg)
{
	struct reader *r = arg;
	const struct raw *raw;
	int result;

	cancel_arm(&r->stop);
	result = content_get(r->cs, r->c, open_source, r->s, &raw);
	if (result == 0)
		content_put(r->cs, r->c);
	atomic_store(&r->result, result);
	return NULL;
}

static void start(struct reader *r, struct contents *cs, struct content *c, struct source *s)
{
	*r = (struct reader){ .cs = cs, .c = c, .s = s, .result = 1 };
	assert_int_equal(pthread_create(&r->thread, NULL, read_in_thread, r), 0);
}

static int end(struct reader *r)
{
	assert_int_equal(pthread_join(r->thread, NULL), 0);
	return r->result;
}

static void stop(struct reader *r)
{
	atomic_store(&r->stop, true);
	contents_wake(r->cs);
}

static void many_readers_share_one_opening(void **state)
{
	atomic_bool gate = false;
	struct contents *cs = cache_of(1);
	struct content c = { 0 };
	struct source s = { .byte = 'a', .gate = &gate };
	struct reader readers[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		start(&readers[i], cs, &c, &s);
	usleep(20000);
	atomic_store(&gate, true);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		assert_int_equal(end(&readers[i]), 0);
	assert_int_equal(s.opens, 1);
	content_drop(cs, &c);
	contents_free(cs);
}

/* The opener gives up: who waited opens instead. */
static void opener_is_cancelled(void **state)
{
	atomic_bool gate = false;
	struct contents *cs = cache_of(1);
	struct content c = { 0 };
	struct source s = { .byte = 'a', .gate = &gate };
	struct reader opener, waiter;

	(void)state;
	start(&opener, cs, &c, &s);
	while (!atomic_load(&s.opens))
		usleep(100);
	start(&waiter, cs, &c, &s);
	usleep(10000);
	stop(&opener);
	assert_int_equal(end(&opener), -EINTR);
	while (atomic_load(&s.opens) < 2)
		usleep(100);
	atomic_store(&gate, true);
	assert_int_equal(end(&waiter), 0);
	content_drop(cs, &c);
	contents_free(cs);
}

static void waiter_is_cancelled(void **state)
{
	atomic_bool gate = false;
	struct contents *cs = cache_of(1);
	struct content c = { 0 };
	struct source s = { .byte = 'a', .gate = &gate };
	struct reader opener, waiter;

	(void)state;
	start(&opener, cs, &c, &s);
	while (!atomic_load(&s.opens))
		usleep(100);
	start(&waiter, cs, &c, &s);
	usleep(10000);
	stop(&waiter);
	assert_int_equal(end(&waiter), -EINTR);
	assert_int_equal(opener.result, 1);
	atomic_store(&gate, true);
	assert_int_equal(end(&opener), 0);
	assert_int_equal(s.opens, 1);
	content_drop(cs, &c);
	contents_free(cs);
}

/* A broken file is not opened again by each of those who waited for it. */
static void waiters_share_the_failure(void **state)
{
	atomic_bool gate = false;
	struct contents *cs = cache_of(1);
	struct content c = { 0 };
	struct source s = { .byte = 'a', .gate = &gate, .error = -ENODATA };
	struct reader opener, waiter;

	(void)state;
	start(&opener, cs, &c, &s);
	while (!atomic_load(&s.opens))
		usleep(100);
	start(&waiter, cs, &c, &s);
	usleep(50000);
	atomic_store(&gate, true);
	assert_int_equal(end(&opener), -ENODATA);
	assert_int_equal(end(&waiter), -ENODATA);
	assert_int_equal(c.state, CONTENT_EMPTY);
	contents_free(cs);
}

/* More files than fit, more readers than files, all at once. */
static void *churn(void *arg)
{
	struct reader *r = arg;
	unsigned seed = (unsigned)(uintptr_t)r;

	for (int i = 0; i < 2000; i++) {
		size_t file = (size_t)rand_r(&seed) % 8;

		read_once(r->cs, &r->c[file], &r->s[file]);
	}
	return NULL;
}

static void readers_and_evictions(void **state)
{
	struct contents *cs = cache_of(3);
	struct content c[8] = { { 0 } };
	struct source s[8] = { { 0 } };
	struct reader readers[8];
	int opens = 0;

	(void)state;
	for (int i = 0; i < 8; i++)
		s[i].byte = (char)('a' + i);
	for (int i = 0; i < 8; i++) {
		readers[i] = (struct reader){ .cs = cs, .c = c, .s = s };
		assert_int_equal(pthread_create(&readers[i].thread, NULL, churn, &readers[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(readers[i].thread, NULL);
	for (int i = 0; i < 8; i++) {
		opens += s[i].opens;
		content_drop(cs, &c[i]);
	}
	assert_in_range(opens, 8, 8 * 2000);
	contents_free(cs);
}

UNIT_TESTS(cmocka_unit_test(opens_once), cmocka_unit_test(drops_the_least_recently_used),
	   cmocka_unit_test(keeps_what_is_held), cmocka_unit_test(lets_go_of_the_last),
	   cmocka_unit_test(too_large_for_the_cache), cmocka_unit_test(failure_is_not_kept),
	   cmocka_unit_test(many_readers_share_one_opening), cmocka_unit_test(opener_is_cancelled),
	   cmocka_unit_test(waiter_is_cancelled), cmocka_unit_test(waiters_share_the_failure),
	   cmocka_unit_test(readers_and_evictions))
