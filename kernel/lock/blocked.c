#include "kernel/lock/blocked.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/sched/clock.h"
#include "kernel/task/task.h"

struct gather {
	struct kernel *k;
	struct rings *rings;
	struct blocked_list l;
	uint64_t now;
	bool has_now;
};

static int add(struct gather *g, uint64_t task, uint32_t pid)
{
	struct blocked b = { .task = task, .pid = pid, .next = BLOCKED_NONE };
	struct blocked_list *l = &g->l;
	int r = cancelled() ? fail(-EINTR, "interrupted")
			    : task_wait(g->k, task, g->rings, &b.wait);

	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (r < 0)
		put(&l->problems, "%u %#lx: %s\n", pid, task, why());
	r = g->has_now ? task_off_cpu(g->k, task, g->now, &b.ns) : -ENODATA;
	if (r == -EINTR)
		return r;
	b.is_old = r >= 0;
	if (l->all == l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		struct blocked *v = realloc(l->v, room * sizeof(*v));

		if (!v)
			return fail(-ENOMEM, "blocked tasks");
		l->v = v;
		l->room = room;
	}
	l->v[l->all++] = b;
	return 0;
}

/* Longest first; those of which it is not known last. */
static int by_age(const void *a, const void *b)
{
	const struct blocked *x = a, *y = b;

	if (x->is_old != y->is_old)
		return x->is_old ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

struct spot {
	uint64_t task;
	size_t at;
};

static int by_task(const void *a, const void *b)
{
	const struct spot *x = a, *y = b;

	return (x->task > y->task) - (x->task < y->task);
}

static size_t find(const struct blocked_list *l, const struct spot *sorted, uint64_t task)
{
	const struct spot key = { .task = task };
	const struct spot *p = l->n ? bsearch(&key, sorted, l->n, sizeof(key), by_task) : NULL;

	if (p)
		return p->at;
	for (size_t i = l->n; i < l->all; i++)
		if (l->v[i].task == task)
			return i;
	return BLOCKED_NONE;
}

/* An owner that sleeps in another way may wait for one of these, too. */
static int add_owner(struct gather *g, uint64_t task)
{
	uint64_t pid;
	char state;
	int r = task_state(g->k, task, &state);

	if (r >= 0 && state != 'S' && state != 'I')
		return 0;
	if (r >= 0)
		r = field_u64(g->k, task, F_task_pid, &pid);
	return r >= 0 ? add(g, task, (uint32_t)pid) : r == -EINTR ? r : 0;
}

static int link_owners(struct gather *g)
{
	struct blocked_list *l = &g->l;
	struct spot *sorted = calloc(l->n + 1, sizeof(*sorted));
	int r = sorted ? 0 : fail(-ENOMEM, "blocked tasks");

	for (size_t i = 0; r >= 0 && i < l->n; i++)
		sorted[i] = (struct spot){ l->v[i].task, i };
	if (r >= 0)
		qsort(sorted, l->n, sizeof(*sorted), by_task);
	for (size_t i = 0; r >= 0 && i < l->all; i++) {
		uint64_t owner = l->v[i].wait.owner;

		if (!owner)
			continue;
		l->v[i].next = find(l, sorted, owner);
		if (l->v[i].next != BLOCKED_NONE)
			continue;
		r = add_owner(g, owner);
		if (r >= 0)
			l->v[i].next = find(l, sorted, owner);
	}
	free(sorted);
	return r;
}

/* Each has one owner at most: a walk from anywhere ends, comes to where another walk was, or is in a
 * ring. */
static int mark_rings(struct blocked_list *l)
{
	size_t *walk = calloc(l->all + 1, sizeof(*walk)); /* that came here, from 1 */

	if (!walk)
		return fail(-ENOMEM, "blocked tasks");
	for (size_t start = 0; start < l->all; start++) {
		size_t at = start, first;

		for (; at != BLOCKED_NONE && !walk[at]; at = l->v[at].next)
			walk[at] = start + 1;
		if (at == BLOCKED_NONE || walk[at] != start + 1)
			continue;
		first = at;
		for (size_t i = l->v[at].next; i != at; i = l->v[i].next)
			if (l->v[i].pid < l->v[first].pid)
				first = i;
		l->v[first].is_first = true;
	}
	free(walk);
	return 0;
}

static int gather(struct gather *g)
{
	const struct task_list *tasks;
	int r = tasks_get(g->k, &tasks);

	for (size_t i = 0; r >= 0 && i < tasks->n; i++)
		if (tasks->v[i].state == 'D' && !tasks->v[i].idle)
			r = add(g, tasks->v[i].task, tasks->v[i].pid);
	g->l.n = g->l.all;
	if (r >= 0 && g->l.n)
		qsort(g->l.v, g->l.n, sizeof(*g->l.v), by_age);
	if (r >= 0)
		r = link_owners(g);
	return r >= 0 ? mark_rings(&g->l) : r;
}

int blocked_get(struct kernel *k, struct blocked_list *ret)
{
	struct gather g = { .k = k, .rings = rings_new(k) };
	int r = g.rings ? 0 : fail(-ENOMEM, "blocked tasks");

	g.has_now = sched_now(k, &g.now) >= 0;
	if (r >= 0)
		r = gather(&g);
	rings_free(g.rings);
	if (r < 0)
		blocked_free(&g.l);
	else
		*ret = g.l;
	return r;
}

void blocked_free(struct blocked_list *l)
{
	free(l->v);
	strbuf_fini(&l->problems);
	*l = (struct blocked_list){ 0 };
}
