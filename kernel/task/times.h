/* What a task has used: time on a CPU, and page faults. */
#pragma once

#include "kernel/kernel.h"

struct times {
	uint64_t user, system, guest; /* nanoseconds */
	uint64_t minor, major;	      /* faults */
};

/* Of the task alone, or with @whole of all threads that its process has and had. User and system time
 * are scaled to the exact time that the scheduler measured, as the kernel does. */
int task_times(struct kernel *k, uint64_t task, bool whole, struct times *ret);

/* cputime_adjust(): @user and @system, by ticks, tell the proportion in which the @exact time is divided; and
 * neither part may ever go back from what was last told. Nanoseconds. */
void times_adjust(uint64_t exact, uint64_t told_user, uint64_t told_system, uint64_t *user,
		  uint64_t *system);

/* What its process's ended children had used, in nanoseconds. */
struct child_times {
	uint64_t user, system, guest;
};
int task_child_times(struct kernel *k, uint64_t task, struct child_times *ret);

/* When it started: nanoseconds since boot, sleep included. */
int task_started(struct kernel *k, uint64_t task, uint64_t *ret);
