/* struct rhashtable: what is in it, bucket by bucket, in no order of its own. */
#pragma once

#include "kernel/fields.h"

/* Not 0: stop, and rhashtable_each() returns it. */
typedef int rhashtable_fn(void *arg, uint64_t entry);

/* Of the one at @addr, whose entries hang by the rhash_head @offset bytes into them. -EOPNOTSUPP: one
 * that was being made larger without memory for it. */
int rhashtable_each(struct kernel *k, uint64_t addr, uint64_t offset, rhashtable_fn *fn, void *arg);
