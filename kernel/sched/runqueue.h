/* Run queues: the tasks that a CPU executes and those in line for it, by scheduling class. */
#pragma once

#include "kernel/kernel.h"

/* From the highest on. A stop task is never in line. */
enum sched_class {
	SCHED_CLASS_DL,
	SCHED_CLASS_RT,
	SCHED_CLASS_FAIR,
	SCHED_CLASS_EXT,
	NR_SCHED_CLASSES
};

struct queued {
	uint64_t task;
	uint64_t
		key; /* what it is in line by: a deadline, a priority, a virtual run time; 0: nothing */
};

/* Not 0: stop, and runqueue_each() returns it. */
typedef int queued_fn(void *arg, const struct queued *q);

/* The tasks of @class in line at the struct rq at @rq, the next one first; of the fair class by group: a
 * group's stand where it does. That which runs is not among them. */
int runqueue_each(struct kernel *k, uint64_t rq, enum sched_class class, queued_fn *fn, void *arg);

/* How many of @class the queue counts itself, with that which runs. -ENOENT: this kernel has no such
 * class. */
int runqueue_count(struct kernel *k, uint64_t rq, enum sched_class class, uint64_t *ret);

/* "fair", "rt" and so on, as the kernel's variable for the class of the task is called. */
#define SCHED_CLASS_NAME 16
int task_sched_class(struct kernel *k, uint64_t task, char ret[SCHED_CLASS_NAME]);
