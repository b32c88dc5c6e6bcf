/* Locks the daemon down: a dump may be a stranger's, and holds the secrets of another machine. What it
 * needs when the mount answers is open by then, or named here. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "fs/sandbox/filter.h"

struct sandbox {
	int rules; /* of landlock; -1: none */
	enum making making;
};

void sandbox_init(struct sandbox *s);
void sandbox_fini(struct sandbox *s);

/* No core file of ours, and no one else looks into our memory. At any time. */
int sandbox_hide(void);

/* What may still be opened when the lock is on: @readable, files and folders with what is below them,
 * ends with NULL; @cache, a folder to keep files in, and @export, one that is filled; NULL: none. It looks
 * at all of them: call it before anything is mounted, which may lie in one. */
int sandbox_prepare(struct sandbox *s, char *const *readable, const char *cache,
		    const char *export);

/* For good, for this thread and those that it makes: call it before there are others. @child is a process
 * of ours that may still be killed, 0: none. Where the kernel has no landlock, the system calls alone are
 * bounded. */
int sandbox_lock(const struct sandbox *s, pid_t child);
