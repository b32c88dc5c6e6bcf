/* /tasks/<pid>/stat and statm, byte for byte as procfs prints them to root. The 52 numbers of stat are
 * put out group by group, in the order in which they stand there. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/task/pid.h"
#include "kernel/mem/rss.h"
#include "kernel/task/signal.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"
#include "kernel/task/times.h"
#include "kernel/task/user_regs.h"
#include "kernel/task/wchan.h"

#define NSEC_PER_TICK 10000000 /* USER_HZ is 100 everywhere */
#define MAX_RT_PRIO   100
#define DEFAULT_PRIO  120
#define RLIMIT_RSS    5
#define SIGNALS_SHOWN 0x7fffffff
#define GROUP_STOPPED 0x1 /* SIGNAL_STOP_STOPPED */
#define GROUP_EXIT    0x4 /* SIGNAL_GROUP_EXIT */

struct stat_of {
	struct kernel *k;
	struct strbuf *out;
	uint64_t task, signal, mm;
	bool whole; /* the process, not the thread alone */
	char state;
	struct signals signals;
	struct times times;
};

/* Members of @owner, each behind a space; @owner 0: zeros. */
static int put_members(struct stat_of *s, uint64_t owner, const enum field *f, size_t n)
{
	uint64_t v = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		if (owner)
			r = field_u64(s->k, owner, f[i], &v);
		if (r < 0)
			return r;
		put(s->out, " %lu", v);
	}
	return 0;
}

/* What /proc calls the number of a terminal: new_encode_dev(). */
static int tty_number(struct kernel *k, uint64_t tty, uint64_t *ret)
{
	uint64_t driver, major, minor, index;
	int r = field_u64(k, tty, F_tty_driver, &driver);

	if (r >= 0)
		r = field_u64(k, driver, F_tty_driver_major, &major);
	if (r >= 0)
		r = field_u64(k, driver, F_tty_driver_minor_start, &minor);
	if (r >= 0)
		r = field_u64(k, tty, F_tty_index, &index);
	if (r < 0)
		return r;
	minor = (minor + index) & 0xfffff;
	*ret = (minor & 0xff) | major << 8 | (minor & ~0xffull) << 12;
	return 0;
}

static int put_tty(struct stat_of *s)
{
	uint64_t tty, group, number;
	struct pid_numbers p = { 0 };
	int r = field_u64(s->k, s->signal, F_signal_tty, &tty);

	if (r < 0)
		return r;
	if (!tty) {
		put_str(s->out, " 0 -1");
		return 0;
	}
	r = tty_number(s->k, tty, &number);
	if (r >= 0)
		r = field_u64(s->k, tty, F_tty_pgrp, &group);
	if (r >= 0 && group)
		r = pid_numbers(s->k, group, &p);
	if (r >= 0)
		put(s->out, " %d %u", (int)number, p.number[0]);
	return r;
}

/* ppid to tpgid */
static int put_family(struct stat_of *s)
{
	uint64_t parent, pid, group, session;
	int r = field_u64(s->k, s->task, F_task_real_parent, &parent);

	if (r >= 0)
		r = task_pid_number(s->k, parent, PID_TGID, &pid);
	if (r >= 0)
		r = task_pid_number(s->k, s->task, PID_PGRP, &group);
	if (r >= 0)
		r = task_pid_number(s->k, s->task, PID_SESSION, &session);
	if (r < 0)
		return r;
	put(s->out, " %lu %lu %lu", pid, group, session);
	return put_tty(s);
}

/* flags to cstime */
static int put_usage(struct stat_of *s)
{
	uint64_t flags, minor, major;
	struct child_times children;
	int r = field_u64(s->k, s->task, F_task_flags, &flags);

	if (r >= 0)
		r = field_u64(s->k, s->signal, F_signal_cmin_flt, &minor);
	if (r >= 0)
		r = field_u64(s->k, s->signal, F_signal_cmaj_flt, &major);
	if (r >= 0)
		r = task_child_times(s->k, s->task, &children);
	if (r >= 0)
		put(s->out, " %lu %lu %lu %lu %lu %lu %lu %lu %lu", flags, s->times.minor, minor,
		    s->times.major, major, s->times.user / NSEC_PER_TICK,
		    s->times.system / NSEC_PER_TICK, children.user / NSEC_PER_TICK,
		    children.system / NSEC_PER_TICK);
	return r;
}

