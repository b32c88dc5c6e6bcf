/* What keeps a walk over the dump's pointers finite: a bound on its steps, detection of a ring that
 * never returns to where it began, and the reader who gives up. */
#pragma once

#include <stdint.h>

struct guard {
	uint64_t mark, steps, next_mark;
};

/* Count a step to @at. -ELOOP: it was here before, or this goes on too long; -EINTR. */
int guard_step(struct guard *g, uint64_t at);
