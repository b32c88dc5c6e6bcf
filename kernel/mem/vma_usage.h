/* How much memory a mapping takes, and of what kind: what /proc/<pid>/smaps tells. */
#pragma once

#include "kernel/mem/user_mem.h"
#include "kernel/mem/vma.h"

/* A page that n mappings share counts for 1/n in each: a number of parts of a byte. */
#define PSS_SHIFT 12

struct vma_usage {
	uint64_t resident, referenced, anonymous, lazyfree, ksm; /* bytes */
	uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
	uint64_t anonymous_huge, shmem_huge, file_huge;
	uint64_t shared_hugetlb, private_hugetlb;
	uint64_t swap;
	uint64_t pss, pss_dirty, pss_anon, pss_file, pss_shmem, pss_locked, swap_pss; /* parts */
	uint64_t unknown; /* bytes of which no more than that they are mapped is in the dump */
};

/* Add what the mapping @v of the memory @m takes. */
int vma_usage_add(const struct user_mem *m, const struct vma *v, struct vma_usage *usage);

/* Bytes of a page of the mapping. */
int vma_page_size(struct kernel *k, const struct vma *v, uint64_t *ret);
