/* The indexes of the debug files that are used: made on first need, once each; the kernel's is kept on
 * disk (kernel_options.cache_dir). A module's is not: its addresses are those of this dump, and its file
 * is small. */
#pragma once

#include "kernel/debug/index.h"
#include "kernel/kernel.h"

/* That of the kernel, or of the module whose struct module is at @module. Borrowed, valid until
 * kernel_close(). @ret_bias: what to add to its addresses in the kernel's half. -ENOENT: no debug file. */
int kernel_index(struct kernel *k, uint64_t module, const struct index **ret, uint64_t *ret_bias);

/* What of the debug file could not be read, in one line; NULL: nothing. */
const char *kernel_index_problem(struct kernel *k, uint64_t module);

struct indexes;

/* kernel.c's: what is kept of them. NULL: no memory. */
struct indexes *indexes_new(struct kernel *k);
void indexes_free(struct indexes *ixs);
