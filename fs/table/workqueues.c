/* /workqueues: the pools, and below them each work that is waited for. */
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
#include "kernel/timer/owner.h"
#include "kernel/timer/wheel.h"
#include "kernel/workqueue/workqueue.h"

#define QUEUE_WIDE 24

struct works {
	struct render *r;
	uint64_t jiffies, hz;
	uint64_t running, pending; /* of the pool at hand */
	char pool[24];		   /* its number */
};

static int64_t to_ns(const struct works *w, int64_t jiffies)
{
	return (int64_t)((__int128)jiffies * 1000000000 / (int64_t)w->hz);
}

/* Our own failures end it; what is damaged is told, and costs no other. */
static int tell(struct works *w, int e, const char *what, uint64_t addr)
{
	if (e >= 0 || e == -EINTR || e == -ENOMEM)
		return e;
	put(w->r->out, "!! %s %#lx: %s\n", what, addr, why());
	return 0;
}

static void put_queue(struct works *w, uint64_t wq)
{
	char name[WQ_NAME_LEN];

	if (!wq || field_str(w->r->k, wq, F_wq_name, name, sizeof(name)) < 0)
		strcpy(name, "?");
	put_name_column(w->r->out, name, QUEUE_WIDE);
}

static void put_work(struct works *w, const char *state, const struct work *work, int64_t since)
{
	struct strbuf *out = w->r->out;
	char name[TASK_NAME_LEN];
	uint64_t pid;

	put(out, "%-9s %5s  ", state, w->pool);
	put_queue(w, work->wq);
	put(out, " %016lx ", work->addr);
	if (since)
		put_seconds(out, since, 17);
	else
		put(out, "%17s", "-");
	if (work->task && field_u64(w->r->k, work->task, F_task_pid, &pid) >= 0)
		put(out, " %7lu  ", pid);
	else
		put(out, " %7s  ", work->task ? "?" : "-");
	put_place_column(out, w->r->k, work->func, 32);
	put_str(out, " ");
	if (!work->task)
		put_str(out, "-");
	else if (task_name(w->r->k, work->task, name) < 0)
		put_str(out, "?");
	else
		put_escaped(out, name, strlen(name), "");
	put_str(out, "\n");
}

static int put_one(void *arg, const struct work *work)
{
	static const char *const names[NR_WORK_STATES] = { "running", "scheduled", "pending",
							   "inactive" };
	struct works *w = arg;

	put_work(w, names[work->state], work,
		 work->start ? to_ns(w, (int64_t)(w->jiffies - work->start)) : 0);
	return 0;
}

static int count_one(void *arg, const struct work *work)
{
	struct works *w = arg;

	if (work->state == WORK_RUNNING)
		w->running++;
	else
		w->pending++;
	return 0;
}

/* By the kernel's own names for them: POOL_BH, "bh". */
static void put_flags(struct works *w, uint64_t flags)
{
	static const struct {
		const char *enumerator, *name;
	} known[] = {
		{ "POOL_BH", "bh" },
		{ "POOL_MANAGER_ACTIVE", "manager" },
		{ "POOL_DISASSOCIATED", "disassociated" },
		{ "POOL_BH_DRAINING", "draining" },
	};
	const char *before = " ";
	uint64_t bit;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (kernel_enumerator(w->r->k, known[i].enumerator, &bit) < 0 || !(flags & bit))
			continue;
		put(w->r->out, "%s%s", before, known[i].name);
		flags &= ~bit;
		before = ",";
	}
	if (flags)
		put(w->r->out, "%s%#lx", before, flags);
	else if (*before == ' ')
		put_str(w->r->out, " -");
}

