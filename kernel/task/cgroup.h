/* Control groups: the hierarchies that there are, and where a task is in each. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

struct cgroup_hierarchy {
	uint64_t root; /* struct cgroup_root */
	uint64_t id;
	bool is_default; /* cgroup v2 */
	char name[64];	 /* "" none */
};

/* Not 0: stop, and cgroup_hierarchies() returns it. */
typedef int cgroup_fn(void *arg, const struct cgroup_hierarchy *h);

/* Each that a user could see, in the kernel's order. */
int cgroup_hierarchies(struct kernel *k, cgroup_fn *fn, void *arg);

/* The names of its controllers, with commas between them; none for the default one. */
int put_controllers(struct strbuf *out, struct kernel *k, const struct cgroup_hierarchy *h);

/* The struct cgroup that the task at @task is in; 0: that hierarchy is being taken down. */
int task_cgroup(struct kernel *k, uint64_t task, const struct cgroup_hierarchy *h, uint64_t *ret);

/* Its path from the root of the hierarchy: "/a/b". */
int put_cgroup_path(struct strbuf *out, struct kernel *k, uint64_t cgroup);

/* Has it been removed? */
int cgroup_is_dead(struct kernel *k, uint64_t cgroup, bool *ret);
