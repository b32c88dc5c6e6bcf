/* Reading what has no fixed size from the kernel's address space. */
#pragma once

#include "kernel/kernel.h"

/* The string at @va: up to its NUL or @size - 1 bytes; always ended. When its end is not in the dump,
 * what could be read is kept. The errors of kernel_read(), when nothing could. */
int kernel_read_str(struct kernel *k, uint64_t va, char *ret, size_t size);
