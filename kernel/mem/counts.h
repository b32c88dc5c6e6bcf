/* Amounts of memory that have no counter of their own among vm_stats(), or have had one in several
 * places. All but page_kb() in pages. */
#pragma once

#include "kernel/kernel.h"
#include "kernel/mem/vmstat.h"

/* Of a page, in kB. */
uint64_t page_kb(struct kernel *k);

/* What a huge page has that a table of pages makes place for: HPAGE_PMD_NR. */
uint64_t pmd_pages(struct kernel *k);

/* What the kernel has to give: MemTotal. */
int total_pages(struct kernel *k, uint64_t *ret);

/* Pages that are swapped out, or were, and still in memory. */
int swap_cache_pages(struct kernel *k, const struct vm_stats *s, uint64_t *ret);

/* In huge pages of all sizes that were set aside; @ret_default: the hstate of the default size, 0: this
 * kernel has none. */
int hugetlb_pages(struct kernel *k, uint64_t *ret, uint64_t *ret_default);

/* That vmalloc() has allocated, kernel stacks among them where they are mapped so. */
uint64_t vmalloc_pages(struct kernel *k, const struct vm_stats *s);

/* Pages of per-CPU memory, of all CPUs. @ret_boot: those of them that were there before the page
 * allocator and are not in MemTotal. */
void percpu_pages(struct kernel *k, uint64_t *ret, uint64_t *ret_boot);
