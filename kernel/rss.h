/* How many pages of an address space are in memory, and of what kind. */
#pragma once

#include "kernel/kernel.h"

struct rss {
	uint64_t file, anon, shmem, swap; /* pages */
	uint64_t quick; /* file, anon and shmem without what CPUs keep to themselves: v6.2 */
};

static inline uint64_t rss_total(const struct rss *rss)
{
	return rss->file + rss->anon + rss->shmem;
}

/* Of the mm_struct at @mm. */
int mm_rss(struct kernel *k, uint64_t mm, struct rss *ret);
