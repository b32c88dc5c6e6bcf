#include "dump/bitmap.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/cache.h"

#define BLOCK_BYTES 4096u
#define BLOCK_BITS  (8 * BLOCK_BYTES)

/* A cached block is followed by how many bits are set before each of its lines, 16 bits each. */
#define LINE_BYTES  64u
#define LINE_BITS   (8 * LINE_BYTES)
#define LINES	    (BLOCK_BYTES / LINE_BYTES)
#define CACHE_BYTES (BLOCK_BYTES + 2 * LINES)

struct bitmap {
	struct file *file;
	uint64_t off, nbits, nr_blocks;
	struct cache *cache;
	/* before[i]: bits set before block i; valid for i < known. Grows under the lock. */
	pthread_mutex_t lock;
	_Atomic uint64_t known;
	uint64_t *before;
};

int bitmap_open(struct file *f, uint64_t off, uint64_t nbits, struct bitmap **ret)
{
	struct bitmap *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return fail(-ENOMEM, "bitmap");
	pthread_mutex_init(&b->lock, NULL);
	b->file = f;
	b->off = off;
	b->nbits = nbits;
	b->nr_blocks = (nbits + BLOCK_BITS - 1) / BLOCK_BITS;
	b->known = 1;
	/* calloc() of a large array takes memory only where it is written. */
	b->before = calloc(b->nr_blocks + 1, sizeof(*b->before));
	r = b->before ? cache_new(CACHE_BYTES, BLOCK_CACHE_BYTES, &b->cache)
		      : fail(-ENOMEM, "index of a bitmap of %lu bits", nbits);
	if (r < 0) {
		bitmap_close(b);
		return r;
	}
	*ret = b;
	return 0;
}

