/* What a place in memory is a part of. */
#pragma once

#include "fs/gen.h"

/* The symbol, module, per-CPU variable, stack, area, slab object or struct page that @va lies in, a line
 * each, as /address has them; "unknown" when it is in none. */
int put_containing(struct render *r, uint64_t va);
