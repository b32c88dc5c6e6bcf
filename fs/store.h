/* A small text whose size someone asked for will be read next, as by a shell's pattern and cat: the
 * kernel gets its bytes at once, and need not come back for them. It knows nothing of who asked. */
#pragma once

#include "fs/ops.h"

/* Whether the text of @n, whose size is about to become known, would be given. */
bool store_wants(const struct mount *m, const struct node *n);

/* Give it, after the answer that told its size. The caller holds a reference. */
void store_text(struct mount *m, struct node *n);
