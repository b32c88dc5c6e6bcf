/* Work for a request that its requester can interrupt. */
#pragma once

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <fuse_lowlevel.h>
#include <stdatomic.h>

struct contents;

/* What lasts between begin and end. */
struct work {
	atomic_bool stop;
	struct contents *contents; /* whose waiters an interrupt wakes */
};

void work_begin(fuse_req_t req, struct contents *contents, struct work *w);
void work_end(fuse_req_t req);
