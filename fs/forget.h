/* So that what is found by name, of which there is no end, is not kept for ever. */
#pragma once

#include "fs/ops.h"

/* Ask the kernel to forget it when there is much. To be called by a thread that has answered what it was
 * asked. */
void forget_much(struct mount *m);
