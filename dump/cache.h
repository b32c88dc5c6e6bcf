/* A bounded, thread-safe cache of equally long blocks, each under a 64-bit key: decompressed pages,
 * bitmap blocks, descriptor blocks. Set-associative: a key lives in one set of eight, the least
 * recently used of the set makes room. It copies out, so that nothing it holds can be pinned. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;

/* Fill @block (of the cache's block size) with what belongs under @key. */
typedef int cache_load_fn(void *arg, uint64_t key, void *block);

int cache_new(size_t block_size, size_t bytes, struct cache **ret);
void cache_free(struct cache *c);

/* Copy @len bytes at @off of the block out; load it first when it is not there. Loading holds no
 * lock, so two threads may load the same block at once. A failed load is not remembered. */
int cache_read(struct cache *c, uint64_t key, size_t off, void *buf, size_t len,
	       cache_load_fn *load, void *arg);

/* The same, only when the block is there. */
bool cache_peek(struct cache *c, uint64_t key, size_t off, void *buf, size_t len);
