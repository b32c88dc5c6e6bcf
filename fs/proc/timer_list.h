/* /proc/timer_list in two files: timers, and the devices that they use. */
#pragma once

#include "fs/gen.h"

/* Does this kernel print it as before v5.12: names of variables, plain pointers? */
bool timer_list_is_old(struct kernel *k);

/* A function as %ps prints it. */
void put_timer_function(struct render *r, uint64_t va);

/* The devices that give interrupts at times, of all and of each CPU. */
int put_tick_devices(struct render *r);
