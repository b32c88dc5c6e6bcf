/* On which nodes of memory the pages of a mapping are, and what they are: what /proc/<pid>/numa_maps
 * tells. */
#pragma once

#include "dump/base/limits.h"
#include "kernel/mem/user_mem.h"
#include "kernel/mem/vma.h"

struct vma_nodes {
	uint64_t pages, anon, dirty, active, writeback, swapcache; /* all in pages */
	uint64_t mapped_most; /* page tables that the one of them has that has most */
	uint64_t node[LIMIT_NODES];
};

/* Of the mapping @v of the memory @m. */
int vma_nodes(const struct user_mem *m, const struct vma *v, struct vma_nodes *ret);

/* How memory is to be spread over the nodes: struct mempolicy. */
struct mempolicy {
	uint32_t mode, flags;		  /* MPOL_* */
	uint64_t nodes[LIMIT_NODES / 64]; /* a bit each */
	bool has_nodes;
};

/* Of the mapping, else of the task at @task. */
int vma_policy(struct kernel *k, uint64_t task, const struct vma *v, struct mempolicy *ret);
