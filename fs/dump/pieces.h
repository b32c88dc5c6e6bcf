/* What can be read of a dump's memory, as pieces laid one after the other in a file: which piece is
 * the i-th, which holds this physical address, which lies at that offset.
 *
 *   memory   ####......######.########....##        # present or known to be zero
 *   pieces   [ 0]      [ 1 ][2] [  3 ]    [4]       split where the virtual addresses jump, too
 *   file     [ 0][ 1 ][2][  3 ][4]                  each at the next page, at its offset in the page
 *
 * There may be tens of millions: only every so many is remembered, the others are found again by
 * walking on from there. It knows no ELF. */
#pragma once

#include "dump/dump.h"

struct piece {
	uint64_t paddr, size, offset;
	uint64_t vaddr; /* 0: the dump does not say */
};

/* The pieces of a second virtual mapping: .count from .first on, cut to .range. */
struct alias {
	struct segment range;
	uint64_t first, count;
};

/* A place between pieces: of the piece after it the number, and of the one before it the ends. */
enum piece_key { BY_INDEX, BY_PADDR, BY_OFFSET, PIECE_KEYS };

struct cursor {
	uint64_t at[PIECE_KEYS];
};

struct pieces;

/* @segments say which virtual addresses memory has, in any order. Walks all memory once. -EINTR. */
int pieces_new(struct dump *d, const struct segment *segments, size_t n, struct pieces **ret);
void pieces_free(struct pieces *p);

uint64_t pieces_count(const struct pieces *p);
uint64_t pieces_end(const struct pieces *p);  /* of the file */
size_t pieces_weight(const struct pieces *p); /* bytes of host memory */
size_t pieces_aliases(const struct pieces *p, const struct alias **ret);

/* Go to before the piece with this number, or the first one that ends after this address or offset. */
int pieces_seek(const struct pieces *p, enum piece_key key, uint64_t value, struct cursor *ret);

/* Step over a piece. 1; 0: there are no more. */
int pieces_next(const struct pieces *p, struct cursor *c, struct piece *ret);
