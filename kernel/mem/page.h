/* struct page: the kernel's own note on each page of physical memory. It knows where they are and
 * which belong together; not what is in the pages. */
#pragma once

#include "kernel/kernel.h"

/* The struct page of the page frame @pfn, whether there is such a frame or not. */
int page_of_frame(struct kernel *k, uint64_t pfn, uint64_t *ret);

/* The page frame that the struct page at @page is of. -ENOENT: @page is no struct page. */
int page_frame(struct kernel *k, uint64_t page, uint64_t *ret);

/* The struct page of the page at @va in the direct map. -ENOENT: it is no address there. */
int page_of_direct(struct kernel *k, uint64_t va, uint64_t *ret);

/* The first of the pages that were allocated together with @page; @page itself when it is alone. */
int page_head(struct kernel *k, uint64_t page, uint64_t *ret);

/* Is it the head of pages that the slab allocator divides into objects? */
bool page_is_slab(struct kernel *k, uint64_t page);

/* Each such head, by rising address, as far as the dump has the struct pages. Not 0: stop, and
 * page_each_slab() returns it. -EINTR. */
typedef int page_fn(void *arg, uint64_t page);
int page_each_slab(struct kernel *k, page_fn *fn, void *arg);
/* What a frame is, for who counts the memory of processes. */
struct page_state {
	uint64_t addr; /* of its struct page */
	uint64_t
		head; /* of the first page that it was allocated with; itself: alone, or the first */
	uint64_t flags; /* of the head */
	uint64_t mapping;
	int refs;   /* of the head */
	int mapped; /* page tables that have it */
};

enum page_flag {
	PAGE_DIRTY,
	PAGE_REFERENCED,
	PAGE_SWAPBACKED,
	PAGE_SWAPCACHE,
	PAGE_ACTIVE,
	PAGE_UNEVICTABLE,
	PAGE_WRITEBACK,
	PAGE_RESERVED,
	PAGE_FLAGS
};

/* The page of frame @pfn. -EOPNOTSUPP: this machine's are not in one array. */
int page_state(struct kernel *k, uint64_t pfn, struct page_state *ret);

bool page_has(struct kernel *k, const struct page_state *p, enum page_flag flag);

/* The node of memory that it is of; 0 where there is one. */
uint64_t page_node(struct kernel *k, const struct page_state *p);

/* Memory of processes alone, not of a file; and shared for having the same contents. */
static inline bool page_is_anon(const struct page_state *p)
{
	return p->mapping & 1;
}

static inline bool page_is_ksm(const struct page_state *p)
{
	return (p->mapping & 3) == 3;
}
