/* What a dump should tell of its kernel and does not. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* One line for each: symbols and types that are there but cannot be read, the list of modules, places
 * that lead to tasks. What a kernel never had is no problem. An error is one of our own. */
int kernel_problems(struct kernel *k, struct strbuf *out);
