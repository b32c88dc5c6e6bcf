/* A crew: threads that share one piece of work. */
#pragma once

#define CREW_MOST 16

typedef void crew_fn(void *arg);

/* Run @fn(@arg) in this thread and, as long as there are cores, in others at the same time, in @most
 * (<= CREW_MOST) at most; returns when all have. They take their shares from @arg. What ends this thread's
 * work by its flag (cancel_armed()) ends theirs; what they note of errors and of trouble is lost with them. */
void crew_run(unsigned int most, crew_fn *fn, void *arg);
