/* A file of a control group. */
#pragma once

#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/task/cgroup_count.h"

struct cgroup_file {
	struct render *r;
	struct kernel *k;
	struct strbuf *out;
	uint64_t cgroup;
	uint64_t css;	/* of the controller that its name begins with; 0: not of this group */
	bool root;	/* the group is that of all */
	char name[256]; /* "memory.current" */
};

/* Append the text of the file at the kernfs_node @node. -EOPNOTSUPP: not known. */
int put_cgroup_file(struct render *r, uint64_t node);

typedef int cgroup_file_fn(struct cgroup_file *f);

struct cgroup_file_kind {
	const char *name;
	cgroup_file_fn *put;
};

/* What each controller's files are made by; ends with {}. */
extern const struct cgroup_file_kind cgroup_core_files[], cgroup_cpu_files[], cgroup_memory_files[],
	cgroup_other_files[];
