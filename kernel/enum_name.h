/* Names of the kernel's enumerations. */
#pragma once

#include "kernel/kernel.h"

/* The first enumerator of the enum called @type that has @value: valid until kernel_close(). NULL: there
 * is none, or no types. */
const char *enum_name(struct kernel *k, const char *type, uint64_t value);
