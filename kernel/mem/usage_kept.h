/* Memory that the kernel keeps for itself and has no counter for. All in pages. What a kernel does not have
 * is 0. */
#pragma once

#include "kernel/kernel.h"

/* Of page tables, those that no counter tells of: of the kernel itself, and of processes the upper levels.
 * Since v6.16 all are counted. -EINTR; -ELOOP; errors of tasks_get(). */
int tables_of_kernel(struct kernel *k, uint64_t *ret);
int tables_of_processes(struct kernel *k, uint64_t *ret);

/* Records of the functions that can be traced, and the buffers of all instances of tracing. */
int tracing_pages(struct kernel *k, uint64_t *ret);

/* Of which drivers get coherent memory where they may not wait. */
int dma_pool_pages(struct kernel *k, uint64_t *ret);

/* In reserve for who must get pages: those pools that have a name of their own. */
int mempool_pages(struct kernel *k, uint64_t *ret);
