/* A bitmap in a file, one bit a page frame, read in blocks on demand. rank() counts the set bits
 * before a position, which is what finds a page's descriptor. Memory: 8 bytes for 32768 page frames
 * and a small cache, whatever the dump's size. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dump/file.h"

struct bitmap;

/* @nbits bits at byte @off of @f, which is borrowed; bit i is bit i%8 of byte i/8. */
int bitmap_open(struct file *f, uint64_t off, uint64_t nbits, struct bitmap **ret);
void bitmap_close(struct bitmap *b);

/* All take a position below nbits, else they see 0 bits. */
int bitmap_test(struct bitmap *b, uint64_t i, bool *ret);

/* How many bits below @i are set. The first call for a far @i reads the bitmap up to there. */
int bitmap_rank(struct bitmap *b, uint64_t i, uint64_t *ret);

/* The value at @i, and up to where it holds at least: the end of its run, or a place before that, so
 * that the cost has a bound. At most nbits. Who does not care for what lies beyond @limit > @i need
 * not wait for it; the end may lie beyond it all the same. */
int bitmap_run(struct bitmap *b, uint64_t i, uint64_t limit, bool *ret_value, uint64_t *ret_end);
