/* Return addresses that a tracer has replaced by that of its own code, to be told when a function
 * returns: where the real ones are. */
#pragma once

#include "kernel/unwind/machine.h"

/* What really stands in the stack of @task at @at, where @pc was found: @pc itself, when nobody has
 * replaced it, or the real one is not to be found. */
uint64_t recover_return(struct kernel *k, uint64_t task, uint64_t pc, uint64_t at);
