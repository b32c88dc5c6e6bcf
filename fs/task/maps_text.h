/* Mappings as /proc/PID/maps prints them. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* The line of the mapping of @task that @va lies in. -ENOENT: it has none there. */
int put_mapping_at(struct strbuf *out, struct kernel *k, uint64_t task, uint64_t va);
