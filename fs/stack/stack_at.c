/* Whose stack an address lies on, and in which frame. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/stack/stack_text.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/stack.h"
#include "kernel/fields.h"
#include "kernel/task/task.h"

static bool stack_has(const struct stack *s, uint64_t va)
{
	return va >= s->low && va < s->end;
}

static int find_of_task(struct kernel *k, uint64_t va, struct stack_place *ret)
{
	const struct task_list *l;
	int r = tasks_get(k, &l);

	for (size_t i = 0; r >= 0 && i < l->n; i++) {
		if (stack_of_task(k, l->v[i].task, &ret->stack) < 0 || !stack_has(&ret->stack, va))
			continue;
		ret->task = l->v[i].task;
		ret->pid = l->v[i].pid;
		return 0;
	}
	return r < 0 ? r : fail(-ENOENT, "%#lx is on no task's stack", va);
}

/* Those that a CPU changes to in interrupts and exceptions. */
static int find_of_cpu(struct kernel *k, uint64_t va, struct stack_place *ret)
{
	const struct cpus *cpus;
	int r = cpus_get(k, &cpus);

	for (size_t cpu = 0; r >= 0 && cpu < cpus->nr; cpu++) {
		struct stack stacks[STACKS_MAX];
		size_t n = 0;

		if (!cpu_is_in(&cpus->possible, cpu))
			continue;
		stacks_of_cpu(k, cpu, stacks, &n);
		for (size_t i = 0; i < n; i++) {
			if (!stack_has(&stacks[i], va))
				continue;
			*ret = (struct stack_place){ .cpu = cpu, .stack = stacks[i] };
			return 0;
		}
	}
	return r < 0 ? r : fail(-ENOENT, "%#lx is on no CPU's stack", va);
}

int stack_find(struct kernel *k, uint64_t va, struct stack_place *ret)
{
	int r;

	*ret = (struct stack_place){ 0 };
	r = find_of_task(k, va, ret);
	return r == -EINTR || r == -ENOMEM || r >= 0 ? r : find_of_cpu(k, va, ret);
}

/* The lowest byte of a frame: above the return address into it, or what was on top of the stack when it
 * was interrupted or went to sleep. */
static uint64_t bottom_of(const struct unwind *u, const struct frame *f)
{
	if ((f->regs || f->source == FRAME_START) && cursor_knows(&u->c, u->arch->sp))
		return u->c.reg[u->arch->sp];
	return f->at + 8;
}

/* What a task saved when it went to sleep lies below its first frame. */
static bool is_saved_by_sleeper(const struct unwind *u, const struct stack_place *p, uint64_t va)
{
	uint64_t sp;

	return p->task && field_u64(u->words.k, p->task, F_task_thread_sp, &sp) >= 0 &&
	       stack_has(&p->stack, sp) && va >= sp;
}

static void put_frame(struct strbuf *out, struct kernel *k, const struct frame *f, uint64_t bottom)
{
	put_str(out, f->guess ? "? " : "");
	put_module(out, put_code(out, k, f->pc, f->signal));
	/* Where it was interrupted is among the registers, not by itself; so is where arm64 sleeps. */
	if (f->at && !f->regs && f->at < bottom)
		put(out, ", whose address is at [%lx]", f->at);
}

int put_frame_at(struct strbuf *out, struct kernel *k, const struct stack_place *p, uint64_t va)
{
	struct frame f, in = { 0 };
	uint64_t bottom, in_bottom = 0;
	bool is_in = false;
	struct unwind u;
	int r = p->task ? unwind_task(&u, k, p->task) : unwind_cpu(&u, k, p->cpu);

	while (r >= 0 && (r = unwind_next(&u, &f)) > 0) {
		bottom = f.user ? p->stack.end : bottom_of(&u, &f);
		if (!f.user && (bottom < p->stack.low || bottom > p->stack.end))
			continue;
		if (va < bottom && !is_in && !f.user) {
			put_str(out,
				f.source == FRAME_START && !f.regs && is_saved_by_sleeper(&u, p, va)
					? "what it saved when it went to sleep"
					: "none: it is not in use");
			return 0;
		}
		if (va < bottom && is_in) {
			put_frame(out, k, &in, in_bottom);
			put_str(out, f.regs ? ", with the registers that were saved there" : "");
			return 0;
		}
		in = f;
		in_bottom = bottom;
		is_in = !f.user;
	}
	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (is_in)
		put_frame(out, k, &in, in_bottom);
	else
		put_str(out, "unknown");
	return 0;
}
