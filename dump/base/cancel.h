/* Giving up: the thread that renders says which flag may end its work, and every long loop below
 * asks. Kept per thread, as the message of err.h is, so that no walker has to hand it on. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

/* From now on this thread's work ends when @flag becomes true; NULL: never. */
void cancel_arm(const atomic_bool *flag);
const atomic_bool *cancel_armed(void);

bool cancelled(void);
