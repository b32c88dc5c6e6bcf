/* A run is locked down once its files are open: what it may still have to open by what it is about, the
 * process beside it that asks servers, and the lock itself. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "fs/sandbox/monitor.h"
#include "fs/sandbox/sandbox.h"
#include "fs/sources.h"

struct lockdown {
	struct monitor monitor;
	struct sandbox sandbox;
	bool off; /* --no-sandbox */
};

void lockdown_init(struct lockdown *l);

/* Before a byte of the dump is read: there is nothing in memory yet that the process beside us should not
 * have. */
int lockdown_begin(struct lockdown *l, const struct options *o, const struct monitor_job *job);

/* When the sources are open, and nothing is mounted yet. @export: an empty folder to write to, NULL: none. */
int lockdown_prepare(struct lockdown *l, const struct sources *s, const struct surroundings *around,
		     const char *export);

/* For good, for this thread and those that it makes. @child: as sandbox_lock(). */
int lockdown_lock(const struct lockdown *l, pid_t child);

/* The process beside us ends, and unmounts what it is to. */
void lockdown_end(struct lockdown *l);
