/* A process apart that does what the locked daemon may not: it asks debuginfod, and unmounts when the
 * daemon has ended, however that came. It is forked before a byte of the dump is read, and takes nothing
 * from the daemon but build-ids. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/debug/fetch.h"

struct monitor {
	int fd; /* of a socket to it; -1: it does not run */
	pthread_mutex_t lock;
	uint32_t asked; /* number of questions */
};

/* What it is to do. */
struct monitor_job {
	const char *mountpoint; /* to be unmounted; borrowed; NULL: nothing is mounted */
	bool remove;		/* the folder, when nothing is mounted on it any more */
};

void monitor_init(struct monitor *m);

/* Start it. */
int monitor_start(struct monitor *m, const struct monitor_job *job);

/* fetch_fn of kernel.h; @arg is a struct monitor. */
int monitor_fetch(void *arg, const struct build_id *id, char **ret);

/* Let it unmount what does not answer any more, and wait for that. */
void monitor_end(struct monitor *m);
