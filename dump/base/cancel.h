/* Giving up: the thread that renders says which flag may end its work, and by when it is to end, and every
 * long loop below asks. Kept per thread, as the message of err.h is, so that no walker has to hand it on. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

/* From now on this thread's work ends when @flag becomes true; NULL: never. */
void cancel_arm(const atomic_bool *flag);
const atomic_bool *cancel_armed(void);

/* And when so many seconds have passed; 0: it may last. */
void cancel_after(unsigned int seconds);

/* Between the two no time passes: what is made once, for all, is made to its end. They nest. */
void cancel_hold(void);
void cancel_release(void);

/* From now on the work of every thread ends: the process does. A signal handler may call it. */
void cancel_all(void);

bool cancelled(void);

/* The same for what is done millions of times, and so asks in earnest now and then: once it is true it stays
 * so, as long as cancelled() does. */
bool cancelled_at_times(void);

/* Is it the time that has cancelled, and not the flag? */
bool cancel_is_late(void);
