/* /stacks: those of all tasks, as they are and folded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/gen.h"
#include "fs/stack/stack_text.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

int gen_stacks_all(struct render *r)
{
	const struct task_list *l;
	int e = tasks_get_some(r->k, &l);

	for (size_t i = 0; e >= 0 && i < l->n; i++) {
		e = put_stack(r->out, r->k, l->v[i].task);
		if (e < 0 && e != -EINTR && e != -ENOMEM) {
			put(r->out, "!! %s\n", why());
			e = 0;
		}
		put_str(r->out, i + 1 < l->n ? "\n" : "");
	}
	return e;
}

/* A frame as far as two stacks may have it in common. */
struct stop {
	uint64_t pc;
	bool signal, guess, user, interrupted;
};

struct task_stack {
	const struct stop *steps; /* once all are gathered */
	size_t first, n;
	uint32_t pid;
	char state;
	char comm[TASK_COMM_LEN];
	bool broken; /* it goes on, nobody knows where */
};

struct task_stacks {
	struct task_stack *v;
	size_t n;
	struct stop *steps;
	size_t nr_steps, room;
};

static void task_stacks_fini(struct task_stacks *s)
{
	free(s->v);
	free(s->steps);
}

static int add_step(struct task_stacks *s, const struct frame *f)
{
	if (s->nr_steps == LIMIT_STACK_FRAMES)
		return fail(-ELOOP, "more than %u frames", LIMIT_STACK_FRAMES);
	if (s->nr_steps == s->room) {
		size_t room = s->room ? 2 * s->room : 4096;
		struct stop *steps = realloc(s->steps, room * sizeof(*steps));

		if (!steps)
			return fail(-ENOMEM, "%zu frames", room);
		s->steps = steps;
		s->room = room;
	}
	/* Registers of user space are each task's own. */
	s->steps[s->nr_steps++] = (struct stop){
		.pc = f->user ? 0 : f->pc,
		.signal = f->signal,
		.guess = f->guess,
		.user = f->user,
		.interrupted = f->regs,
	};
	return 0;
}

/* What cannot be read of one task is left out; an error is one of our own. */
static int add_stack(struct task_stacks *s, struct kernel *k, const struct task_entry *task)
{
	struct task_stack *t = &s->v[s->n];
	struct unwind u;
	struct frame f;
	int e;

	*t = (struct task_stack){ .first = s->nr_steps, .pid = task->pid, .state = task->state };
	if (task_comm(k, task->task, t->comm) < 0)
		t->comm[0] = 0;
	e = unwind_task(&u, k, task->task);
	if (e == -ENOENT)
		return 0;
	while (e >= 0 && (e = unwind_next(&u, &f)) > 0)
		e = add_step(s, &f);
	if (e == -ENOMEM || e == -EINTR)
		return e;
	t->broken = e < 0;
	t->n = s->nr_steps - t->first;
	s->n++;
	return 0;
}

static int gather(struct kernel *k, struct task_stacks *s)
{
	const struct task_list *l;
	int e = tasks_get_some(k, &l);

	if (e < 0)
		return e;
	s->v = calloc(l->n ? l->n : 1, sizeof(*s->v));
	if (!s->v)
		return fail(-ENOMEM, "%zu stacks", l->n);
	for (size_t i = 0; e >= 0 && i < l->n; i++)
		e = add_stack(s, k, &l->v[i]);
	for (size_t i = 0; i < s->n; i++)
		s->v[i].steps = s->steps + s->v[i].first;
	return e;
}

static int compare_steps(const struct stop *a, const struct stop *b)
{
	if (a->pc != b->pc)
		return a->pc < b->pc ? -1 : 1;
	if (a->user != b->user)
		return a->user - b->user;
	if (a->interrupted != b->interrupted)
		return a->interrupted - b->interrupted;
	if (a->signal != b->signal)
		return a->signal - b->signal;
	return a->guess - b->guess;
}

static int compare_stacks(const struct task_stack *x, const struct task_stack *y)
{
	int order = 0;

	for (size_t i = 0; !order && i < x->n && i < y->n; i++)
		order = compare_steps(&x->steps[i], &y->steps[i]);
	if (!order && x->n != y->n)
		order = x->n < y->n ? -1 : 1;
	return order ? order : x->broken - y->broken;
}

