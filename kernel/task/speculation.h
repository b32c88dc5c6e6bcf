/* How far a task is kept from being spied upon through the processor's speculation, as prctl(2)'s
 * PR_GET_SPECULATION_CTRL tells it. */
#pragma once

#include "kernel/kernel.h"

#define SPEC_NOT_AFFECTED  0
#define SPEC_PRCTL	   1 /* the task decides: with one of those below */
#define SPEC_ENABLE	   2
#define SPEC_DISABLE	   4
#define SPEC_FORCE_DISABLE 8
#define SPEC_NOEXEC	   16
#define SPEC_UNKNOWN	   32 /* the kernel does not tell */

/* Of speculative stores, and of indirect branches. -EOPNOTSUPP: a kernel that does not know of such. */
int task_spec_store(struct kernel *k, uint64_t task, unsigned int *ret);
int task_spec_branch(struct kernel *k, uint64_t task, unsigned int *ret);
