/* What control groups have counted: each CPU, and each group below, keeps some to itself. */
#pragma once

#include "kernel/kernel.h"

#define CGROUP_DEPTH_MAX 64

/* The part that the controller called @name, as in cpu_cgrp_id, has of the group; 0: none. */
int cgroup_css(struct kernel *k, uint64_t cgroup, const char *name, uint64_t *ret);

/* Counters that each CPU and each child keeps to itself until someone asks are added here as the kernel
 * would add them then: the total is what is known, what CPUs have counted since, and what the totals of the
 * children are more than what was taken over from them. own() gives the first two, taken() the third. */
struct cgroup_count {
	struct kernel *k;
	int (*own)(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret);
	int (*taken)(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret);
	size_t i;	/* which counter */
	uint64_t key;	/* the caller's */
	uint64_t steps; /* groups that were looked at */
};

/* Of the group and those below it. -ELOOP: there are too many. */
int cgroup_total(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret);

/* The sum over all CPUs of the numbers that each has at @now, a per-CPU address, less those at @then. */
int percpu_growth(struct kernel *k, uint64_t now, uint64_t then, uint64_t *ret);
