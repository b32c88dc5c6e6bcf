/* /proc/<pid>/timers: the POSIX timers of a process. */
#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/task/pid.h"
#include "kernel/task/timer.h"

static int put_timer(void *arg, const struct timer *t)
{
	static const char *const kinds[] = { "signal", "none", "thread" };
	const uint32_t kind = t->notify & ~(uint32_t)TIMER_THREAD_ID;
	struct pid_numbers numbers = { 0 };
	struct render *r = arg;
	int e = t->pid ? pid_numbers(r->k, t->pid, &numbers) : 0;

	if (e < 0)
		return e;
	put(r->out, "ID: %d\nsignal: %d/%016lx\n", t->id, t->signal, t->value);
	put(r->out, "notify: %s/%s.%u\n", kind < 3 ? kinds[kind] : "(null)",
	    t->notify & TIMER_THREAD_ID ? "tid" : "pid", numbers.number[0]);
	put(r->out, "ClockID: %d\n", t->clock);
	return 0;
}

int gen_task_timers(struct render *r)
{
	return task_timers(r->k, key_task(r), put_timer, r);
}
