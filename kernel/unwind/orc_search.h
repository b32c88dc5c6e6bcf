/* The kernel's own ORC tables by their content, for kernels whose symbols do not tell the place. */
#pragma once

#include "kernel/unwind/code.h"

/* -ENOENT: nothing looks like them. */
int orc_search(struct kernel *k, struct orc_tables *ret);
