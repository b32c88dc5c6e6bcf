/* Tasks in state D, what they wait for, and who waits for whom in a ring. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/lock/wait.h"

#define BLOCKED_NONE SIZE_MAX

struct blocked {
	uint64_t task;
	uint32_t pid;
	bool is_old;   /* .ns is known */
	bool is_first; /* of a ring of owners, with the lowest pid: following .next comes back here */
	uint64_t ns;   /* for how long */
	struct wait wait;
	size_t next; /* where its owner is in the list; BLOCKED_NONE: it is not */
};

struct blocked_list {
	struct blocked
		*v; /* those in state D, longest first; then others that own a lock and sleep */
	size_t n;   /* in state D */
	size_t all, room;
	struct strbuf problems; /* stacks that could not be read, one a line */
};

/* An error is one of our own, or -EINTR. The caller frees it. */
int blocked_get(struct kernel *k, struct blocked_list *ret);
void blocked_free(struct blocked_list *l);
