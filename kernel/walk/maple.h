/* struct maple_tree: entries by range, ascending. */
#pragma once

#include "kernel/fields.h"
#include "kernel/walk/guard.h"

#define MAPLE_NODE_SIZE 256
#define MAPLE_DEPTH_MAX 31
#define MAPLE_SLOTS_MAX 31

struct maple_level {
	uint64_t pivot[MAPLE_SLOTS_MAX], slot[MAPLE_SLOTS_MAX];
	uint64_t min, max; /* of the node's range, both inclusive */
	unsigned int end;  /* its last slot */
	unsigned int next;
	bool leaf;
};

struct maple_walk {
	struct kernel *k;
	uint64_t single; /* an only entry, without a node; 0: none */
	size_t depth;
	struct maple_level level[MAPLE_DEPTH_MAX]; /* from the root down */
	struct guard guard;
};

struct maple_entry {
	uint64_t first, last; /* both inclusive */
	uint64_t entry;
};

/* Begin at the maple_tree at @addr. */
int maple_begin(struct maple_walk *w, struct kernel *k, uint64_t addr);

/* 1: an entry; 0: the end; else as list_next(). */
int maple_next(struct maple_walk *w, struct maple_entry *ret);
