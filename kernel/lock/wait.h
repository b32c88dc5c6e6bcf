/* What a sleeping task waits for. The function that put it to sleep tells which kind; the entry that it
 * left on its own stack, the list that the entry hangs in, and the lock at the list's head tell which one.
 * What the three do not agree on is WAIT_UNKNOWN: nothing here is a guess. */
#pragma once

#include "kernel/kernel.h"
#include "kernel/lock/ring.h"

enum wait_kind {
	WAIT_UNKNOWN,
	WAIT_MUTEX,
	WAIT_RWSEM_READ,
	WAIT_RWSEM_WRITE,
	WAIT_SEMAPHORE,
	WAIT_RT_MUTEX,
	WAIT_COMPLETION,
	WAIT_QUEUE,	/* a wait_queue_head */
	WAIT_PAGE_LOCK, /* a page, or folio, to be unlocked */
	WAIT_PAGE_BIT,	/* another bit of it: written back */
	WAIT_BIT,	/* a bit of some word */
	WAIT_VAR,	/* some word to be told of */
	WAIT_BIO,	/* a request to a disk */
	WAIT_TIMEOUT,	/* a timer alone */
	NR_WAIT_KINDS
};

struct wait {
	enum wait_kind kind;
	uint64_t
		object; /* the lock, page, bio and so on; of WAIT_TIMEOUT the timer. 0: not known */
	uint64_t owner; /* the task that can end it, as the lock has it; 0: none, or not known */
	uint64_t
		readers; /* of an rwsem that is held for reading: how many; 0: it is not, or not known */
	uint64_t pc; /* where it waits, outside of the scheduler; 0: not known */
};

/* The word for it: "mutex", "rwsem-read"; "?" for WAIT_UNKNOWN. */
const char *wait_name(enum wait_kind kind);

/* Of a task that is not on a CPU. @rings keeps what is common to those that are asked about one after the
 * other. What does not hold together is unknown; it is an error when there is no stack to look at: -ENODATA and so
 * on. */
int task_wait(struct kernel *k, uint64_t task, struct rings *rings, struct wait *ret);

/* Is there a task_struct at @va? One that its own pid leads to. */
bool is_task(struct kernel *k, uint64_t va);
