/* /timers and /hrtimers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/table/table.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"
#include "kernel/task/task.h"
#include "kernel/timer/hrtimer.h"
#include "kernel/timer/owner.h"
#include "kernel/timer/wheel.h"

#define WQ_NAME_LEN   64
#define NSEC_PER_SEC  1000000000
#define FUNCTION_WIDE 32

static void put_task(struct render *r, uint64_t task)
{
	char name[TASK_NAME_LEN];
	uint64_t pid;

	if (field_u64(r->k, task, F_task_pid, &pid) < 0 || task_name(r->k, task, name) < 0) {
		put_str(r->out, "?");
		return;
	}
	put(r->out, "pid=%lu comm=", pid);
	put_escaped(r->out, name, strlen(name), "");
}

static void put_work(struct render *r, const struct timer_owner *o)
{
	char name[WQ_NAME_LEN];
	uint64_t func;

	put_str(r->out, "work=");
	if (field_u64(r->k, o->work, F_work_func, &func) >= 0)
		put_place(r->out, r->k, func);
	else
		put_str(r->out, "?");
	put_str(r->out, " wq=");
	if (field_str(r->k, o->wq, F_wq_name, name, sizeof(name)) >= 0)
		put_escaped(r->out, name, strlen(name), " ");
	else
		put_str(r->out, "?");
}

/* Whom it is for; else what it is a part of. */
static void put_owner(struct render *r, const struct timer_owner *o, size_t cpu, uint64_t timer)
{
	if (o->task)
		put_task(r, o->task);
	else if (o->work)
		put_work(r, o);
	else
		put_place_on(r->out, r->k, timer, cpu);
	put_str(r->out, "\n");
}

struct timers {
	struct render *r;
	uint64_t jiffies, hz;
	size_t cpu;
	/* of high-resolution ones: */
	const struct hrtimer_base *base;
	int64_t now; /* of the base's clock */
};

static void put_timer(struct timers *t, const struct wheel_timer *timer)
{
	struct strbuf *out = t->r->out;
	struct timer_owner owner;
	int64_t left = (int64_t)(timer->expires - t->jiffies);

	put(out, "%5zu  %-6s %20lu %12ld %17.3f  %016lx  ", t->cpu, timer->base, timer->expires,
	    left, (double)left / (double)t->hz, timer->timer);
	put_place_column(out, t->r->k, timer->function, FUNCTION_WIDE);
	put_str(out, " ");
	timer_owner(t->r->k, timer->timer, timer->function, &owner);
	put_owner(t->r, &owner, t->cpu, timer->timer);
}

static int put_wheel(struct timers *t)
{
	char where[32];
	struct wheel w;
	int e = wheel_get(t->r->k, t->cpu, &w);

	if (e < 0) {
		put(t->r->out, "!! cpu %zu: %s\n", t->cpu, why());
		return e == -EINTR || e == -ENOMEM ? e : 0;
	}
	for (size_t i = 0; i < w.n; i++)
		put_timer(t, &w.v[i]);
	snprintf(where, sizeof(where), "cpu %zu: ", t->cpu);
	put_problem_lines(t->r->out, where, &w.problems);
	wheel_free(&w);
	return 0;
}

/* fn() of each CPU that there may be. */
static int each_cpu(struct timers *t, int (*fn)(struct timers *t))
{
	const struct cpus *cpus;
	int e = cpus_get(t->r->k, &cpus);

	for (t->cpu = 0; e >= 0 && t->cpu < cpus->nr; t->cpu++)
		if (cpu_is_in(&cpus->possible, t->cpu))
			e = fn(t);
	return e;
}

int gen_timers(struct render *r)
{
	struct timers t = { .r = r };
	int e = symbol_u64(r->k, "jiffies_64", 8, &t.jiffies);

	if (e >= 0)
		e = kernel_hz(r->k, &t.hz);
	if (e >= 0 && !t.hz)
		e = fail(-EBADMSG, "no ticks a second");
	if (e < 0)
		return e;
	put(r->out, "%5s  %-6s %20s %12s %17s  %-16s  %-*s %s\n", "CPU", "BASE", "EXPIRES", "TTE",
	    "LEFT", "TIMER", FUNCTION_WIDE, "FUNCTION", "OWNER");
	return each_cpu(&t, put_wheel);
}

static int put_hrtimer(void *arg, const struct hrtimer *timer)
{
	struct timers *t = arg;
	struct strbuf *out = t->r->out;
	struct timer_owner owner;

	put(out, "%5zu  %s%-*s %20ld %20ld %20ld  %016lx  ", t->cpu, t->base->clock,
	    14 - (int)strlen(t->base->clock), t->base->soft ? "/soft" : "", timer->soft_expires,
	    timer->expires, (int64_t)((uint64_t)timer->expires - (uint64_t)t->now), timer->addr);
	put_place_column(out, t->r->k, timer->function, FUNCTION_WIDE);
	put_str(out, " ");
	hrtimer_owner(t->r->k, timer->addr, timer->function, &owner);
	put_owner(t->r, &owner, t->cpu, timer->addr);
	return 0;
}

static int put_bases(struct timers *t)
{
	struct hrtimer_base bases[HRTIMER_BASES_MAX];
	struct clocks clocks;
	size_t n;
	int e = kernel_clocks(t->r->k, &clocks);

	if (e >= 0)
		e = hrtimer_bases(t->r->k, t->cpu, bases, &n);
	if (e < 0) {
		put(t->r->out, "!! cpu %zu: %s\n", t->cpu, why());
		return e == -EINTR ? e : 0;
	}
	for (size_t i = 0; i < n; i++) {
		t->base = &bases[i];
		t->now = (int64_t)(clocks.mono + (uint64_t)bases[i].offset);
		e = hrtimers_each(t->r->k, &bases[i], put_hrtimer, t);
		if (e == -EINTR)
			return e;
		if (e < 0)
			put(t->r->out, "!! cpu %zu: %s%s: %s\n", t->cpu, bases[i].clock,
			    bases[i].soft ? "/soft" : "", why());
	}
	return 0;
}

int gen_hrtimers(struct render *r)
{
	struct timers t = { .r = r };

	put(r->out, "%5s  %-14s %20s %20s %20s  %-16s  %-*s %s\n", "CPU", "CLOCK", "SOFTEXPIRES",
	    "EXPIRES", "TTE", "HRTIMER", FUNCTION_WIDE, "FUNCTION", "OWNER");
	return each_cpu(&t, put_bases);
}
