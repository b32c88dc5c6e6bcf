/* Who died: the CPU that took the kernel down, and what it executed. */
#pragma once

#include "kernel/kernel.h"

/* -ENOENT: none did, the dump was taken of a kernel that ran. */
int panic_cpu(struct kernel *k, size_t *ret);
