/* /memory/usage/total: all memory, by what it is used for. */
#include "fs/gen.h"
#include "kernel/mem/usage.h"

static const char *const names[MEM_PARTS] = {
	[MEM_FREE] = "free",
	[MEM_FREE_ON_CPUS] = "free, kept by CPUs",
	[MEM_ANON] = "anonymous memory of processes",
	[MEM_SWAP_CACHE] = "swap cache, not mapped",
	[MEM_FILE] = "file cache",
	[MEM_SHMEM] = "shmem: tmpfs, shared memory",
	[MEM_SLAB_RECLAIMABLE] = "slab, reclaimable",
	[MEM_SLAB_UNRECLAIMABLE] = "slab, unreclaimable",
	[MEM_MISC_RECLAIMABLE] = "kernel, reclaimable, not in slabs",
	[MEM_PAGE_TABLES] = "page tables of processes",
	[MEM_TOP_TABLES] = "upper page tables of processes",
	[MEM_KERNEL_TABLES] = "page tables of the kernel",
	[MEM_SEC_PAGE_TABLES] = "page tables of virtual machines and I/O",
	[MEM_KERNEL_STACKS] = "kernel stacks",
	[MEM_SHADOW_STACKS] = "shadow call stacks",
	[MEM_VMALLOC] = "vmalloc, without kernel stacks",
	[MEM_PERCPU] = "per-CPU memory, without that of the boot",
	[MEM_HUGETLB] = "huge pages of hugetlb, in use or not",
	[MEM_REQUESTS] = "requests of block devices, in use or not",
	[MEM_TRACING] = "tracing: functions, buffers",
	[MEM_DMA_POOLS] = "pools for DMA",
	[MEM_MEMPOOLS] = "pools of pages",
	[MEM_COMPRESSED] = "compressed: zswap, zram",
	[MEM_MEMMAP] = "struct pages of memory added",
	[MEM_WRITEBACK_TEMP] = "write-back of FUSE",
	[MEM_BOUNCE] = "bounce buffers",
	[MEM_BALLOON] = "balloon",
	[MEM_GPU] = "GPU",
	[MEM_GPU_RECLAIMABLE] = "GPU, reclaimable",
};

static void put_part(struct render *r, int64_t kb, uint64_t total, const char *name)
{
	put(r->out, "%12ld %6.1f  %s\n", kb, total ? 100.0 * (double)kb / (double)total : 0, name);
}

/* What nobody counts is told as such: it may be negative, for some is counted by each CPU for itself and
 * told to the others now and then. */
int gen_usage_total(struct render *r)
{
	struct memory_usage u;
	int e = memory_usage(r->k, &u);

	if (e < 0)
		return e;
	put_str(r->out, "          kB      %  WHAT\n");
	for (size_t i = 0; i < MEM_PARTS; i++)
		if (u.part[i])
			put_part(r, (int64_t)u.part[i], u.total, names[i]);
	put_part(r, (int64_t)(u.total - u.counted), u.total,
		 "counted nowhere: alloc_pages() of drivers, networking, boot");
	put_part(r, (int64_t)u.total, u.total, "MemTotal, the sum");
	if (u.present > u.total)
		put(r->out, "%12lu      -  %s\n", u.present - u.total,
		    "not in MemTotal: kernel image, struct pages, crash kernel, firmware");
	if (*u.problem)
		put(r->out, "!! %s\n", u.problem);
	return 0;
}
