/* Who a task is: ids and capabilities, of its struct cred. */
#pragma once

#include "dump/base/limits.h"
#include "kernel/kernel.h"

enum { ID_REAL, ID_EFFECTIVE, ID_SAVED, ID_FS, IDS };

struct cred {
	uint64_t addr;
	uint32_t uid[IDS], gid[IDS]; /* in the initial user namespace */
	uint64_t cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient;
};

/* The task's own, whatever it has taken on for a while. */
int task_cred(struct kernel *k, uint64_t task, struct cred *ret);

struct groups {
	size_t n;
	uint32_t gid[LIMIT_GROUPS];
};

int cred_groups(struct kernel *k, uint64_t cred, struct groups *ret);

/* How many signals are queued for the user whose @cred it is. */
int cred_queued_signals(struct kernel *k, uint64_t cred, uint64_t *ret);
