#include "kernel/lazy.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/trouble.h"

#define LOOK_NS 50000000 /* how soon one who waits sees that he need not */

void lazy_init(struct lazy *l)
{
	*l = (struct lazy){ 0 };
	pthread_mutex_init(&l->lock, NULL);
}

void lazy_fini(struct lazy *l)
{
	pthread_mutex_destroy(&l->lock);
}

static int told(const struct lazy *l)
{
	return l->error < 0 ? fail(l->error, "%s", l->why) : 0;
}

static int try(struct lazy *l, int (*make)(void *arg), void *arg)
{
	int before = trouble_begin(), r = make(arg);
	bool passes = r == -EINTR || r == -ENOMEM || r == -EIO;

	/* The makers take what they cannot read for missing, which it need not be. A host's errors are many. */
	if (r != -EINTR && r != -ENOMEM && trouble() < 0) {
		r = trouble();
		passes = true;
	}
	if (r != -EINTR && r != -ENOMEM && cancelled()) {
		r = fail(-EINTR, "interrupted");
		passes = true;
	}
	trouble_end(before);
	l->error = r;
	if (r < 0)
		snprintf(l->why, sizeof(l->why), "%s", why());
	if (!passes)
		atomic_store_explicit(&l->done, true, memory_order_release);
	return r;
}

/* While another thread makes it; -EINTR: the reader does not wait any more. */
static int lock(struct lazy *l)
{
	struct timespec t;

	while (pthread_mutex_trylock(&l->lock)) {
		if (cancelled())
			return fail(-EINTR, "interrupted");
		clock_gettime(CLOCK_REALTIME, &t);
		t.tv_nsec += LOOK_NS;
		t.tv_sec += t.tv_nsec / 1000000000;
		t.tv_nsec %= 1000000000;
		if (pthread_mutex_timedlock(&l->lock, &t) == 0)
			break;
	}
	return 0;
}

static int get_locked(struct lazy *l, int (*make)(void *arg), void *arg)
{
	int r = lock(l);

	if (r < 0)
		return r;
	r = atomic_load_explicit(&l->done, memory_order_relaxed) ? told(l) : try(l, make, arg);
	pthread_mutex_unlock(&l->lock);
	return r;
}

int lazy_get(struct lazy *l, int (*make)(void *arg), void *arg)
{
	int r;

	if (atomic_load_explicit(&l->done, memory_order_acquire))
		return told(l);
	cancel_hold();
	r = get_locked(l, make, arg);
	cancel_release();
	return r;
}
