/* Call frame information as a source of rules: for code that the kernel's own rules leave out, and for
 * kernels that have none. */
#pragma once

#include "kernel/unwind/machine.h"

/* As arch_unwind.step. */
int step_by_cfi(struct words *w, const struct arch_unwind *a, struct cursor *c);