static int by_stack(const void *a, const void *b)
{
	const struct task_stack *x = a, *y = b;
	int order = compare_stacks(x, y);

	return order ? order : x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Neighbours that stand at the same place. */
struct group {
	const struct task_stack *v;
	size_t n;
};

static int by_size(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return by_stack(x->v, y->v);
}

static struct group *group(struct task_stacks *s, size_t *ret_n)
{
	struct group *groups = calloc(s->n ? s->n : 1, sizeof(*groups));
	size_t n = 0;

	if (!groups)
		return NULL;
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), by_stack);
	for (size_t i = 0; i < s->n; i++) {
		if (!n || compare_stacks(&s->v[i - 1], &s->v[i]))
			groups[n++].v = &s->v[i];
		groups[n - 1].n++;
	}
	if (n)
		qsort(groups, n, sizeof(*groups), by_size);
	*ret_n = n;
	return groups;
}

static int by_name(const void *a, const void *b)
{
	const struct task_stack *const *x = a, *const *y = b;

	return strncmp((*x)->comm, (*y)->comm, sizeof((*x)->comm));
}

/* "bash" 3, "load" 1 */
static void put_names(struct strbuf *out, const struct task_stack **sorted, size_t n)
{
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 0, times = 1; i < n; i++, times++) {
		const char *comm = sorted[i]->comm;

		if (i + 1 < n && !strncmp(comm, sorted[i + 1]->comm, TASK_COMM_LEN))
			continue;
		put_str(out, "\"");
		put_escaped(out, comm, strnlen(comm, TASK_COMM_LEN), "\"");
		put(out, "\" %zu%s", times, i + 1 < n ? ", " : "\n");
		times = 0;
	}
}

/* S 10, D 2 */
static void put_states(struct strbuf *out, const struct group *g)
{
	size_t times[128] = { 0 };
	const char *comma = "";

	for (size_t i = 0; i < g->n; i++)
		times[g->v[i].state & 127]++;
	for (int c = 0; c < 128; c++) {
		if (!times[c])
			continue;
		put(out, "%s%c %zu", comma, c, times[c]);
		comma = ", ";
	}
}

static int put_step(struct strbuf *out, struct kernel *k, const struct stop *s, unsigned int *calls)
{
	struct symbol symbol = { 0 };
	const char *module;
	LINES(l);
	int e = look_up_lines(k, s->pc, s->signal, &l);

	if (l && l->n > 1)
		symbol_at(k, s->signal ? s->pc : s->pc - 1, &symbol);
	for (size_t i = 0; l && i + 1 < l->n; i++, ++*calls) {
		put(out, "%s#%u ", *calls < 10 ? " " : "", *calls);
		put_inlined(out, l, i, 0, symbol.module);
	}
	if (s->interrupted)
		put(out, "    [exception %s: ", name_of_pc(k));
	else
		put(out, "%s#%u %s", *calls < 10 ? " " : "", *calls, s->guess ? "? " : "");
	*calls += !s->interrupted;
	module = put_code(out, k, s->pc, s->signal);
	if (s->interrupted)
		put_str(out, "]");
	put_module(out, module);
	put_line(out, l);
	put_str(out, "\n");
	return e;
}

static int put_steps(struct strbuf *out, struct kernel *k, const struct task_stack *t)
{
	unsigned int calls = 0;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < t->n; i++) {
		if (t->steps[i].user)
			put_str(out, "    (user space)\n");
		else
			e = put_step(out, k, &t->steps[i], &calls);
	}
	if (t->broken)
		put_str(out, "!! not to the end: see the stack of one of them\n");
	return e;
}

static void put_pids(struct strbuf *out, const struct group *g)
{
	put_str(out, "PID:");
	for (size_t i = 0; i < g->n; i++)
		put(out, " %u", g->v[i].pid);
	put_str(out, "\n");
}

