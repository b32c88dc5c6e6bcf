/* struct rb_root: entries in order. */
#pragma once

#include "kernel/fields.h"
#include "kernel/walk/guard.h"

#define RB_DEPTH_MAX 128 /* twice the logarithm of any number of entries */

struct rb_walk {
	struct kernel *k;
	uint64_t offset;	      /* of the node in an entry */
	uint64_t stack[RB_DEPTH_MAX]; /* nodes whose left side is done or being done */
	size_t depth;
	uint64_t left_offset, right_offset;
	struct guard guard;
};

/* Begin at the rb_root at @root (which an rb_root_cached begins with), whose entries hang by their
 * member @f, or by the node @offset bytes into them. */
int rb_begin(struct rb_walk *w, struct kernel *k, uint64_t root, enum field f);
int rb_begin_at(struct rb_walk *w, struct kernel *k, uint64_t root, uint64_t offset);

/* 1: *ret is the next entry; 0: the end; else as list_next(). */
int rb_next(struct rb_walk *w, uint64_t *ret);
