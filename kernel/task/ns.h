/* The namespaces that a task lives in. */
#pragma once

#include "kernel/kernel.h"

/* What /proc/PID/ns has, in its order: the name of the link and of the kind. NULL: no more. */
const char *ns_name(size_t i);
const char *ns_kind(size_t i);

/* The number of that namespace of the task. -ENOENT: the kernel has no such, or the task none any
 * more. */
int task_ns(struct kernel *k, uint64_t task, size_t i, uint64_t *ret);
