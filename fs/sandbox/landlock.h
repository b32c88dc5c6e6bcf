/* The kernel's landlock: which files a process can still open. It has no header and no function in the
 * C library of older systems, so its few calls are here. It knows nothing of what is to be allowed. */
#pragma once

#include "fs/sandbox/filter.h"

/* A set of rules in which nothing is allowed yet; the descriptor is the caller's to close.
 * -EOPNOTSUPP: the kernel has no landlock, or it is switched off. */
int landlock_begin(int *ret);

/* Let what is at @path, and below it, be read, and @making be made there. What is not there needs no rule:
 * no error. */
int landlock_allow(int rules, const char *path, enum making making);

/* From now on this thread, and those that it makes, have no more than that. no_new_privs is set already. */
int landlock_enforce(int rules);
