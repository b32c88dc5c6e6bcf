/* Areas of the kernel's address space that were given out: by vmalloc(), ioremap() and the like. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

struct vm_area {
	uint64_t start, end; /* with the guard page that follows most of them */
	uint64_t vm;	     /* its struct vm_struct; 0: vm_map_ram(), what is below is not known */
	uint64_t addr, size, caller, flags, nr_pages, pages, phys;
};

/* Each struct vmap_area, by rising address within a list: those in use, or those given back of which
 * CPUs may still have translations. Not 0 ends it. */
typedef int vm_area_fn(void *arg, uint64_t area);
int vm_areas_each(struct kernel *k, vm_area_fn *fn, void *arg);
int vm_areas_each_unpurged(struct kernel *k, vm_area_fn *fn, void *arg);

/* How much of the kernel's addresses is given out, and the most that is free in one piece, in bytes, as
 * kernels until a5ad88ce8c7f (v4.4) counted them for /proc/meminfo. Zeros: a later one. */
int vm_areas_used(struct kernel *k, uint64_t *ret, uint64_t *ret_free);

/* Read the struct vmap_area at @area. */
int vm_area_read(struct kernel *k, uint64_t area, struct vm_area *ret);

/* The area in use that @va lies in. -ENOENT: in none. */
int vm_area_at(struct kernel *k, uint64_t va, struct vm_area *ret);

/* " vmalloc": what an area's flags say that it is for, in the words of /proc/vmallocinfo. */
void put_vm_area_kind(struct strbuf *out, uint64_t flags);
