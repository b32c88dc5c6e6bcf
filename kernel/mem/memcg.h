/* The memory controller of control groups: struct mem_cgroup. */
#pragma once

#include "kernel/kernel.h"

#define MEMCG_NO_LIMIT UINT64_MAX

struct memcg {
	uint64_t addr, cgroup;
	unsigned int depth;	 /* 0: the root */
	uint64_t usage, max;	 /* pages, of it and all below; of the root: of those below */
	uint64_t swap, swap_max; /* the same; in version 1 the limit is that of both together */
	bool is_dead;		 /* it was removed, and something still uses it */
};

/* Each, one before those below it. Not 0: stop, and memcgs_each() returns it. -ENOENT: this kernel has
 * no such controller. */
typedef int memcg_fn(void *arg, const struct memcg *m);
int memcgs_each(struct kernel *k, memcg_fn *fn, void *arg);
