/* The union of all places that lead to tasks. They are gathered one place after the other, with what
 * could not be read told in .problems, then sorted and merged by address, and compared. */
#include <errno.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/lazy.h"
#include "kernel/task/pid.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"
#include "kernel/walk/list.h"

#define PROBLEMS_MAX 100 /* lines: more of them say no more */

struct gathering {
	struct kernel *k;
	struct task_list *l;
	uint8_t where;	 /* that is asked now */
	uint8_t damaged; /* places that did not tell all */
	unsigned int problems;
};

struct tasks {
	struct lazy once;
	struct kernel *kernel;
	struct task_list list;
};

static void fini(struct task_list *l)
{
	free(l->v);
	strbuf_fini(&l->problems);
	*l = (struct task_list){ 0 };
}

struct tasks *tasks_new(struct kernel *k)
{
	struct tasks *ts = calloc(1, sizeof(*ts));

	if (!ts)
		return NULL;
	lazy_init(&ts->once);
	ts->kernel = k;
	return ts;
}

void tasks_free(struct tasks *ts)
{
	if (!ts)
		return;
	lazy_fini(&ts->once);
	fini(&ts->list);
	free(ts);
}

static int read_numbers(struct kernel *k, struct task_entry *e)
{
	uint64_t pid, tgid;
	int r = field_u64(k, e->task, F_task_pid, &pid);

	if (r >= 0)
		r = field_u64(k, e->task, F_task_tgid, &tgid);
	if (r < 0)
		return r;
	e->pid = (uint32_t)pid;
	e->tgid = (uint32_t)tgid;
	if (task_state(k, e->task, &e->state) < 0)
		e->state = '?';
	e->numbered = true;
	return 0;
}

static int add(struct gathering *g, struct task_entry e)
{
	struct task_list *l = g->l;

	if (l->n == LIMIT_TASKS)
		return fail(-ELOOP, "more than %u tasks", LIMIT_TASKS);
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		struct task_entry *v = realloc(l->v, room * sizeof(*v));

		if (!v)
			return fail(-ENOMEM, "%zu tasks", l->n);
		l->v = v;
		l->room = room;
	}
	e.found = g->where;
	/* Its links were just read, and these numbers lie beside them: later that page may have to be
	 * expanded again. What goes wrong is told then. */
	if (g->where == TASK_IN_LIST)
		read_numbers(g->k, &e);
	l->v[l->n++] = e;
	return 0;
}

static int add_task(void *arg, uint64_t task)
{
	return add(arg, (struct task_entry){ .task = task });
}

static int add_pid(void *arg, uint64_t pid)
{
	struct gathering *g = arg;
	uint64_t task;
	int r = pid_task(g->k, pid, &task);

	if (r < 0)
		return r;
	return task ? add_task(g, task) : 0;
}

/* Where to write the next problem; NULL: enough of them. */
static struct strbuf *problem(struct gathering *g)
{
	struct strbuf *out = &g->l->problems;

	if (++g->problems == PROBLEMS_MAX)
		put_str(out, "tasks: and more\n");
	return g->problems < PROBLEMS_MAX ? out : NULL;
}

/* An error of the dump's is a problem of the place; our own ends the gathering. */
static int damage(struct gathering *g, int r)
{
	struct strbuf *out;

	if (r >= 0 || r == -ENOMEM || r == -EINTR)
		return r;
	g->damaged |= g->where;
	out = problem(g);
	if (out)
		put(out, "tasks: %s\n", why());
	return 0;
}

static int gather_threads(struct gathering *g, uint64_t leader)
{
	size_t before = g->l->n;
	int r = task_threads(g->k, leader, add_task, g);

	if (r < 0)
		r = damage(g, within(r, "threads of %#lx", leader));
	/* The leader was met, whatever its list says. */
	return r >= 0 && g->l->n == before ? add_task(g, leader) : r;
}

static int gather_processes(struct gathering *g)
{
	uint64_t init, head, leader;
	struct list_walk w;
	int r = symbol_addr(g->k, "init_task", &init);

	if (r >= 0)
		r = field_addr(g->k, init, F_task_tasks, &head);
	if (r >= 0)
		r = list_begin(&w, g->k, head, F_task_tasks);
	while (r >= 0 && (r = list_next(&w, &leader)) > 0)
		r = gather_threads(g, leader);
	return r < 0 ? within(r, "list of processes") : 0;
}

static int gather_pids(struct gathering *g)
{
	int r = pid_each(g->k, add_pid, g);

	return r < 0 ? within(r, "pids") : 0;
}

static int gather_cpu(struct gathering *g, size_t cpu)
{
	uint64_t task;
	int r = cpu_current(g->k, cpu, &task);

	if (r >= 0)
		r = add(g, (struct task_entry){ .task = task, .running = true });
	if (r >= 0)
		r = cpu_idle(g->k, cpu, &task);
	if (r >= 0)
		r = add(g, (struct task_entry){ .task = task, .cpu = (uint32_t)cpu, .idle = true });
	return r;
}

static int gather_cpus(struct gathering *g)
{
	const struct cpus *c;
	int r = cpus_get(g->k, &c);

	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++)
		if (cpu_is_in(&c->present, cpu))
			r = damage(g, gather_cpu(g, cpu));
	return r;
}

