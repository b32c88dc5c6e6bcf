/* High-resolution timers: of each CPU some trees, one a clock. */
#pragma once

#include "kernel/kernel.h"

#define HRTIMER_BASES_MAX 16

struct hrtimer_base {
	uint64_t addr;	   /* struct hrtimer_clock_base */
	int64_t offset;	   /* of its clock to the monotonic one, nanoseconds */
	const char *clock; /* "monotonic", "realtime"; "?" for one that is not known */
	bool soft;	   /* they expire in softirq context, 5da70160462e (v4.16) */
};

/* Those of @cpu. At most HRTIMER_BASES_MAX. */
int hrtimer_bases(struct kernel *k, size_t cpu, struct hrtimer_base ret[HRTIMER_BASES_MAX],
		  size_t *ret_n);

struct hrtimer {
	uint64_t addr;
	int64_t soft_expires, expires; /* nanoseconds of the base's clock */
	uint64_t function;
};

/* Not 0: stop, and hrtimers_each() returns it. */
typedef int hrtimer_fn(void *arg, const struct hrtimer *t);

/* Those in line at a base, the next to expire first. */
int hrtimers_each(struct kernel *k, const struct hrtimer_base *b, hrtimer_fn *fn, void *arg);
