/* The POSIX timers of a process: struct k_itimer. */
#pragma once

#include "kernel/kernel.h"

#define TIMER_THREAD_ID 4 /* a bit of .notify: one thread is told, not the process */

struct timer {
	uint64_t addr;
	int32_t id, clock;
	int32_t signal;
	uint64_t value;	 /* what goes with the signal */
	uint32_t notify; /* SIGEV_* */
	uint64_t pid;	 /* struct pid of who is told; 0: nobody any more */
};

/* Not 0: stop, and task_timers() returns it. */
typedef int timer_fn(void *arg, const struct timer *t);

/* Those of the process that the task at @task is of, in the kernel's order. */
int task_timers(struct kernel *k, uint64_t task, timer_fn *fn, void *arg);
