/* /tasks/<pid>/cgroup, byte for byte as procfs prints it. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/task/cgroup.h"
#include "kernel/fields.h"
#include "kernel/task/task.h"

/* A task that exits is in no group of the old hierarchies. */
static int put_path(struct render *r, const struct cgroup_hierarchy *h, uint64_t cgroup)
{
	uint64_t flags;
	bool dead = false;
	int e = field_u64(r->k, key_task(r), F_task_flags, &flags);

	if (e < 0)
		return e;
	if (!h->is_default && flags & PF_EXITING)
		put_str(r->out, "/");
	else
		e = put_cgroup_path(r->out, r->k, cgroup);
	if (e >= 0 && h->is_default)
		e = cgroup_is_dead(r->k, cgroup, &dead);
	if (e >= 0)
		put_str(r->out, dead ? " (deleted)\n" : "\n");
	return e;
}

static int put_hierarchy(void *arg, const struct cgroup_hierarchy *h)
{
	struct render *r = arg;
	uint64_t cgroup;
	size_t before;
	int e = task_cgroup(r->k, key_task(r), h, &cgroup);

	if (e < 0 || !cgroup)
		return e;
	put(r->out, "%lu:", h->id);
	before = r->out->len;
	e = put_controllers(r->out, r->k, h);
	if (e < 0)
		return e;
	if (*h->name)
		put(r->out, "%sname=%s", r->out->len > before ? "," : "", h->name);
	put_str(r->out, ":");
	return put_path(r, h, cgroup);
}

int gen_task_cgroup(struct render *r)
{
	return cgroup_hierarchies(r->k, put_hierarchy, r);
}
