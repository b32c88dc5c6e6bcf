/* Whom a timer is for, as its function knows. */
#pragma once

#include "kernel/kernel.h"

struct timer_owner {
	uint64_t task; /* that it wakes, or tells; 0: none */
	uint64_t work; /* the struct work_struct that it queues; 0: none */
	uint64_t wq;   /* on this workqueue */
};

/* Of a timer_list and of an hrtimer. Where it does not hold together, nobody. */
void timer_owner(struct kernel *k, uint64_t timer, uint64_t function, struct timer_owner *ret);
void hrtimer_owner(struct kernel *k, uint64_t timer, uint64_t function, struct timer_owner *ret);