/* priority to starttime */
static int put_scheduling(struct stat_of *s)
{
	uint64_t prio, static_prio, start;
	int r = field_u64(s->k, s->task, F_task_prio, &prio);

	if (r >= 0)
		r = field_u64(s->k, s->task, F_task_static_prio, &static_prio);
	if (r >= 0)
		r = task_started(s->k, s->task, &start);
	if (r >= 0)
		put(s->out, " %d %d %lu 0 %lu", (int)prio - MAX_RT_PRIO,
		    (int)static_prio - DEFAULT_PRIO, s->signals.threads, start / NSEC_PER_TICK);
	return r;
}

/* vsize to startstack */
static int put_memory(struct stat_of *s)
{
	static const enum field where[] = { F_mm_start_code, F_mm_end_code, F_mm_start_stack };
	const uint32_t page_size = 1u << kernel_page_shift(s->k);
	struct rlimit limits[RLIMITS];
	struct rss rss = { 0 };
	uint64_t vm = 0;
	int r = task_rlimits(s->k, s->task, limits);

	if (r >= 0 && s->mm)
		r = field_u64(s->k, s->mm, F_mm_total_vm, &vm);
	if (r >= 0 && s->mm)
		r = mm_rss(s->k, s->mm, &rss);
	if (r < 0)
		return r;
	put(s->out, " %lu %lu %lu", vm * page_size, rss.quick, limits[RLIMIT_RSS].soft);
	return put_members(s, s->mm, where, 3);
}

/* Where it waits, until b2f73922d119 (v4.4), which came a version before the member asked for went.
 * Then whether it waits; 42a20f86dc19 (v5.16) has the kernel tell it from the state, before it looked
 * for the place by frame pointers, which kernels that unwind by ORC do not have. */
static int waits_at(struct stat_of *s, uint64_t *ret)
{
	uint64_t va;

	*ret = 0;
	if (s->whole && s->signals.threads > 1)
		return 0;
	if (field_exists(s->k, F_mm_shared_vm))
		return task_wchan(s->k, s->task, ret);
	*ret = s->state != 'R' && symbol_addr(s->k, "__get_wchan", &va) >= 0;
	return 0;
}

/* Where its stack and code are in user space, as KSTK_ESP() and KSTK_EIP() told it. Since 0a1eb2d474ed
 * (v4.14) that is told of tasks that dump core alone. */
static int put_user_place(struct stat_of *s)
{
	uint64_t sp = 0, pc = 0;
	int r = 0;

	if (s->mm && field_exists(s->k, F_cfs_rq_leftmost))
		r = user_place_at_top(s->k, s->task, &sp, &pc);
	if (r >= 0 || r == -ENOENT)
		put(s->out, " %lu %lu", sp, pc);
	return r == -ENOENT ? 0 : r;
}

/* kstkesp to cnswap */
static int put_signals(struct stat_of *s)
{
	const struct signals *sig = &s->signals;
	uint64_t place;
	int r = put_user_place(s);

	if (r >= 0)
		r = waits_at(s, &place);
	if (r >= 0)
		put(s->out, " %lu %lu %lu %lu %lu 0 0", sig->pending & SIGNALS_SHOWN,
		    sig->blocked & SIGNALS_SHOWN, sig->ignored & SIGNALS_SHOWN,
		    sig->caught & SIGNALS_SHOWN, place);
	return r;
}

/* The time that it waited for block devices, where that was accounted. */
static int blkio_delay(struct stat_of *s, uint64_t *ret)
{
	uint64_t delays = 0;
	int r = 0;

	*ret = 0;
	if (field_exists(s->k, F_task_delays))
		r = field_u64(s->k, s->task, F_task_delays, &delays);
	return r < 0 || !delays ? r : field_u64(s->k, delays, F_delays_blkio_delay, ret);
}

