/* What the CPUs did with their time, and what they have counted. */
#pragma once

#include "kernel/kernel.h"

enum cpu_use {
	CPU_USER,
	CPU_NICE,
	CPU_SYSTEM,
	CPU_IDLE,
	CPU_IOWAIT,
	CPU_IRQ,
	CPU_SOFTIRQ,
	CPU_STEAL,
	CPU_GUEST,
	CPU_GUEST_NICE,
	CPU_USES
};

struct cpu_time {
	uint64_t ns[CPU_USES]; /* nanoseconds */
};

/* Of a possible CPU; the idle time up to the last tick. */
int cpu_time(struct kernel *k, size_t cpu, struct cpu_time *ret);

/* Nanoseconds of all CPUs together. */
int cpu_idle_time(struct kernel *k, uint64_t *ret);

/* Sums over the run queues. */
struct cpu_counts {
	uint64_t running; /* tasks that run or want to */
	uint64_t iowait;  /* tasks that wait for a disk */
	uint64_t switches;
};

int cpu_counts(struct kernel *k, struct cpu_counts *ret);
