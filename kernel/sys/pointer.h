/* Pointers as this kernel prints them with %p: hashed since ad67b74d2469 (v4.15), with a key that is in the
 * dump. */
#pragma once

#include "kernel/kernel.h"

/* What it printed for @va. Where the key is not known, or the kernel hashes none, @va itself. */
uint64_t kernel_printed_pointer(struct kernel *k, uint64_t va);
