/* The scheduler's clock: nanoseconds since the boot or so, kept by each run queue and advanced as its CPU
 * has to do with it. */
#pragma once

#include "kernel/kernel.h"

/* The latest that any CPU noted: when the kernel stopped. */
int sched_now(struct kernel *k, uint64_t *ret);

/* All at @now: sched_now(). How long ago the task was last on a CPU; one that sleeps has since then. Its own accounting stops when it
 * leaves, in se.exec_start, by a clock without the time of interrupts. -ENOENT: it never was on one. */
int task_off_cpu(struct kernel *k, uint64_t task, uint64_t now, uint64_t *ret);

/* How long it has been in the line of its run queue. -ENOENT: it is in none, or this kernel does not note
 * it (CONFIG_SCHED_INFO). */
int task_queued_for(struct kernel *k, uint64_t task, uint64_t now, uint64_t *ret);

/* How long a task that is on a CPU has been. -ENOENT: not noted. */
int task_ran_for(struct kernel *k, uint64_t task, uint64_t now, uint64_t *ret);
