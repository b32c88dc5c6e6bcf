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
	uint16_t machine;	  /* ELF's; x86_64 */
	struct strbuf vmcoreinfo;
	const struct kernel_options *options; /* NULL: none */
	struct made made;
	struct dump *dump;
	struct kernel *kernel;
};

/* An empty one, whose VMCOREINFO has its first lines; one of arm64, whose text begins at @stext. */
struct fake *fake_new(void);
struct fake *fake_arm64(uint64_t stext);

/* Make the dump of what was filled in, and open it. */
struct kernel *fake_open(struct fake *f);
void fake_free(struct fake *f);

/* Where @va lies in f->mem. */
void *fake_at(struct fake *f, uint64_t va);
void fake_put(struct fake *f, uint64_t va, uint64_t value, size_t size);

/* @n CPUs, fewer than 64, all there and on line, the per-CPU variables of CPU i at @first + i * @step. It
 * takes 64 + 8 * @n bytes at @at. Before it is opened. */
void fake_cpus(struct fake *f, uint64_t at, unsigned int n, uint64_t first, uint64_t step);
