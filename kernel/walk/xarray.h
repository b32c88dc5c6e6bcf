/* struct xarray, the radix tree before it, and struct idr on top or, before v4.11, of layers: entries by index,
 * ascending. */
#pragma once

#include "kernel/fields.h"
#include "kernel/walk/guard.h"

#define XA_SLOTS_MAX 256  /* of an idr_layer; other nodes have 64 */
#define XA_DEPTH_MAX 11	  /* levels of six bits in an index of 64 */
#define XA_POOL	     1024 /* slots of all levels: four of eight bits, eleven of six */

/* How nodes are told from entries, and what tells the level of one. */
enum xa_form {
	XA_XARRAY,  /* tags of v4.20 on, xa_node.shift */
	XA_RADIX,   /* tags before that, radix_tree_node.shift */
	XA_HEIGHTS, /* before v4.7: a tag at the root alone, radix_tree_node.height */
	XA_LAYERS,  /* before v4.11: none, idr_layer.layer */
};

struct xa_level {
	uint64_t *slots; /* in the walk's pool */
	uint64_t base;	 /* index of slot 0 */
	unsigned int shift, next;
};

struct xa_walk {
	struct kernel *k;
	enum xa_form form;
	unsigned int nr_slots, bits; /* of a node, and of an index that tell the slot */
	uint64_t single;	     /* an only entry, without a node; 0: none */
	uint64_t index_base;	     /* idr_base */
	size_t depth;
	struct xa_level level[XA_DEPTH_MAX]; /* from the root down */
	uint64_t pool[XA_POOL];
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
