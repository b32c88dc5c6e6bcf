/* What a task does with signals, and the limits that its process is held to. Masks have bit n - 1 for
 * signal n. */
#pragma once

#include "kernel/kernel.h"

#define RLIMITS 16

struct signals {
	uint64_t threads;
	uint64_t pending; /* for the task itself */
	uint64_t shared;  /* for its process */
	uint64_t blocked, ignored, caught;
};

/* All zero for a task that has given back its signal handlers. */
int task_signals(struct kernel *k, uint64_t task, struct signals *ret);

struct rlimit {
	uint64_t soft, hard; /* UINT64_MAX: none */
};

/* By RLIMIT_*. */
int task_rlimits(struct kernel *k, uint64_t task, struct rlimit ret[RLIMITS]);
