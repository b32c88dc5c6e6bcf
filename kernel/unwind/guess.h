/* Where the rules end: frame pointers, and what looks like a return address. */
#pragma once

#include "kernel/unwind/unwind.h"

/* enum step, and @ret is the caller, by the frame pointer. -ENOENT: it is none. */
int guess_pointer(struct unwind *u, struct cursor *ret);

/* STEP_CALL: the best of the return addresses further up on this stack. @ret_sure: it is behind a call
 * of just the function that returns to it. -ENOENT: none. */
int guess_scan(struct unwind *u, struct cursor *ret, bool *ret_sure);

/* STEP_CALL: the caller whose return address is at @at, of which nothing else is known, and what it
 * called; 0: indirectly. -ENOENT: there is none. */
int guess_return(struct unwind *u, uint64_t at, struct cursor *ret, uint64_t *ret_target);
