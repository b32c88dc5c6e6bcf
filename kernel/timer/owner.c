#include "kernel/timer/owner.h"

#include <string.h>

#include "kernel/fields.h"
#include "kernel/lock/wait.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/pid.h"

/* schedule_timeout()'s: its data before 58e1177b4cd1 (v4.15). */
static int of_sleeper(struct kernel *k, uint64_t timer, struct timer_owner *o)
{
	uint64_t at;
	int r;

	if (field_exists(k, F_timer_data))
		return field_u64(k, timer, F_timer_data, &o->task);
	r = field_owner(k, timer, F_process_timer_timer, &at);
	return r >= 0 ? field_u64(k, at, F_process_timer_task, &o->task) : r;
}

static int of_delayed_work(struct kernel *k, uint64_t timer, struct timer_owner *o)
{
	uint64_t at;
	int r = field_owner(k, timer, F_delayed_work_timer, &at);

	if (r >= 0)
		r = field_u64(k, at, F_delayed_work_wq, &o->wq);
	if (r >= 0)
		r = field_addr(k, at, F_delayed_work_work, &o->work);
	return r;
}

static int of_hrtimer_sleeper(struct kernel *k, uint64_t timer, struct timer_owner *o)
{
	uint64_t at;
	int r = field_owner(k, timer, F_hrtimer_sleeper_timer, &at);

	return r >= 0 ? field_u64(k, at, F_hrtimer_sleeper_task, &o->task) : r;
}

static int leader_of(struct kernel *k, uint64_t signal, struct timer_owner *o)
{
	uint64_t at, pid;
	int r = field_addr(k, signal, F_signal_pids, &at);

	if (r >= 0)
		r = kernel_read_uint(k, at + 8 * PID_TGID, 8, &pid);
	return r >= 0 ? pid_task(k, pid, &o->task) : r;
}

static int of_itimer(struct kernel *k, uint64_t timer, struct timer_owner *o)
{
	uint64_t signal;
	int r = field_owner(k, timer, F_signal_real_timer, &signal);

	return r >= 0 ? leader_of(k, signal, o) : r;
}

static int of_posix_timer(struct kernel *k, uint64_t timer, struct timer_owner *o)
{
	uint64_t at, signal;
	int r = field_owner(k, timer, F_k_itimer_timer, &at);

	if (r >= 0)
		r = field_u64(k, at, F_k_itimer_signal, &signal);
	return r >= 0 ? leader_of(k, signal & ~1ull, o) : r; /* bit 0: not yet valid */
}

struct known {
	const char *function;
	int (*owner)(struct kernel *k, uint64_t timer, struct timer_owner *o);
};

static void find(struct kernel *k, const struct known *known, size_t n, uint64_t timer,
		 uint64_t function, struct timer_owner *ret)
{
	struct symbol s;

	*ret = (struct timer_owner){ 0 };
	if (symbol_at(k, function, &s) < 0 || s.addr != function)
		return;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(s.name, known[i].function)) {
			if (known[i].owner(k, timer, ret) < 0 ||
			    (ret->task && !is_task(k, ret->task)))
				*ret = (struct timer_owner){ 0 };
			return;
		}
}

void timer_owner(struct kernel *k, uint64_t timer, uint64_t function, struct timer_owner *ret)
{
	static const struct known known[] = {
		{ "process_timeout", of_sleeper },
		{ "delayed_work_timer_fn", of_delayed_work },
	};

	find(k, known, sizeof(known) / sizeof(known[0]), timer, function, ret);
}

void hrtimer_owner(struct kernel *k, uint64_t timer, uint64_t function, struct timer_owner *ret)
{
	static const struct known known[] = {
		{ "hrtimer_wakeup", of_hrtimer_sleeper },
		{ "it_real_fn", of_itimer },
		{ "posix_timer_fn", of_posix_timer },
	};

	find(k, known, sizeof(known) / sizeof(known[0]), timer, function, ret);
}
