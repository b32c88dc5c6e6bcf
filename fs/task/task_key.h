/* Which task a file is about: /tasks/{pid}/... the process, /tasks/{pid}/task/{tid}/... the thread. The
 * ids of both keys are addresses of a task_struct. */
#pragma once

#include <stdbool.h>

#include "fs/gen.h"

static inline size_t key_count(const struct render *r)
{
	size_t n = 0;

	while (n < KEYS_MAX && r->key[n].name)
		n++;
	return n;
}

/* Of a file whose path has @below more keys after that of the task: fd/{fd} has 1. */
static inline uint64_t key_task_above(const struct render *r, size_t below)
{
	return r->key[key_count(r) - 1 - below].id;
}

static inline uint64_t key_task(const struct render *r)
{
	return key_task_above(r, 0);
}

/* Is it a file below task/{tid}? Then it tells of that thread alone, as in /proc. */
static inline bool key_is_thread(const struct render *r, size_t below)
{
	return key_count(r) - below > 1;
}
