/* Which ids of a user namespace stand for which of the initial one: its uid_map and so on. */
#pragma once

#include "dump/base/limits.h"
#include "kernel/kernel.h"

struct id_extent {
	uint32_t first, lower_first, count;
};

struct id_map {
	size_t n;
	struct id_extent extent[LIMIT_ID_EXTENTS];
};

enum id_kind { ID_USER, ID_GROUP, ID_PROJECT };

/* Of the user namespace that the task at @task is in. */
int task_id_map(struct kernel *k, uint64_t task, enum id_kind kind, struct id_map *ret);
