/* The memory of a process, through its own page tables: what it had mapped and what the dump kept of it. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"
#include "kernel/mem/space.h"

struct user_mem {
	struct kernel *k;
	struct space space;
};

/* Of the mm_struct at @mm. It holds nothing. */
int user_mem_of(struct kernel *k, uint64_t mm, struct user_mem *ret);

/* Copy @len bytes at @va, until something is missing; how many bytes that are. Why it ended is why()'s. */
size_t user_read(const struct user_mem *m, uint64_t va, void *buf, size_t len);

/* Append the auxiliary vector of the mm_struct at @mm: what the kernel told the program at its start, up to
 * its last entry. */
int put_auxv(struct strbuf *out, struct kernel *k, uint64_t mm);
