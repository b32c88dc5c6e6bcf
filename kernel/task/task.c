#include "kernel/task/task.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/task/pid.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

static int call_each(struct list_walk *w, task_fn *fn, void *arg)
{
	uint64_t task;
	int r;

	while ((r = list_next(w, &task)) > 0) {
		r = fn(arg, task);
		if (r)
			break;
	}
	return r;
}

/* signal_struct.thread_head holds them all: 0c740d0afc3b (v3.14). */
static int threads_of_signal(struct kernel *k, uint64_t task, task_fn *fn, void *arg)
{
	struct list_walk w;
	uint64_t signal, head;
	int r = field_u64(k, task, F_task_signal, &signal);

	/* A task that is gone but for its last reference has none. */
	if (r >= 0 && !signal)
		return fn(arg, task);
	if (r >= 0)
		r = field_addr(k, signal, F_signal_thread_head, &head);
	if (r >= 0)
		r = list_begin(&w, k, head, F_task_thread_node);
	return r < 0 ? r : call_each(&w, fn, arg);
}

/* A ring of tasks without a head: removed in 8e1f385104ac (v6.7). */
static int threads_of_group(struct kernel *k, uint64_t task, task_fn *fn, void *arg)
{
	struct list_walk w;
	uint64_t head;
	int r = fn(arg, task);

	if (r)
		return r;
	r = field_addr(k, task, F_task_thread_group, &head);
	if (r >= 0)
		r = list_begin(&w, k, head, F_task_thread_group);
	return r < 0 ? r : call_each(&w, fn, arg);
}

int task_threads(struct kernel *k, uint64_t task, task_fn *fn, void *arg)
{
	return field_exists(k, F_task_thread_node) ? threads_of_signal(k, task, fn, arg)
						   : threads_of_group(k, task, fn, arg);
}

int task_children(struct kernel *k, uint64_t task, task_fn *fn, void *arg)
{
	struct list_walk w;
	uint64_t head;
	int r = field_addr(k, task, F_task_children, &head);

	if (r >= 0)
		r = list_begin(&w, k, head, F_task_sibling);
	return r < 0 ? r : call_each(&w, fn, arg);
}

int task_comm(struct kernel *k, uint64_t task, char ret[TASK_COMM_LEN])
{
	return field_str(k, task, F_task_comm, ret, TASK_COMM_LEN);
}

/* The struct kthread of a kernel thread; 0: it has none. Before e32cf5dfbe22 (v5.17) a member meant for
 * user threads leads to it. */
static int kthread_of(struct kernel *k, uint64_t task, uint64_t *ret)
{
	return field_u64(k, task,
			 field_exists(k, F_task_worker_private) ? F_task_worker_private
								: F_task_set_child_tid,
			 ret);
}

static int kthread_name(struct kernel *k, uint64_t task, char ret[TASK_NAME_LEN])
{
	char name[TASK_NAME_LEN] = "";
	uint64_t kthread;
	int r = 0;

	if (field_exists(k, F_kthread_full_name)) {
		r = kthread_of(k, task, &kthread);
		if (r >= 0 && kthread)
			r = field_str(k, kthread, F_kthread_full_name, name, sizeof(name));
	}
	if (r < 0)
		return r;
	if (!*name)
		return task_comm(k, task, ret);
	memcpy(ret, name, sizeof(name));
	return 0;
}

/* The queue whose work it does ("+"), or did last ("-"). */
static int work_of(struct kernel *k, uint64_t task, char *sign, char *ret, size_t size)
{
	uint64_t kthread, worker, pool, work;
	int r = kthread_of(k, task, &kthread);

	*ret = 0;
	if (r < 0 || !kthread)
		return r;
	r = field_u64(k, kthread, F_kthread_data, &worker);
	if (r >= 0)
		r = field_u64(k, worker, F_worker_pool, &pool);
	if (r < 0 || !pool)
		return r;
	r = field_str(k, worker, F_worker_desc, ret, size);
	if (r >= 0)
		r = field_u64(k, worker, F_worker_current_work, &work);
	if (r >= 0)
		*sign = work ? '+' : '-';
	return r;
}

/* 6b59808bfe48 (v4.18) made /proc tell what a worker works at; 2a1b02bcba78 (v6.11) its long name. */
static int worker_name(struct kernel *k, uint64_t task, char ret[TASK_NAME_LEN])
{
	char name[TASK_NAME_LEN], work[TASK_NAME_LEN], sign = 0;
	size_t len;
	uint64_t va;
	int r;

	if (symbol_addr(k, "wq_worker_comm", &va) < 0)
		return task_comm(k, task, ret);
	r = symbol_addr(k, "format_worker_id", &va) < 0 ? task_comm(k, task, name)
							: kthread_name(k, task, name);
	if (r >= 0)
		r = work_of(k, task, &sign, work, sizeof(work));
	if (r < 0)
		return r;
	len = strlen(name);
	if (*work && len + 1 < sizeof(name)) {
		name[len] = sign;
		name[len + 1] = 0;
		strncat(name, work, sizeof(name) - len - 2);
	}
	memcpy(ret, name, sizeof(name));
	return 0;
}

int task_name(struct kernel *k, uint64_t task, char ret[TASK_NAME_LEN])
{
	uint64_t flags;
	int r = field_u64(k, task, F_task_flags, &flags);

	if (r < 0)
		return r;
	if (flags & PF_WQ_WORKER)
		return worker_name(k, task, ret);
	return flags & PF_KTHREAD ? kthread_name(k, task, ret) : task_comm(k, task, ret);
}

int task_cpu(struct kernel *k, uint64_t task, uint64_t *ret)
{
	uint64_t info;
	int r;

	if (field_exists(k, F_task_cpu))
		return field_u64(k, task, F_task_cpu, ret);
	r = field_u64(k, task, F_task_stack, &info);
	return r < 0 ? r : field_u64(k, info, F_thread_info_cpu, ret);
}

int task_own_mm(struct kernel *k, uint64_t task, uint64_t *ret)
{
	uint64_t flags;
	int r = field_u64(k, task, F_task_flags, &flags);

	if (r < 0)
		return r;
	if (!(flags & PF_KTHREAD))
		return field_u64(k, task, F_task_mm, ret);
	*ret = 0;
	return 0;
}
