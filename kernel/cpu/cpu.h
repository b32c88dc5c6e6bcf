/* The CPUs of the kernel, and where each has its own copy of the per-CPU variables. */
#pragma once

#include "dump/base/limits.h"
#include "kernel/fields.h"

struct cpu_mask {
	uint64_t bits[LIMIT_CPUS / 64];
};

struct cpus {
	size_t nr;		 /* numbers below which all CPUs lie: nr_cpu_ids */
	struct cpu_mask present; /* those that the machine has */
	struct cpu_mask possible;
	struct cpu_mask online;	     /* a kernel that panics takes the others off line */
	uint64_t offset[LIMIT_CPUS]; /* what a per-CPU address is off by */
};

static inline bool cpu_is_in(const struct cpu_mask *mask, size_t cpu)
{
	return cpu < LIMIT_CPUS && mask->bits[cpu / 64] >> cpu % 64 & 1;
}

/* Borrowed, valid until kernel_close(). */
int cpus_get(struct kernel *k, const struct cpus **ret);

/* Where @cpu has the per-CPU variable at @va. -ENOENT: no such CPU. */
int percpu_addr(struct kernel *k, uint64_t va, size_t cpu, uint64_t *ret);
int percpu_symbol(struct kernel *k, const char *name, size_t cpu, uint64_t *ret);

/* The struct cpumask at @va. */
int cpu_mask_read(struct kernel *k, uint64_t va, struct cpu_mask *ret);

/* The cpumask_var_t at @va, which is a mask or, where CONFIG_CPUMASK_OFFSTACK is set, a pointer to one: as
 * the member @like of that type tells. NULL: no CPUs. */
int cpu_mask_var(struct kernel *k, uint64_t va, enum field like, struct cpu_mask *ret);

/* Was it in use? Also of one that was taken off line only because the kernel panicked. */
int cpu_was_online(struct kernel *k, size_t cpu, bool *ret);

/* The sum over all possible CPUs of the number of @size <= 8 bytes that each has at @va, a per-CPU
 * address; signed, and as wide as 8 bytes. */
int percpu_sum(struct kernel *k, uint64_t va, size_t size, int64_t *ret);

/* The sum of the struct percpu_counter at @counter: percpu_counter_sum_positive(). */
int percpu_counter_sum(struct kernel *k, uint64_t counter, uint64_t *ret);

/* Its node of memory; 0 where there is one. */
int cpu_node(struct kernel *k, size_t cpu, uint64_t *ret);

/* Its struct rq. */
int cpu_rq(struct kernel *k, size_t cpu, uint64_t *ret);

/* The task that it executes, and the one that it executes when there is none. */
int cpu_current(struct kernel *k, size_t cpu, uint64_t *ret);
int cpu_idle(struct kernel *k, size_t cpu, uint64_t *ret);

struct cpu_facts;

/* kernel.c's: what is kept of them. NULL: no memory. */
struct cpu_facts *cpu_facts_new(struct kernel *k);
void cpu_facts_free(struct cpu_facts *f);
