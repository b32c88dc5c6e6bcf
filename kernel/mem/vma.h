/* The mappings of a process: struct vm_area_struct. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/file/path.h"
#include "kernel/walk/maple.h"

#define VM_READ	    0x1
#define VM_WRITE    0x2
#define VM_EXEC	    0x4
#define VM_MAYSHARE 0x80

struct vma {
	uint64_t addr;	     /* of the structure */
	uint64_t start, end; /* end: one past */
	uint64_t flags;
	uint64_t pgoff; /* pages */
	uint64_t file;	/* struct file; 0: none */
};

struct vma_walk {
	struct kernel *k;
	bool is_tree; /* v6.1; a list before */
	struct maple_walk tree;
	uint64_t next;
	struct guard guard;
};

/* Begin at the lowest mapping of the mm_struct at @mm. */
int vma_begin(struct vma_walk *w, struct kernel *k, uint64_t mm);

/* 1: a mapping; 0: the end; else as list_next(). */
int vma_next(struct vma_walk *w, struct vma *ret);

int vma_read(struct kernel *k, uint64_t addr, struct vma *ret);

/* The page that some kernels map for every process although it is in no list: [vsyscall]. -ENOENT. */
int vma_gate(struct kernel *k, struct vma *ret);

/* What tells mappings without a file from each other. */
struct mm_marks {
	uint64_t start_brk, brk, start_stack, vdso;
	bool is_strict; /* the heap is what overlaps it, not what touches it */
};

int mm_marks(struct kernel *k, uint64_t mm, struct mm_marks *ret);

/* Is it the heap, the stack? Of one without a file. */
bool vma_is_heap(const struct mm_marks *m, const struct vma *v);
bool vma_is_stack(const struct mm_marks *m, const struct vma *v);

/* Append the name that /proc/PID/maps shows, "" if it has none. */
int put_vma_name(struct strbuf *out, struct kernel *k, const struct mm_marks *m,
		 const struct vma *v, const struct path *root);
