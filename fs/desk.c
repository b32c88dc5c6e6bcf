#include "fs/desk.h"

#include <errno.h>
#include <stdio.h>

void desk_init(struct desk *d)
{
	*d = (struct desk){ .state = DESK_FREE };
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
}

void desk_fini(struct desk *d)
{
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
}

/* Under the lock. */
static void become(struct desk *d, enum desk_state state)
{
	if (d->state != DESK_CLOSED)
		d->state = state;
	pthread_cond_broadcast(&d->changed);
}

int desk_ask(struct desk *d, const char *path, struct stat *ret)
{
	int r = -ENOENT;

	pthread_mutex_lock(&d->lock);
	snprintf(d->path, sizeof(d->path), "%s", path);
	become(d, DESK_ASKED);
	while (d->state == DESK_ASKED)
		pthread_cond_wait(&d->changed, &d->lock);
	if (d->state == DESK_ANSWERED) {
		r = d->answer;
		if (r == 0)
			*ret = d->st;
		become(d, DESK_FREE);
	}
	pthread_mutex_unlock(&d->lock);
	return r;
}

void desk_answer(struct desk *d, desk_answer_fn *answer, void *arg)
{
	pthread_mutex_lock(&d->lock);
	while (d->state != DESK_CLOSED) {
		struct stat st = { 0 };
		char path[PATH_MAX];
		int r;

		if (d->state != DESK_ASKED) {
			pthread_cond_wait(&d->changed, &d->lock);
			continue;
		}
		snprintf(path, sizeof(path), "%s", d->path);
		pthread_mutex_unlock(&d->lock);
		r = answer(arg, path, &st);
		pthread_mutex_lock(&d->lock);
		d->answer = r;
		d->st = st;
		become(d, DESK_ANSWERED);
	}
	pthread_mutex_unlock(&d->lock);
}

void desk_close(struct desk *d)
{
	pthread_mutex_lock(&d->lock);
	become(d, DESK_CLOSED);
	pthread_mutex_unlock(&d->lock);
}
