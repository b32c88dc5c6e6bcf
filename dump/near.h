/* A file whose small reads, when they lie near each other, cost one of the file under it: pages that the
 * kernel uses together are often written together, and on a disk of another machine each read is a round
 * trip. What is read at once is long already and goes to the file itself. */
#pragma once

#include "dump/cache.h"
#include "dump/file.h"

/* The cache that files share which are open together. */
int near_cache(struct cache **ret);

/* Takes @under over, also on failure. @blocks outlives the file; @index tells its files apart, below
 * LIMIT_DUMP_FILES. A block that cannot be read as a whole costs none of its bytes that can. */
int near_open(struct file *under, struct cache *blocks, size_t index, struct file **ret);