void bitmap_close(struct bitmap *b)
{
	if (!b)
		return;
	cache_free(b->cache);
	free(b->before);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

/* Bits beyond the end are 0. */
static int load_block(struct bitmap *b, uint64_t index, unsigned char *bits)
{
	uint64_t left = (b->nbits + 7) / 8 - index * BLOCK_BYTES;
	size_t len = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES, tail = b->nbits % 8;
	int r = file_read(b->file, b->off + index * BLOCK_BYTES, bits, len);

	if (r < 0)
		return within(r, "page bitmap");
	memset(bits + len, 0, BLOCK_BYTES - len);
	if (len == left && tail)
		bits[len - 1] &= (unsigned char)((1 << tail) - 1);
	return 0;
}

/* Set bits of a word. Most words have none or all, and to count is a call where the processor is any. */
static inline uint64_t ones(uint64_t word)
{
	return !word ? 0 : !~word ? 64 : (uint64_t)__builtin_popcountll(word);
}

/* Set bits among the first @nbits, which are there in words of 64. */
static uint64_t count(const unsigned char *bits, size_t nbits)
{
	uint64_t n = 0;
	size_t i = 0;

	for (; i + 64 <= nbits; i += 64)
		n += ones(load_le64(bits + i / 8));
	if (i < nbits)
		n += ones(load_le64(bits + i / 8) & ((1ull << (nbits - i)) - 1));
	return n;
}

/* For the cache. */
static int load_counted(void *arg, uint64_t index, void *block)
{
	unsigned char *bits = block;
	uint16_t before = 0;
	int r = load_block(arg, index, bits);

	for (size_t line = 0; r == 0 && line < LINES; line++) {
		memcpy(bits + BLOCK_BYTES + 2 * line, &before, sizeof(before));
		before = (uint16_t)(before + count(bits + line * LINE_BYTES, LINE_BITS));
	}
	return r;
}

static int read_block(struct bitmap *b, uint64_t index, size_t off, void *buf, size_t len)
{
	return cache_read(b->cache, index, off, buf, len, load_counted, b);
}

int bitmap_test(struct bitmap *b, uint64_t i, bool *ret)
{
	unsigned char byte;
	int r;

	if (i >= b->nbits) {
		*ret = false;
		return 0;
	}
	r = read_block(b, i / BLOCK_BITS, i % BLOCK_BITS / 8, &byte, 1);
	if (r < 0)
		return r;
	*ret = byte >> (i % 8) & 1;
	return 0;
}

/* Block @index holds @bits: count them, if it is the next to be counted. Under the lock. */
static void tally(struct bitmap *b, uint64_t index, const unsigned char *bits)
{
	if (b->known != index + 1)
		return;
	b->before[index + 1] = b->before[index] + count(bits, BLOCK_BITS);
	atomic_store_explicit(&b->known, index + 2, memory_order_release);
}

/* Make before[block] known. */
static int reach(struct bitmap *b, uint64_t block)
{
	unsigned char bits[BLOCK_BYTES];
	int r = 0;

	if (atomic_load_explicit(&b->known, memory_order_acquire) > block)
		return 0;
	pthread_mutex_lock(&b->lock);
	while (b->known <= block && r == 0) {
		/* Past the cache: a scan would only wash it out. */
		r = cancelled() ? fail(-EINTR, "interrupted") : load_block(b, b->known - 1, bits);
		if (r == 0)
			tally(b, b->known - 1, bits);
	}
	pthread_mutex_unlock(&b->lock);
	return r;
}

int bitmap_rank(struct bitmap *b, uint64_t i, uint64_t *ret)
{
	unsigned char bits[LINE_BYTES];
	size_t line, bit;
	uint16_t before;
	uint64_t block;
	int r;

	if (i > b->nbits)
		i = b->nbits;
	block = i / BLOCK_BITS;
	r = reach(b, block);
	if (r < 0)
		return r;
	*ret = b->before[block];
	if (i % BLOCK_BITS == 0)
		return 0;
	line = i % BLOCK_BITS / LINE_BITS;
	bit = i % LINE_BITS;
	r = read_block(b, block, BLOCK_BYTES + 2 * line, &before, sizeof(before));
	if (r == 0)
		r = read_block(b, block, line * LINE_BYTES, bits, sizeof(bits));
	if (r < 0)
		return r;
	*ret += before + count(bits, bit);
	return 0;
}

/* Position of the first bit of @value in @block at or after @from, or BLOCK_BITS. */
static size_t first(const unsigned char *block, size_t from, bool value)
{
	for (size_t i = from & ~63ul; i < BLOCK_BITS; i += 64) {
		uint64_t word = load_le64(block + i / 8);

		if (!value)
			word = ~word;
		if (i < from)
			word &= ~0ull << (from - i);
		if (word)
			return i + (size_t)__builtin_ctzll(word);
	}
	return BLOCK_BITS;
}

/* The first block from @block on that is not known to consist of @value alone, or that begins at or
 * beyond @limit. */
static uint64_t skip_uniform(const struct bitmap *b, uint64_t block, uint64_t limit, bool value)
{
	uint64_t known = atomic_load_explicit(&b->known, memory_order_acquire);

	while (block + 1 < known && block * BLOCK_BITS < limit &&
	       b->before[block + 1] - b->before[block] == (value ? BLOCK_BITS : 0))
		block++;
	return block;
}

int bitmap_run(struct bitmap *b, uint64_t i, uint64_t limit, bool *ret_value, uint64_t *ret_end)
{
	uint64_t block = i / BLOCK_BITS, end;
	unsigned char bits[BLOCK_BYTES];
	size_t pos = i % BLOCK_BITS;
	bool value;
	int r;

	if (i >= b->nbits) {
		*ret_value = false;
		*ret_end = i;
		return 0;
	}
	r = cancelled() ? fail(-EINTR, "interrupted") : read_block(b, block, 0, bits, BLOCK_BYTES);
	if (r < 0)
		return r;
	if (atomic_load_explicit(&b->known, memory_order_relaxed) == block + 1) {
		pthread_mutex_lock(&b->lock);
		tally(b, block, bits);
		pthread_mutex_unlock(&b->lock);
	}
	value = bits[pos / 8] >> (pos % 8) & 1;
	end = block * BLOCK_BITS + first(bits, pos, !value);
	if (end == (block + 1) * BLOCK_BITS)
		end = skip_uniform(b, block + 1, limit, value) * BLOCK_BITS;
	*ret_value = value;
	*ret_end = end < b->nbits ? end : b->nbits;
	return 0;
}
