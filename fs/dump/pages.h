/* How many bytes of memory have which status: what /dump/pages, /summary and the holes of
 * /memory/physical are reckoned from. */
#pragma once

#include <stdint.h>

#include "dump/dump.h"

struct page_bytes {
	uint64_t of[PAGE_STATUSES]; /* bytes by status, below dump_facts().end */
};

/* Walks all memory. -EINTR. */
int count_pages(struct dump *d, struct page_bytes *ret);

/* What reads as memory. */
static inline uint64_t bytes_readable(const struct page_bytes *b)
{
	return b->of[PAGE_PRESENT] + b->of[PAGE_ZERO];
}

/* What is RAM. */
static inline uint64_t bytes_of_ram(const struct page_bytes *b)
{
	return bytes_readable(b) + b->of[PAGE_EXCLUDED] + b->of[PAGE_TRUNCATED];
}
