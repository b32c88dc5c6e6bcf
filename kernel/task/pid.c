#include "kernel/task/pid.h"

#include <errno.h>
#include <stdio.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"
#include "kernel/walk/xarray.h"

#define PID_HASH_SHIFT_MAX 16 /* pidhash_init() makes 12 the most */

static int init_idr(struct kernel *k, uint64_t *ret)
{
	uint64_t ns;
	int r = symbol_addr(k, "init_pid_ns", &ns);

	return r < 0 ? r : field_addr(k, ns, F_pid_ns_idr, ret);
}

/* Before 95846ecf9dac (v4.15): one table of chains for all namespaces. */
static bool is_hashed(struct kernel *k)
{
	return !field_exists(k, F_pid_ns_idr);
}

/* The pids of one chain that have a number in @init_ns, which is their first. */
static int each_of_chain(struct kernel *k, uint64_t head, uint64_t init_ns, pid_fn *fn, void *arg)
{
	uint64_t upid, ns, pid;
	struct list_walk w;
	int r = hlist_begin(&w, k, head, F_upid_pid_chain);

	while (r >= 0 && (r = hlist_next(&w, &upid)) > 0) {
		r = field_u64(k, upid, F_upid_ns, &ns);
		if (r >= 0 && ns == init_ns)
			r = field_owner(k, upid, F_pid_numbers, &pid);
		else if (r >= 0)
			continue;
		if (r >= 0)
			r = fn(arg, pid);
		if (r)
			break;
	}
	return r;
}

/* What is wrong with one chain is told after the others. */
static int each_hashed(struct kernel *k, pid_fn *fn, void *arg)
{
	uint64_t table, shift, init_ns;
	char message[256] = "";
	int r = symbol_u64(k, "pid_hash", 8, &table), bad = 0;

	if (r >= 0)
		r = symbol_u64(k, "pidhash_shift", 4, &shift);
	if (r >= 0)
		r = symbol_addr(k, "init_pid_ns", &init_ns);
	if (r >= 0 && shift > PID_HASH_SHIFT_MAX)
		r = fail(-EBADMSG, "pidhash_shift is %lu", shift);
	for (uint64_t i = 0; r == 0 && i < 1ull << shift; i++) {
		r = each_of_chain(k, table + 8 * i, init_ns, fn, arg);
		if (r != -EFAULT && r != -ENODATA && r != -EBADMSG && r != -ELOOP)
			continue;
		if (!bad)
			snprintf(message, sizeof(message), "%s", why());
		bad = r;
		r = 0;
	}
	return r || !bad ? r : fail(bad, "%s", message);
}

int pid_find(struct kernel *k, uint64_t number, uint64_t *ret)
{
	uint64_t idr;
	int r;

	/* Which chain has it depends on a hash that each version had another of. */
	if (is_hashed(k))
		return fail(-ENOENT, "pids are hashed");
	r = init_idr(k, &idr);

	return r < 0 ? r : idr_find(k, idr, number, ret);
}

int pid_each(struct kernel *k, pid_fn *fn, void *arg)
{
	uint64_t idr, index, pid;
	struct xa_walk w;
	int r;

	if (is_hashed(k))
		return each_hashed(k, fn, arg);
	r = init_idr(k, &idr);
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
