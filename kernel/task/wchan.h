/* Where a task waits: the function that called the scheduler. */
#pragma once

#include "kernel/kernel.h"

/* An address in it; 0: the task does not wait, or that cannot be told for sure. */
int task_wchan(struct kernel *k, uint64_t task, uint64_t *ret);
