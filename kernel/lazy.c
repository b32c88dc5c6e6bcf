#include "kernel/lazy.h"

#include <errno.h>
#include <stdio.h>

#include "dump/base/err.h"

void lazy_init(struct lazy *l)
{
	*l = (struct lazy){ 0 };
	pthread_mutex_init(&l->lock, NULL);
}

void lazy_fini(struct lazy *l)
{
	pthread_mutex_destroy(&l->lock);
}

int lazy_get(struct lazy *l, int (*make)(void *arg), void *arg)
{
	int r;

	pthread_mutex_lock(&l->lock);
	if (l->done) {
		r = l->error < 0 ? fail(l->error, "%s", l->why) : 0;
	} else {
		r = make(arg);
		l->done = r != -EINTR && r != -ENOMEM;
		l->error = r;
		if (r < 0)
			snprintf(l->why, sizeof(l->why), "%s", why());
	}
	pthread_mutex_unlock(&l->lock);
	return r;
}
