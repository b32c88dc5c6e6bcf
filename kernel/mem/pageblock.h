/* Blocks of pages that are allocated for one kind of use: how many of each kind a zone has. */
#pragma once

#include "kernel/mem/zone.h"

#define MIGRATE_TYPES_MAX     16
#define MIGRATE_TYPE_NAME_LEN 32

/* The kinds of this kernel, enum migratetype. */
struct migrate_types {
	size_t n;
	char name[MIGRATE_TYPES_MAX][MIGRATE_TYPE_NAME_LEN];
};

int migrate_types(struct kernel *k, struct migrate_types *ret);

/* Pages of a block are 1 << order. */
int pageblock_order(struct kernel *k, unsigned int *ret);

/* How many blocks of the zone are of each kind, by its number. -EOPNOTSUPP: this machine does not keep it
 * by sections of memory. */
int pageblock_counts(struct kernel *k, const struct zone *z, uint64_t ret[MIGRATE_TYPES_MAX]);
