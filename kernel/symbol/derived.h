/* Addresses of variables that no table names, by what the kernel keeps elsewhere: for kernels whose kallsyms has
 * functions alone, and that do not export them. */
#pragma once

#include "kernel/kernel.h"

/* -ENOENT: @name is none of those. Other errors: what it is told by cannot be read. */
int derived_addr(struct kernel *k, const char *name, uint64_t *ret);
