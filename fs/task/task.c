/* /tasks: which tasks there are, and how they hang together. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/task/task.h"

static void add_pid(struct names *names, uint64_t pid, uint64_t task)
{
	char name[24];

	snprintf(name, sizeof(name), "%" PRIu64, pid);
	names_add(names, name, task);
}

static int add_processes(struct render *r, struct names *names)
{
	const struct task_list *l;
	int e = tasks_get(r->k, &l);

	if (e < 0)
		return e;
	for (size_t i = 0; i < l->n; i++)
		if (!l->v[i].idle && l->v[i].pid == l->v[i].tgid)
			add_pid(names, l->v[i].pid, l->v[i].task);
	return 0;
}

static int find_task(struct render *r, const char *name, uint64_t *ret)
{
	uint64_t pid;
	int e = name_number(name, &pid);

	return e < 0 ? e : task_find(r->k, pid, ret);
}

const struct lister list_tasks = { .list = add_processes, .lookup = find_task };

struct adding {
	struct kernel *k;
	struct names *names;
};

static int add_thread(void *arg, uint64_t task)
{
	const struct adding *a = arg;
	uint64_t pid;
	int r = field_u64(a->k, task, F_task_pid, &pid);

	if (r >= 0)
		add_pid(a->names, pid, task);
	return r;
}

static int add_threads(struct render *r, struct names *names)
{
	struct adding a = { r->k, names };

	return task_threads(r->k, key_task(r), add_thread, &a);
}

/* A thread of this process, not any. The idle tasks, which share a number, are found in the list. */
static int find_thread(struct render *r, const char *name, uint64_t *ret)
{
	uint64_t task, tgid, process;
	NAMES(names);
	int e = field_u64(r->k, key_task(r), F_task_tgid, &process);

	if (e < 0)
		return e;
	if (process && find_task(r, name, &task) >= 0 &&
	    field_u64(r->k, task, F_task_tgid, &tgid) >= 0 && tgid == process) {
		*ret = task;
		return 0;
	}
	e = add_threads(r, &names);
	if (names_find(&names, name, ret) >= 0)
		return 0;
	return e < 0 ? e : fail(-ENOENT, "task %s is no thread of this process", name);
}

const struct lister list_threads = {
	.list = add_threads,
	.lookup = find_thread,
	.like = "/tasks/{pid}",
};

/* Of the first processes, and of idle tasks, it leads nowhere: an idle task is no process. */
int gen_task_parent(struct render *r)
{
	uint64_t parent, own, pid = 0;
	int e = field_u64(r->k, key_task(r), F_task_pid, &own);

	if (e >= 0)
		e = field_u64(r->k, key_task(r), F_task_real_parent, &parent);
	if (e >= 0 && own)
		e = field_u64(r->k, parent, F_task_tgid, &pid);
	if (e >= 0)
		put(r->out, "%s%" PRIu64, own && key_is_thread(r, 0) ? "../../../" : "../", pid);
	return e;
}

static int put_child(void *arg, uint64_t task)
{
	struct render *r = arg;
	uint64_t pid;
	int e = field_u64(r->k, task, F_task_pid, &pid);

	if (e >= 0)
		put(r->out, "%" PRIu64 " ", pid);
	return e < 0 ? e : r->out->error;
}

static int put_children(void *arg, uint64_t task)
{
	struct render *r = arg;

	return task_children(r->k, task, put_child, arg);
}

/* A child belongs to the thread that made it; a process has those of all its threads. */
int gen_task_children(struct render *r)
{
	return key_is_thread(r, 0) ? put_children(r, key_task(r))
				   : task_threads(r->k, key_task(r), put_children, r);
}

int gen_task_comm(struct render *r)
{
	char name[TASK_NAME_LEN];
	int e = task_name(r->k, key_task(r), name);

	r->verbatim = true;
	if (e >= 0)
		put(r->out, "%s\n", name);
	return e;
}
