/* struct xarray, the radix tree before it, and struct idr on top: entries by index, ascending. */
#pragma once

#include "kernel/fields.h"
#include "kernel/walk/guard.h"

#define XA_SLOTS_MAX 64
#define XA_DEPTH_MAX 11 /* levels of six bits in an index of 64 */

struct xa_level {
	uint64_t slots[XA_SLOTS_MAX];
	uint64_t base; /* index of slot 0 */
	unsigned int shift, next;
};

struct xa_walk {
	struct kernel *k;
	bool radix;	       /* the tags are those of a radix tree */
	unsigned int nr_slots; /* of a node */
	uint64_t single;       /* an only entry, without a node; 0: none */
	uint64_t index_base;   /* idr_base */
	size_t depth;
	struct xa_level level[XA_DEPTH_MAX]; /* from the root down */
	struct guard guard;
};

/* Begin at the xarray (radix_tree_root), or idr, at @addr. */
int xa_begin(struct xa_walk *w, struct kernel *k, uint64_t addr);
int idr_begin(struct xa_walk *w, struct kernel *k, uint64_t addr);

/* 1: an entry, as it is stored (values with bit 0 set: see xa_value()); 0: the end; else as
 * list_next(). */
int xa_next(struct xa_walk *w, uint64_t *ret_index, uint64_t *ret_entry);

/* The entry at @index alone, without a walk. -ENOENT: none. */
int xa_find(struct kernel *k, uint64_t addr, uint64_t index, uint64_t *ret);
int idr_find(struct kernel *k, uint64_t addr, uint64_t index, uint64_t *ret);

/* Is it a number that was stored in place of a pointer? */
static inline bool xa_is_value(uint64_t entry)
{
	return entry & 1;
}
