/* The units of time on a CPU. Until v4.10 a cputime_t counts what the kernel was built to account: ticks,
 * or nanoseconds; then all are nanoseconds. 5613fda9a503 and those around it (v4.11) */
#pragma once

#include "kernel/kernel.h"

/* Nanoseconds in one unit of a cputime_t. */
int cputime_unit(struct kernel *k, uint64_t *ret);