static int put_pool(void *arg, uint64_t addr)
{
	struct works *w = arg;
	struct pool p;
	char cpu[16];
	int e = pool_read(w->r->k, addr, &p);

	w->running = w->pending = 0;
	if (e >= 0)
		e = pool_busy_each(w->r->k, addr, count_one, w);
	if (e >= 0)
		e = pool_pending_each(w->r->k, addr, count_one, w);
	if (e < 0)
		return tell(w, e, "pool", addr);
	snprintf(cpu, sizeof(cpu), "%ld", p.cpu);
	put(w->r->out, "pool %10lu  %016lx %4s %4ld %7lu %5lu %7lu %7lu ", p.id, addr,
	    p.cpu < 0 ? "any" : cpu, p.nice, p.nr_workers, p.nr_idle, w->running, w->pending);
	if (p.progress)
		put_seconds(w->r->out, to_ns(w, (int64_t)(w->jiffies - p.progress)), 17);
	else
		put(w->r->out, "%17s", "-");
	put_flags(w, p.flags);
	put_str(w->r->out, "\n");
	return 0;
}

static int put_works_of_pool(void *arg, uint64_t addr)
{
	struct works *w = arg;
	struct pool p;
	int e = pool_read(w->r->k, addr, &p);

	if (e < 0) /* told above */
		return e == -EINTR ? e : 0;
	snprintf(w->pool, sizeof(w->pool), "%lu", p.id);
	e = tell(w, pool_busy_each(w->r->k, addr, put_one, w), "workers of pool", addr);
	if (e >= 0)
		e = tell(w, pool_pending_each(w->r->k, addr, put_one, w), "works of pool", addr);
	return e;
}

static int put_inactive(void *arg, uint64_t wq)
{
	struct works *w = arg;

	return tell(w, workqueue_inactive_each(w->r->k, wq, put_one, w), "workqueue", wq);
}

/* Those whose timer has not expired: it is in the wheel of some CPU. */
static int put_delayed(struct works *w, size_t cpu)
{
	struct timer_owner owner;
	struct wheel wheel;
	int e = wheel_get(w->r->k, cpu, &wheel);

	if (e < 0)
		return tell(w, e, "timers of cpu", cpu);
	for (size_t i = 0; i < wheel.n; i++) {
		struct work work = { .state = WORK_PENDING };

		timer_owner(w->r->k, wheel.v[i].timer, wheel.v[i].function, &owner);
		if (!owner.work || field_u64(w->r->k, owner.work, F_work_func, &work.func) < 0)
			continue;
		work.addr = owner.work;
		work.wq = owner.wq;
		put_work(w, "delayed", &work,
			 -to_ns(w, (int64_t)(wheel.v[i].expires - w->jiffies)));
	}
	wheel_free(&wheel);
	return 0;
}

static int put_works(struct works *w)
{
	const struct cpus *cpus;
	int e = tell(w, pools_each(w->r->k, put_works_of_pool, w), "works", 0);

	strcpy(w->pool, "-");
	if (e >= 0)
		e = tell(w, workqueues_each(w->r->k, put_inactive, w), "works", 0);
	if (e >= 0)
		e = cpus_get(w->r->k, &cpus);
	for (size_t cpu = 0; e >= 0 && cpu < cpus->nr; cpu++)
		if (cpu_is_in(&cpus->possible, cpu))
			e = put_delayed(w, cpu);
	return e;
}

int gen_workqueues(struct render *r)
{
	struct works w = { .r = r };
	int e = symbol_u64(r->k, "jiffies_64", 8, &w.jiffies);

	if (e >= 0)
		e = kernel_hz(r->k, &w.hz);
	if (e >= 0 && !w.hz)
		e = fail(-EBADMSG, "no ticks a second");
	if (e < 0)
		return e;
	put(r->out, "%-4s %10s  %-16s %4s %4s %7s %5s %7s %7s %17s %s\n", "KIND", "POOL", "ADDRESS",
	    "CPU", "NICE", "WORKERS", "IDLE", "RUNNING", "PENDING", "PROGRESS", "FLAGS");
	e = tell(&w, pools_each(r->k, put_pool, &w), "pools", 0);
	if (e < 0)
		return e;
	put(r->out, "\n%-9s %5s  %-*s %-16s %17s %7s  %-32s %s\n", "STATE", "POOL", QUEUE_WIDE,
	    "WORKQUEUE", "WORK", "SINCE", "PID", "FUNCTION", "COMM");
	return put_works(&w);
}
