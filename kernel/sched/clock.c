#include "kernel/sched/clock.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/task/task.h"

int sched_now(struct kernel *k, uint64_t *ret)
{
	const struct cpus *c;
	uint64_t rq, clock, now = 0;
	int r = cpus_get(k, &c);

	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = cpu_rq(k, cpu, &rq);
		if (r >= 0)
			r = field_u64(k, rq, F_rq_clock, &clock);
		if (r >= 0 && clock > now)
			now = clock;
	}
	if (r >= 0)
		*ret = now;
	return r;
}

static uint64_t since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

int task_ran_for(struct kernel *k, uint64_t task, uint64_t now, uint64_t *ret)
{
	uint64_t then;
	int r = field_u64(k, task, F_task_sched_info_last_arrival, &then);

	if (r >= 0 && !then)
		r = fail(-ENOENT, "not noted");
	if (r >= 0)
		*ret = since(now, then);
	return r;
}

int task_off_cpu(struct kernel *k, uint64_t task, uint64_t now, uint64_t *ret)
{
	uint64_t cpu, rq, then, clock, own;
	int r = field_u64(k, task, F_task_se_exec_start, &then);

	/* It was given to another CPU while it left: migrate_task_rq_fair(). When it came is nearly when it went. */
	if (r >= 0 && !then)
		return task_ran_for(k, task, now, ret);
	if (r >= 0)
		r = task_cpu(k, task, &cpu);
	if (r >= 0)
		r = cpu_rq(k, cpu, &rq);
	if (r >= 0)
		r = field_u64(k, rq, F_rq_clock, &clock);
	if (r >= 0)
		r = field_u64(k, rq, F_rq_clock_task, &own);
	if (r >= 0)
		*ret = since(now, then + since(clock, own));
	return r;
}

int task_queued_for(struct kernel *k, uint64_t task, uint64_t now, uint64_t *ret)
{
	uint64_t then;
	int r = field_u64(k, task, F_task_sched_info_last_queued, &then);

	if (r >= 0 && !then)
		r = fail(-ENOENT, "in no line");
	if (r >= 0)
		*ret = since(now, then);
	return r;
}
