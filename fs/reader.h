/* Who reads: a process of the host. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Is @name what the process @pid, as this process knows it, calls itself? In a pid namespace of its own
 * that is another number. */
bool reader_calls_itself(pid_t pid, const char *name);
