/* What takes the memory of the machine, as far as the kernel counts it. */
#pragma once

#include "kernel/kernel.h"

/* No page is of two parts. */
enum memory_part {
	MEM_FREE,
	MEM_FREE_ON_CPUS, /* on the lists that each CPU keeps to itself */
	MEM_ANON,	  /* of processes, mapped */
	MEM_SWAP_CACHE,	  /* the same, not mapped any more: about to go, or just come */
	MEM_FILE,	  /* files and block devices */
	MEM_SHMEM,	  /* tmpfs, shared memory */
	MEM_SLAB_RECLAIMABLE,
	MEM_SLAB_UNRECLAIMABLE,
	MEM_MISC_RECLAIMABLE, /* of the kernel, not in slabs */
	MEM_PAGE_TABLES,      /* of processes */
	MEM_TOP_TABLES,	   /* of processes: those of the upper levels that MEM_PAGE_TABLES lacks */
	MEM_KERNEL_TABLES, /* of the kernel itself, the same */
	MEM_SEC_PAGE_TABLES, /* of virtual machines, I/O */
	MEM_KERNEL_STACKS,
	MEM_SHADOW_STACKS,
	MEM_VMALLOC, /* without kernel stacks */
	MEM_PERCPU,  /* without what was there before the page allocator */
	MEM_HUGETLB,
	MEM_REQUESTS,	/* of block devices, made beforehand */
	MEM_TRACING,	/* records of functions that can be traced, and what was */
	MEM_DMA_POOLS,	/* for drivers that may not wait */
	MEM_MEMPOOLS,	/* of pages, for who must not fail */
	MEM_COMPRESSED, /* pages of zswap and zram */
	MEM_MEMMAP,	/* struct pages of memory that was added */
	MEM_WRITEBACK_TEMP,
	MEM_BOUNCE,
	MEM_BALLOON, /* given back to the host */
	MEM_GPU,
	MEM_GPU_RECLAIMABLE,
	MEM_PARTS
};

struct memory_usage {
	uint64_t total;		  /* kB, as all here: MemTotal */
	uint64_t present;	  /* of RAM; what is not in .total was taken at boot */
	uint64_t part[MEM_PARTS]; /* 0 also: not counted by this kernel */
	uint64_t counted;	  /* their sum */
	char problem[256];	  /* why one of them is not known; "": all are */
};

int memory_usage(struct kernel *k, struct memory_usage *ret);
