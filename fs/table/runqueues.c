/* /runqueues. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/table/table.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/sched/clock.h"
#include "kernel/sched/runqueue.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/cgroup.h"
#include "kernel/task/task.h"

struct queue {
	struct render *r;
	size_t cpu;
	uint64_t now;
	const char *class;
	uint64_t n; /* told of the class */
};

/* Where it is scheduled: in a control group, or that of its session. */
static void put_group(struct strbuf *out, struct kernel *k, uint64_t task)
{
	uint64_t tg, of = 0, id, cgroup;

	if (!field_exists(k, F_task_sched_task_group)) {
		put_str(out, "-");
		return;
	}
	if (field_u64(k, task, F_task_sched_task_group, &tg) < 0) {
		put_str(out, "?");
		return;
	}
	if (field_exists(k, F_task_group_autogroup) &&
	    field_u64(k, tg, F_task_group_autogroup, &of) >= 0 && of &&
	    field_u64(k, of, F_autogroup_id, &id) >= 0) {
		put(out, "/autogroup-%lu", id);
		return;
	}
	if (field_u64(k, tg, F_task_group_css_cgroup, &cgroup) < 0 || !cgroup ||
	    put_cgroup_path(out, k, cgroup) < 0)
		put_str(out, "?");
}

static void put_since(struct render *r, int e, uint64_t ns)
{
	if (e >= 0)
		put_seconds(r->out, (int64_t)ns, 14);
	else
		put(r->out, "%14s", e == -ENOENT ? "-" : "?");
}

static int put_task(struct queue *q, uint64_t task, const char *key, bool running)
{
	struct render *r = q->r;
	char name[TASK_NAME_LEN], class[SCHED_CLASS_NAME] = "?", state;
	uint64_t pid, prio, ns = 0;
	STRBUF(group);
	int e = field_u64(r->k, task, F_task_pid, &pid);

	if (e >= 0)
		e = field_u64(r->k, task, F_task_prio, &prio);
	if (e >= 0)
		e = task_state(r->k, task, &state);
	if (e >= 0)
		e = task_name(r->k, task, name);
	if (e < 0) {
		put(r->out, "!! cpu %zu: task %#lx: %s\n", q->cpu, task, why());
		return e == -EINTR ? e : 0;
	}
	if (!q->class && task_sched_class(r->k, task, class) < 0)
		strcpy(class, "?");
	put(r->out, "%c%4zu  %016lx %7lu  %c  %-5s %4d ", running ? '>' : ' ', q->cpu, task, pid,
	    state, q->class ? q->class : class, (int)prio);
	if (running) {
		e = task_ran_for(r->k, task, q->now, &ns);
		put_since(r, e, ns);
		put(r->out, " %14s", "-");
	} else {
		put(r->out, "%14s ", "-");
		e = task_queued_for(r->k, task, q->now, &ns);
		put_since(r, e, ns);
	}
	put_group(&group, r->k, task);
	put(r->out, " %20s  %-24s ", key, group.data ? group.data : "?");
	put_escaped(r->out, name, strlen(name), "");
	put_str(r->out, "\n");
	return e == -EINTR ? e : 0;
}

static int put_queued(void *arg, const struct queued *q)
{
	struct queue *queue = arg;
	char key[24];

	queue->n++;
	snprintf(key, sizeof(key), "%lu", q->key);
	return put_task(queue, q->task, strcmp(queue->class, "rt") != 0 && q->key ? key : "-",
			false);
}

static int put_class(struct queue *q, uint64_t rq, enum sched_class class)
{
	static const char *const names[NR_SCHED_CLASSES] = { "dl", "rt", "fair", "ext" };
	int e;

	q->class = names[class];
	q->n = 0;
	e = runqueue_each(q->r->k, rq, class, put_queued, q);
	if (e >= 0 || e == -EINTR)
		return e;
	put(q->r->out, "!! cpu %zu: %s: %s\n", q->cpu, q->class, why());
	return 0;
}

/* What it counts and what was found may differ in a queue that was being changed. */
static void check_fair(struct queue *q, uint64_t rq, const char *current)
{
	uint64_t counted, found = q->n + !strcmp(current, "fair");

	if (runqueue_count(q->r->k, rq, SCHED_CLASS_FAIR, &counted) >= 0 && counted != found)
		put(q->r->out, "!! cpu %zu: fair: the queue counts %lu, %lu were found\n", q->cpu,
		    counted, found);
}

static int put_cpu(struct render *r, size_t cpu, uint64_t now)
{
	struct queue q = { .r = r, .cpu = cpu, .now = now };
	char class[SCHED_CLASS_NAME] = "?";
	uint64_t rq, task;
	int e = cpu_rq(r->k, cpu, &rq);

	if (e >= 0)
		e = cpu_current(r->k, cpu, &task);
	if (e < 0) {
		put(r->out, "!! cpu %zu: %s\n", cpu, why());
		return e == -EINTR ? e : 0;
	}
	if (task_sched_class(r->k, task, class) < 0)
		strcpy(class, "?");
	e = put_task(&q, task, "-", true);
	for (enum sched_class c = 0; e >= 0 && c < NR_SCHED_CLASSES; c++) {
		e = put_class(&q, rq, c);
		if (e >= 0 && c == SCHED_CLASS_FAIR)
			check_fair(&q, rq, class);
	}
	return e;
}

int gen_runqueues(struct render *r)
{
	const struct cpus *cpus;
	uint64_t now;
	int e = cpus_get(r->k, &cpus);

	if (e >= 0)
		e = sched_now(r->k, &now);
	if (e < 0)
		return e;
	put(r->out, "%5s  %-16s %7s  %s %-5s %4s %14s %14s %20s  %-24s %s\n", "CPU", "TASK", "PID",
	    "ST", "CLASS", "PRIO", "RUNS", "WAITS", "KEY", "GROUP", "COMM");
	for (size_t cpu = 0; e >= 0 && cpu < cpus->nr; cpu++)
		if (cpu_is_in(&cpus->possible, cpu))
			e = put_cpu(r, cpu, now);
	return e;
}
