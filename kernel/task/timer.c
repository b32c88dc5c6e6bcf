#include "kernel/task/timer.h"

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/walk/list.h"

/* Where what is queued when it expires is: in the timer itself since v6.14. */
static int sigqueue_of(struct kernel *k, uint64_t timer, uint64_t *ret)
{
	return field_exists(k, F_timer_sigqueue_signo) ? field_addr(k, timer, F_timer_sigq, ret)
						       : field_u64(k, timer, F_timer_sigq, ret);
}

static int read_timer(struct kernel *k, uint64_t addr, struct timer *ret)
{
	uint64_t id, clock, signal, notify, queue;
	int r = field_u64(k, addr, F_timer_id, &id);

	if (r >= 0)
		r = field_u64(k, addr, F_timer_clock, &clock);
	if (r >= 0)
		r = field_u64(k, addr, F_timer_notify, &notify);
	if (r >= 0)
		r = field_u64(k, addr, F_timer_pid, &ret->pid);
	if (r >= 0)
		r = sigqueue_of(k, addr, &queue);
	if (r >= 0)
		r = field_u64(k, queue, F_sigqueue_signo, &signal);
	if (r >= 0)
		r = field_u64(k, queue, F_sigqueue_value, &ret->value);
	if (r < 0)
		return within(r, "timer at %#lx", addr);
	ret->addr = addr;
	ret->id = (int32_t)id;
	ret->clock = (int32_t)clock;
	ret->signal = (int32_t)signal;
	ret->notify = (uint32_t)notify;
	return 0;
}

int task_timers(struct kernel *k, uint64_t task, timer_fn *fn, void *arg)
{
	uint64_t head, size, at;
	struct list_walk w;
	struct timer t;
	bool is_hlist;
	int r = field_u64(k, task, F_task_signal, &head);

	if (r >= 0)
		r = field_addr(k, head, F_signal_posix_timers, &head);
	if (r >= 0)
		r = field_size(k, F_signal_posix_timers, &size);
	if (r < 0)
		return r;
	is_hlist = size == 8; /* since v6.12 */
	r = is_hlist ? hlist_begin(&w, k, head, F_timer_list)
		     : list_begin(&w, k, head, F_timer_list);
	while (r >= 0 && (r = is_hlist ? hlist_next(&w, &at) : list_next(&w, &at)) > 0) {
		r = read_timer(k, at, &t);
		if (r >= 0)
			r = fn(arg, &t);
		if (r)
			break;
	}
	return r;
}