static int gather(struct gathering *g)
{
	static const struct {
		uint8_t where;
		int (*fn)(struct gathering *g);
	} places[] = {
		{ TASK_IN_LIST, gather_processes },
		{ TASK_IN_PIDS, gather_pids },
		{ TASK_ON_CPU, gather_cpus },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int r;

		g->where = places[i].where;
		r = damage(g, places[i].fn(g));
		if (r < 0)
			return r;
	}
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct task_entry *x = a, *y = b;

	return x->task < y->task ? -1 : x->task > y->task;
}

static int by_pid(const void *a, const void *b)
{
	const struct task_entry *x = a, *y = b;

	if (x->idle != y->idle)
		return x->idle ? -1 : 1;
	if (x->idle && x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return by_address(a, b);
}

static void sort(struct task_list *l, int (*order)(const void *, const void *))
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), order);
}

/* Of the same task, found elsewhere. */
static void merge_into(struct task_entry *to, const struct task_entry *e)
{
	to->found |= e->found;
	to->running |= e->running;
	if (e->idle) {
		to->idle = true;
		to->cpu = e->cpu;
	}
	if (e->numbered) {
		to->numbered = true;
		to->pid = e->pid;
		to->tgid = e->tgid;
		to->state = e->state;
	}
}

static void merge(struct task_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct task_entry *last = n ? &l->v[n - 1] : NULL;

		if (!last || last->task != l->v[i].task) {
			l->v[n++] = l->v[i];
			continue;
		}
		merge_into(last, &l->v[i]);
	}
	l->n = n;
}

/* Those whose numbers cannot be read are no tasks. */
static int number(struct gathering *g)
{
	struct task_list *l = g->l;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct task_entry *e = &l->v[i];
		int r = e->numbered ? 0 : read_numbers(g->k, e);

		g->where = e->found;
		if (damage(g, r) < 0)
			return r;
		if (r >= 0)
			l->v[n++] = *e;
	}
	l->n = n;
	return 0;
}

/* A task that is being released has given back its struct pid. */
static bool is_released(struct kernel *k, const struct task_entry *e)
{
	uint64_t pid;

	return task_pid_struct(k, e->task, PID_TASK, &pid) >= 0 && !pid;
}

static void compare(struct gathering *g, const struct task_entry *e)
{
	static const struct {
		uint8_t where;
		const char *name;
	} places[] = {
		{ TASK_IN_LIST, "the list of processes and their threads" },
		{ TASK_IN_PIDS, "the pids" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct strbuf *out;

		if ((e->found | g->damaged) & places[i].where || is_released(g->k, e))
			continue;
		out = problem(g);
		if (out)
			put(out, "tasks: %u at %#lx is not in %s\n", e->pid, e->task,
			    places[i].name);
	}
}

static int make_list(void *arg)
{
	struct tasks *ts = arg;
	struct task_list *l = &ts->list;
	struct gathering g = { .k = ts->kernel, .l = l };
	struct task_entry *fitting;
	int r;

	/* An attempt that was interrupted has left its half. */
	fini(l);
	r = gather(&g);
	if (r < 0)
		return r;
	sort(l, by_address);
	merge(l);
	r = number(&g);
	if (r < 0)
		return r;
	sort(l, by_pid);
	for (size_t i = 0; i < l->n; i++)
		if (!l->v[i].idle)
			compare(&g, &l->v[i]);
	fitting = l->n ? realloc(l->v, l->n * sizeof(*l->v)) : NULL;
	if (fitting) {
		l->v = fitting;
		l->room = l->n;
	}
	return 0;
}

int tasks_get(struct kernel *k, const struct task_list **ret)
{
	struct tasks *ts = kernel_tasks(k);
	int r = lazy_get(&ts->once, make_list, ts);

	if (r < 0)
		return r;
	*ret = &ts->list;
	return 0;
}

int tasks_get_some(struct kernel *k, const struct task_list **ret)
{
	const struct types *ts;
	int r = tasks_get(k, ret);

	if (r < 0 || (*ret)->n)
		return r;
	r = kernel_types(k, &ts);
	return r < 0 ? within(r, "tasks") : fail(-ENODATA, "no task was found: see /dump/problems");
}

int task_problems(struct kernel *k, struct strbuf *out)
{
	const struct task_list *l;
	const struct types *ts;
	int r = kernel_types(k, &ts);

	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (r < 0)
		return 0;
	r = tasks_get(k, &l);
	if (r >= 0)
		put_bytes(out, l->problems.data, l->problems.len);
	return r;
}

/* The first that is not idle and has at least this number. */
static size_t at_least(const struct task_list *l, uint64_t pid)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->v[mid].idle || l->v[mid].pid < pid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* What the pids do not know may be in another place. */
static int find_in_list(struct kernel *k, uint64_t pid, uint64_t *ret)
{
	const struct task_list *l;
	int r = tasks_get(k, &l);
	size_t i;

	if (r < 0)
		return r;
	i = at_least(l, pid);
	if (i == l->n || l->v[i].pid != pid)
		return fail(-ENOENT, "no task %lu", pid);
	*ret = l->v[i].task;
	return 0;
}

int task_find(struct kernel *k, uint64_t pid, uint64_t *ret)
{
	uint64_t at, task, number;

	if (pid_find(k, pid, &at) >= 0 && pid_task(k, at, &task) >= 0 && task &&
	    field_u64(k, task, F_task_pid, &number) >= 0 && number == pid) {
		*ret = task;
		return 0;
	}
	return find_in_list(k, pid, ret);
}
