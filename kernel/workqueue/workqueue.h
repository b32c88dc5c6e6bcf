/* Workqueues: queues of works, pools of the workers that do them, and how far each work has come. */
#pragma once

#include "kernel/kernel.h"

#define WQ_NAME_LEN 64 /* WQ_NAME_LEN is 32, 24 before v6.9 */

struct pool {
	uint64_t addr; /* struct worker_pool */
	int64_t cpu;   /* -1: of unbound queues */
	uint64_t id, flags, nr_workers, nr_idle;
	int64_t nice;
	uint64_t progress; /* jiffy at which it last took a work; 0: not noted */
};

/* Each that there is: by rising number, where the kernel can find one by its number. Not 0: stop, and
 * pools_each() returns it. */
typedef int pool_fn(void *arg, uint64_t pool);
int pools_each(struct kernel *k, pool_fn *fn, void *arg);

int pool_read(struct kernel *k, uint64_t addr, struct pool *ret);

enum work_state {
	WORK_RUNNING,	/* a worker is at it */
	WORK_SCHEDULED, /* it is that worker's next */
	WORK_PENDING,	/* in the pool's line */
	WORK_INACTIVE,	/* its queue has as many in there as it may */
	NR_WORK_STATES
};

struct work {
	enum work_state state;
	uint64_t addr; /* struct work_struct; of one that runs, the structure may be gone */
	uint64_t func;
	uint64_t wq;	/* 0: not known */
	uint64_t task;	/* the worker; 0: none yet */
	uint64_t start; /* jiffy at which it began; 0: not noted, before v7.1 */
};

typedef int work_fn(void *arg, const struct work *w);

/* What the workers of a pool are at, and what is next for each. */
int pool_busy_each(struct kernel *k, uint64_t pool, work_fn *fn, void *arg);

/* What is in its line. */
int pool_pending_each(struct kernel *k, uint64_t pool, work_fn *fn, void *arg);

/* Each struct workqueue_struct, and of one the works that are not active yet. */
typedef int workqueue_fn(void *arg, uint64_t wq);
int workqueues_each(struct kernel *k, workqueue_fn *fn, void *arg);
int workqueue_inactive_each(struct kernel *k, uint64_t wq, work_fn *fn, void *arg);
