/* Questions from a thread that must not read the dump to one that does: the first is not locked down, for
 * it looks into another process, and the second sees nothing but what it is asked. */
#pragma once

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

enum desk_state { DESK_FREE, DESK_ASKED, DESK_ANSWERED, DESK_CLOSED };

struct desk {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum desk_state state;
	char path[PATH_MAX];
	struct stat st;
	int answer;
};

void desk_init(struct desk *d);
void desk_fini(struct desk *d);

/* Ask, and wait for the answer. -ENOENT: it is closed. One thread at a time. */
int desk_ask(struct desk *d, const char *path, struct stat *ret);

/* Answer what is asked until it is closed. */
typedef int desk_answer_fn(void *arg, const char *path, struct stat *ret);
void desk_answer(struct desk *d, desk_answer_fn *answer, void *arg);

void desk_close(struct desk *d);
