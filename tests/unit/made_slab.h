/* A kernel with one cache of one slab, as kernels of several times have them. */
#pragma once

#include "tests/unit/fake_kernel.h"

/* Where things lie in the fake kernel, which is mapped twice. */
#define DIRECT	 0xffff888000000000ull
#define VARS	 (FAKE_BASE + 0x100)
#define CACHES	 (FAKE_BASE + 0x200)
#define CACHE	 (FAKE_BASE + 0x1000)
#define NAME	 (FAKE_BASE + 0x1800)
#define CPU	 (FAKE_BASE + 0x2000)
#define SHEAVES	 (FAKE_BASE + 0x2100)
#define SHEAF(i) (FAKE_BASE + 0x2200 + 0x100 * (i))
#define NODE	 (FAKE_BASE + 0x3000)
#define BARN	 (FAKE_BASE + 0x3100)
#define MASK	 (FAKE_BASE + 0x4000)
#define PAGES	 (FAKE_BASE + 0x8000)
#define TABLES	 (FAKE_BASE + 0x30000)
#define FRAME	 0x20u
#define PAGE	 (PAGES + 64 * FRAME)
#define SLAB	 (DIRECT + 4096 * FRAME)

#define SIZE	128
#define NR	(4096 / SIZE)
#define FREE_AT 64
#define KEY	0x1234567890abcdefull

enum { HARDENED = 1, TURNED = 2, OLD = 4, PADDED = 8, SHEAFED = 16, PER_NODE = 32 };

struct made_slab {
	struct fake *f;
	unsigned int how; /* of the flags above */
};

/* Where the @i-th object is. */
uint64_t made_object(const struct made_slab *m, unsigned int i);

/* What free object @i holds: as set_freepointer() mixes it. */
void made_put_next(const struct made_slab *m, unsigned int i, uint64_t next);

/* A chain of free objects, which ends with -1: the first. */
uint64_t made_put_chain(const struct made_slab *m, const int *chain);

/* One whose slab has this freelist; to be opened. */
struct made_slab made_slab(unsigned int how, const int *chain);
struct kernel *made_slab_open(struct made_slab *m);
