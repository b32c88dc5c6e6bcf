#include "fs/content.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"

TAILQ_HEAD(content_list, content);

/* When so much was dropped the host may have it back: most of it lies between what is kept. */
#define TRIM_BYTES (4u << 20)

struct contents {
	pthread_mutex_t lock;
	pthread_cond_t changed;	 /* some content left BUSY, or a waiter was cancelled */
	struct content_list lru; /* oldest first */
	size_t bytes, max;	 /* held by all READY contents */
	size_t dropped;		 /* bytes, since the heap was trimmed */
};

int contents_new(size_t bytes, struct contents **ret)
{
	struct contents *cs = calloc(1, sizeof(*cs));

	if (!cs)
		return fail(-ENOMEM, "contents");
	pthread_mutex_init(&cs->lock, NULL);
	pthread_cond_init(&cs->changed, NULL);
	TAILQ_INIT(&cs->lru);
	cs->max = bytes;
	*ret = cs;
	return 0;
}

void contents_free(struct contents *cs)
{
	if (!cs)
		return;
	pthread_cond_destroy(&cs->changed);
	pthread_mutex_destroy(&cs->lock);
	free(cs);
}

/* Back to EMPTY. The lock is held. */
static void drop(struct contents *cs, struct content *c)
{
	TAILQ_REMOVE(&cs->lru, c, lru);
	cs->bytes -= c->raw.weight;
	cs->dropped += c->raw.weight;
	raw_close(&c->raw);
	c->state = CONTENT_EMPTY;
}

/* After what may have dropped some. */
static void unlock(struct contents *cs)
{
	bool trim = cs->dropped >= TRIM_BYTES;

	if (trim)
		cs->dropped = 0;
	pthread_mutex_unlock(&cs->lock);
	if (trim)
		malloc_trim(0);
}

static void evict(struct contents *cs)
{
	while (cs->bytes > cs->max && !TAILQ_EMPTY(&cs->lru))
		drop(cs, TAILQ_FIRST(&cs->lru));
}

static void pin(struct contents *cs, struct content *c)
{
	if (!c->pins++)
		TAILQ_REMOVE(&cs->lru, c, lru);
}

/* Wait while someone else opens @c. Their failure is ours, unless it was their reader who gave up. */
static int wait_for_opener(struct contents *cs, struct content *c)
{
	unsigned failures = c->failures;

	while (c->state == CONTENT_BUSY && c->failures == failures) {
		if (cancelled())
			return fail(-EINTR, "interrupted");
		pthread_cond_wait(&cs->changed, &cs->lock);
	}
	if (c->failures != failures && c->error != -EINTR)
		return fail(c->error, "another reader could not open the file");
	return 0;
}

/* The lock is held on entry and exit, not while opening. */
static int open_content(struct contents *cs, struct content *c, content_open_fn *open, void *arg)
{
	struct raw raw = { 0 };
	int r;

	c->state = CONTENT_BUSY;
	pthread_mutex_unlock(&cs->lock);
	r = open(arg, &raw);
	pthread_mutex_lock(&cs->lock);
	pthread_cond_broadcast(&cs->changed);
	if (r < 0) {
		c->state = CONTENT_EMPTY;
		c->error = r;
		c->failures++;
		return r;
	}
	c->raw = raw;
	c->state = CONTENT_READY;
	c->pins = 1;
	cs->bytes += raw.weight;
	evict(cs);
	return 0;
}

static int get(struct contents *cs, struct content *c, content_open_fn *open, void *arg)
{
	while (c->state == CONTENT_BUSY) {
		int r = wait_for_opener(cs, c);

		if (r < 0)
			return r;
	}
	if (c->state == CONTENT_EMPTY)
		return open_content(cs, c, open, arg);
	pin(cs, c);
	return 0;
}

int content_get(struct contents *cs, struct content *c, content_open_fn *open, void *arg,
		const struct raw **ret)
{
	int r;

	pthread_mutex_lock(&cs->lock);
	r = get(cs, c, open, arg);
	unlock(cs);
	if (r < 0)
		return r;
	*ret = &c->raw;
	return 0;
}

static void put_content(struct contents *cs, struct content *c, bool keep)
{
	pthread_mutex_lock(&cs->lock);
	if (!--c->pins)
		TAILQ_INSERT_TAIL(&cs->lru, c, lru);
	if (!c->pins && !keep)
		drop(cs, c);
	evict(cs);
	unlock(cs);
}

void content_put(struct contents *cs, struct content *c)
{
	put_content(cs, c, true);
}

void content_put_last(struct contents *cs, struct content *c)
{
	put_content(cs, c, false);
}

void content_drop(struct contents *cs, struct content *c)
{
	pthread_mutex_lock(&cs->lock);
	assert(!c->pins);
	if (c->state == CONTENT_READY)
		drop(cs, c);
	unlock(cs);
}

void content_expire(struct contents *cs, struct content *c)
{
	pthread_mutex_lock(&cs->lock);
	if (c->state == CONTENT_READY && !c->pins)
		drop(cs, c);
	unlock(cs);
}

void contents_wake(struct contents *cs)
{
	pthread_mutex_lock(&cs->lock);
	pthread_cond_broadcast(&cs->changed);
	pthread_mutex_unlock(&cs->lock);
}
