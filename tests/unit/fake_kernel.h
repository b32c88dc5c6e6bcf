/* A kernel of a few pages for the tests of kernel/: memory that a test fills through virtual
 * addresses, mapped at FAKE_BASE by phys_base alone, and the VMCOREINFO that the test writes. */
#pragma once

#include "kernel/kernel.h"
#include "tests/unit/made.h"

#define FAKE_BASE  0xffffffff80000000ull
#define FAKE_PAGES 64
#define FAKE_SIZE  (FAKE_PAGES * 4096ull)

struct fake {
	unsigned char mem[FAKE_SIZE];
	bool missing[FAKE_PAGES]; /* pages that the dump lacks */
	struct strbuf vmcoreinfo;
	struct made made;
	struct dump *dump;
	struct kernel *kernel;
};

/* An empty one, whose VMCOREINFO has its first lines. */
struct fake *fake_new(void);

/* Make the dump of what was filled in, and open it. */
struct kernel *fake_open(struct fake *f);
void fake_free(struct fake *f);

/* Where @va lies in f->mem. */
void *fake_at(struct fake *f, uint64_t va);
void fake_put(struct fake *f, uint64_t va, uint64_t value, size_t size);
