#include "kernel/pid.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbols.h"
#include "kernel/walk/xarray.h"

static int init_idr(struct kernel *k, uint64_t *ret)
{
	uint64_t ns;
	int r = symbol_addr(k, "init_pid_ns", &ns);

	return r < 0 ? r : field_addr(k, ns, F_pid_ns_idr, ret);
}

int pid_find(struct kernel *k, uint64_t number, uint64_t *ret)
{
	uint64_t idr;
	int r = init_idr(k, &idr);

	return r < 0 ? r : idr_find(k, idr, number, ret);
}

int pid_each(struct kernel *k, pid_fn *fn, void *arg)
{
	uint64_t idr, index, pid;
	struct xa_walk w;
	int r = init_idr(k, &idr);

	if (r >= 0)
		r = idr_begin(&w, k, idr);
	if (r < 0)
		return r;
	while ((r = xa_next(&w, &index, &pid)) > 0) {
		r = fn(arg, pid);
		if (r)
			break;
	}
	return r;
}

int pid_task(struct kernel *k, uint64_t pid, uint64_t *ret)
{
	uint64_t head, link;
	int r = field_addr(k, pid, F_pid_tasks, &head);

	if (r >= 0)
		r = kernel_read_uint(k, head, 8, &link);
	if (r < 0)
		return within(r, "struct pid %#lx", pid);
	if (link)
		return field_owner(k, link, F_task_pid_links, ret);
	*ret = 0;
	return 0;
}

int pid_numbers(struct kernel *k, uint64_t pid, struct pid_numbers *ret)
{
	uint64_t level, at, size, number;
	struct pid_numbers p = { 0 };
	int r = field_u64(k, pid, F_pid_level, &level);

	if (r >= 0 && level >= PID_LEVELS_MAX)
		r = fail(-EBADMSG, "%lu levels of pid namespaces", level);
	if (r >= 0)
		r = field_addr(k, pid, F_pid_numbers, &at);
	if (r >= 0)
		r = kernel_sizeof(k, "upid", &size);
	for (; r >= 0 && p.n <= level; p.n++) {
		r = field_u64(k, at + p.n * size, F_upid_ns, &p.ns[p.n]);
		if (r >= 0)
			r = field_u64(k, at + p.n * size, F_upid_nr, &number);
		if (r >= 0)
			p.number[p.n] = (uint32_t)number;
	}
	if (r < 0)
		return within(r, "struct pid %#lx", pid);
	*ret = p;
	return 0;
}

/* Groups and sessions moved from the task to what its threads share in 2c4704756cab (v4.19). */
static int shared_pid(struct kernel *k, uint64_t task, enum pid_type type, uint64_t *ret)
{
	uint64_t signal, pids;
	int r = field_u64(k, task, F_task_signal, &signal);

	if (r >= 0)
		r = field_addr(k, signal, F_signal_pids, &pids);
	return r < 0 ? r : kernel_read_uint(k, pids + 8 * (uint64_t)type, 8, ret);
}

static int own_pid(struct kernel *k, uint64_t task, enum pid_type type, uint64_t *ret)
{
	static const enum field fields[] = {
		[PID_TASK] = F_task_thread_pid,
		[PID_PGRP] = F_task_pgrp_pid,
		[PID_SESSION] = F_task_session_pid,
	};
	uint64_t leader;
	int r;

	if (type != PID_TGID)
		return field_u64(k, task, fields[type], ret);
	r = field_u64(k, task, F_task_group_leader, &leader);
	return r < 0 ? r : field_u64(k, leader, F_task_thread_pid, ret);
}

int task_pid_struct(struct kernel *k, uint64_t task, enum pid_type type, uint64_t *ret)
{
	uint64_t alive;
	int r = field_u64(k, task, F_task_thread_pid, &alive);

	if (r < 0 || !alive || type == PID_TASK) {
		if (r >= 0)
			*ret = alive;
		return r;
	}
	return field_exists(k, F_signal_pids) ? shared_pid(k, task, type, ret)
					      : own_pid(k, task, type, ret);
}

int task_pid_number(struct kernel *k, uint64_t task, enum pid_type type, uint64_t *ret)
{
	struct pid_numbers p;
	uint64_t pid;
	int r = task_pid_struct(k, task, type, &pid);

	if (r < 0)
		return r;
	if (!pid) {
		*ret = 0;
		return 0;
	}
	r = pid_numbers(k, pid, &p);
	if (r < 0)
		return r;
	*ret = p.number[0];
	return 0;
}
