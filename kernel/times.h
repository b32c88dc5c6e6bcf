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