static int put_group(struct render *r, const struct group *g)
{
	_free_ const struct task_stack **sorted = calloc(g->n, sizeof(struct task_stack *));

	if (!sorted)
		return fail(-ENOMEM, "%zu tasks", g->n);
	for (size_t i = 0; i < g->n; i++)
		sorted[i] = &g->v[i];
	put(r->out, "COUNT: %zu  STATE: ", g->n);
	put_states(r->out, g);
	put_str(r->out, "  COMMAND: ");
	put_names(r->out, sorted, g->n);
	if (!r->stable)
		put_pids(r->out, g);
	return put_steps(r->out, r->k, g->v);
}

/* By the names of functions, innermost first: where modules lie changes, and how many tasks there are. */
static int by_functions(const void *a, const void *b, void *arg)
{
	const struct task_stack *x = ((const struct group *)a)->v;
	const struct task_stack *y = ((const struct group *)b)->v;
	struct kernel *k = arg;
	int order = 0;

	for (size_t i = 0; !order && i < x->n && i < y->n; i++) {
		struct symbol s = { .name = "" }, t = { .name = "" };

		symbol_at(k, x->steps[i].pc, &s);
		symbol_at(k, y->steps[i].pc, &t);
		order = strcmp(s.name, t.name);
		if (!order && x->steps[i].pc - s.addr != y->steps[i].pc - t.addr)
			order = x->steps[i].pc - s.addr < y->steps[i].pc - t.addr ? -1 : 1;
	}
	if (!order && x->n != y->n)
		order = x->n < y->n ? -1 : 1;
	return order ? order : x->broken - y->broken;
}

int gen_stacks_unique(struct render *r)
{
	__attribute__((cleanup(task_stacks_fini))) struct task_stacks s = { 0 };
	_free_ struct group *groups = NULL;
	size_t n = 0;
	int e = gather(r->k, &s);

	if (e < 0)
		return e;
	groups = group(&s, &n);
	if (!groups)
		return fail(-ENOMEM, "%zu stacks", s.n);
	if (r->stable)
		qsort_r(groups, n, sizeof(*groups), by_functions, r->k);
	for (size_t i = 0; e >= 0 && i < n; i++) {
		e = put_group(r, &groups[i]);
		put_str(r->out, i + 1 < n ? "\n" : "");
	}
	return e;
}

/* "comm;outermost;...;innermost", without what must not stand in a name. */
static void put_folded(struct strbuf *out, struct kernel *k, const struct task_stack *t)
{
	put_escaped(out, t->comm, strnlen(t->comm, TASK_COMM_LEN), "; ");
	for (size_t i = t->n; i-- > 0;) {
		const struct stop *step = &t->steps[i];
		struct symbol s;

		if (step->user)
			continue;
		put_str(out, ";");
		if (symbol_at(k, step->signal ? step->pc : step->pc - 1, &s) < 0)
			put(out, "%#lx", step->pc);
		else
			put_escaped(out, s.name, strlen(s.name), "; ");
	}
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Equal lines become one with their number. */
int gen_stacks_folded(struct render *r)
{
	__attribute__((cleanup(task_stacks_fini))) struct task_stacks s = { 0 };
	_free_ const char **lines = NULL;
	_free_ size_t *starts = NULL;
	STRBUF(text);
	int e = gather(r->k, &s);

	if (e < 0)
		return e;
	lines = calloc(s.n + 1, sizeof(*lines));
	starts = calloc(s.n + 1, sizeof(*starts));
	if (!lines || !starts)
		return fail(-ENOMEM, "%zu stacks", s.n);
	for (size_t i = 0; i < s.n; i++) {
		starts[i] = text.len;
		put_folded(&text, r->k, &s.v[i]);
		put_bytes(&text, "", 1);
	}
	if (text.error)
		return fail(text.error, "%zu stacks", s.n);
	for (size_t i = 0; i < s.n; i++)
		lines[i] = text.data + starts[i];
	qsort(lines, s.n, sizeof(*lines), by_text);
	for (size_t i = 0, times = 1; i < s.n; i++, times++) {
		if (i + 1 < s.n && !strcmp(lines[i], lines[i + 1]))
			continue;
		put(r->out, "%s %zu\n", lines[i], times);
		times = 0;
	}
	return 0;
}
