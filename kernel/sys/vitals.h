/* How the whole kernel was: its clocks, load, and what tainted it. */
#pragma once

#include "kernel/kernel.h"

struct clocks {
	uint64_t real; /* nanoseconds since 1970, UTC, as of the last tick */
	uint64_t boot; /* nanoseconds since the boot, sleep included */
	uint64_t mono; /* the same without sleep */
};

int kernel_clocks(struct kernel *k, struct clocks *ret);

/* Ticks a second: CONFIG_HZ. */
int kernel_hz(struct kernel *k, uint64_t *ret);

/* Of the last 1, 5 and 15 minutes, in hundredths. */
int kernel_load(struct kernel *k, unsigned int ret[3]);

/* Bits by TAINT_*. */
int kernel_taints(struct kernel *k, uint64_t *ret);

/* Of the processor's clock. -ENOENT: not kept. */
int kernel_mhz(struct kernel *k, uint64_t *ret);
