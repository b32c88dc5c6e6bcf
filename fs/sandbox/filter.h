/* The system calls that the daemon may still make: a seccomp filter. Any other one ends the process. It
 * does not know which files there are: see landlock.h. */
#pragma once

#include <sys/types.h>

/* What may be made in a folder: each more than the one before. */
enum making {
	MAKE_NOTHING,
	MAKE_FILES, /* made, renamed and removed, for a cache */
	MAKE_TREE,  /* and links, with modes and times, for an export */
};

/* From now on, for this thread and those that it makes.
 * @child may be killed and its terminal taken back, 0: there is none. no_new_privs is set already. */
int filter_load(enum making making, pid_t child);
