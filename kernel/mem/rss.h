/* How many pages of an address space are in memory, and of what kind. */
#pragma once

#include "kernel/kernel.h"

struct rss {
	uint64_t file, anon, shmem, swap; /* pages */
	/* file, anon and shmem, and swap, without what CPUs keep to themselves: v6.2 */
	uint64_t quick, quick_swap;
};

static inline uint64_t rss_total(const struct rss *rss)
{
	return rss->file + rss->anon + rss->shmem;
}

/* Of the mm_struct at @mm. */
int mm_rss(struct kernel *k, uint64_t mm, struct rss *ret);

/* Pages that can be written and are its own: VmData. */
int mm_data_pages(struct kernel *k, uint64_t mm, uint64_t *ret);

/* Bytes of page tables: .lowest as VmPTE has them, all of them where they are counted together. */
struct mm_tables {
	uint64_t all, lowest;
};
int mm_tables(struct kernel *k, uint64_t mm, struct mm_tables *ret);