/* exit_signal to cguest_time */
static int put_policy(struct stat_of *s)
{
	uint64_t exit_signal, cpu, rt_priority, policy, delay;
	struct child_times children;
	int r = field_u64(s->k, s->task, F_task_exit_signal, &exit_signal);

	if (r >= 0)
		r = task_cpu(s->k, s->task, &cpu);
	if (r >= 0)
		r = field_u64(s->k, s->task, F_task_rt_priority, &rt_priority);
	if (r >= 0)
		r = field_u64(s->k, s->task, F_task_policy, &policy);
	if (r >= 0)
		r = blkio_delay(s, &delay);
	if (r >= 0)
		r = task_child_times(s->k, s->task, &children);
	if (r >= 0)
		put(s->out, " %d %lu %lu %lu %lu %lu %lu", (int)exit_signal, cpu, rt_priority,
		    policy, delay / NSEC_PER_TICK, s->times.guest / NSEC_PER_TICK,
		    children.guest / NSEC_PER_TICK);
	return r;
}

/* What it ended or was stopped by. Told of the process since it is kept there alone: 60700e38fb68
 * (v5.17) and what came with it. */
static int exit_code(struct stat_of *s, uint64_t *ret)
{
	uint64_t flags;
	int r = field_u64(s->k, s->signal, F_signal_flags, &flags);

	if (r < 0)
		return r;
	if (s->whole && flags & (GROUP_STOPPED | GROUP_EXIT) &&
	    field_exists(s->k, F_signal_group_exec_task))
		return field_u64(s->k, s->signal, F_signal_group_exit_code, ret);
	return field_u64(s->k, s->task, F_task_exit_code, ret);
}

/* start_data to exit_code */
static int put_end(struct stat_of *s)
{
	static const enum field where[] = { F_mm_start_data, F_mm_end_data, F_mm_start_brk,
					    F_mm_arg_start,  F_mm_arg_end,  F_mm_env_start,
					    F_mm_env_end };
	uint64_t code;
	int r = put_members(s, s->mm, where, sizeof(where) / sizeof(where[0]));

	if (r >= 0)
		r = exit_code(s, &code);
	if (r >= 0)
		put(s->out, " %d", (int)code);
	return r;
}

static int put_begin(struct stat_of *s)
{
	char name[TASK_NAME_LEN];
	uint64_t pid;
	int r = task_pid_number(s->k, s->task, PID_TASK, &pid);

	if (r >= 0)
		r = task_name(s->k, s->task, name);
	if (r >= 0)
		put(s->out, "%lu (%s) %c", pid, name, s->state);
	return r;
}

static int load(struct stat_of *s)
{
	int r = field_u64(s->k, s->task, F_task_signal, &s->signal);

	if (r >= 0)
		r = task_own_mm(s->k, s->task, &s->mm);
	if (r >= 0)
		r = task_state(s->k, s->task, &s->state);
	if (r >= 0)
		r = task_signals(s->k, s->task, &s->signals);
	if (r >= 0)
		r = task_times(s->k, s->task, s->whole, &s->times);
	return r;
}

int gen_task_stat(struct render *r)
{
	static int (*const groups[])(struct stat_of * s) = {
		put_begin,  put_family,	 put_usage,  put_scheduling,
		put_memory, put_signals, put_policy, put_end,
	};
	struct stat_of s = {
		.k = r->k, .out = r->out, .task = key_task(r), .whole = !key_is_thread(r, 0)
	};
	int e = load(&s);

	r->verbatim = true;
	for (size_t i = 0; e >= 0 && i < sizeof(groups) / sizeof(groups[0]); i++)
		e = groups[i](&s);
	put_str(r->out, e < 0 && !r->out->len ? "" : "\n");
	return e;
}

/* size resident shared text lib data dt, in pages */
int gen_task_statm(struct render *r)
{
	const uint32_t page_size = 1u << kernel_page_shift(r->k);
	uint64_t mm, size = 0, start = 0, end = 0, data = 0, stack = 0;
	struct rss rss = { 0 };
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e >= 0 && mm) {
		e = mm_rss(r->k, mm, &rss);
		if (e >= 0)
			e = field_u64(r->k, mm, F_mm_total_vm, &size);
		if (e >= 0)
			e = field_u64(r->k, mm, F_mm_start_code, &start);
		if (e >= 0)
			e = field_u64(r->k, mm, F_mm_end_code, &end);
		if (e >= 0)
			e = mm_data_pages(r->k, mm, &data);
		if (e >= 0)
			e = field_u64(r->k, mm, F_mm_stack_vm, &stack);
	}
	if (e >= 0)
		put(r->out, "%lu %lu %lu %lu 0 %lu 0\n", size, rss_total(&rss),
		    rss.file + rss.shmem, (end + page_size - 1) / page_size - start / page_size,
		    data + stack);
	return e;
}
