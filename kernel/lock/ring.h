/* Rings of entries that wait, told apart once: tasks that wait for the same are in the same ring, and each
 * is asked about. */
#pragma once

#include "kernel/kernel.h"

struct rings;

/* NULL: no memory. */
struct rings *rings_new(struct kernel *k);
void rings_free(struct rings *rs);

/* Is what has its links at @link an entry, or the head? 1: an entry; 0: no. */
typedef int is_entry_fn(struct kernel *k, uint64_t link);

/* The head of the ring that the links at @link are in: the only one that is no entry. 0: all are entries.
 * -EBADMSG and so on: two are none, or it is no ring; -EINTR. */
int ring_head(struct rings *rs, uint64_t link, is_entry_fn *is_entry, uint64_t *ret);

/* Are both in the same ring, of which ring_head() has told the head? */
bool ring_has(const struct rings *rs, uint64_t link, uint64_t other);
