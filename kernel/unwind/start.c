/* Where to begin. A kernel that dies goes on after it has saved its registers: into machine_kexec(), or
 * to wait in an NMI. How it came there is on its stacks too, and tells more. */
#include <errno.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/stack.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"
#include "kernel/unwind/code.h"
#include "kernel/unwind/guess.h"

/* The functions that a CPU does not leave any more; an arm64's saves its registers and parks in what handles
 * the interrupt that stopped it. */
static const char *const last[] = { "machine_kexec", "crash_nmi_callback", "kdump_nmi_callback",
				    "stop_this_cpu", "ipi_cpu_crash_stop", "do_handle_IPI",
				    "ipi_handler" };

static bool in_same_function(struct kernel *k, uint64_t pc, uint64_t other)
{
	struct symbol a, b;

	return symbol_at(k, pc, &a) == 0 && symbol_at(k, other, &b) == 0 && a.addr == b.addr;
}

/* May @c be of the frame in which the registers were saved? Where frames have records their own tells, for
 * how far below it the stack goes is not known. */
static bool same_frame(const struct unwind *u, const struct cursor *c, const struct cursor *saved)
{
	uint64_t is = c->reg[u->arch->sp], was = saved->reg[u->arch->sp];

	if (u->arch->records)
		return c->reg[u->arch->fp] == saved->reg[u->arch->fp];
	return is <= was && unwind_stack(u, is) == unwind_stack(u, was);
}

/* Do the frames from here on come by the state @saved? By an exception with just these registers, or
 * by the function that saved its own. */
static bool comes_by(struct unwind *u, const struct cursor *saved)
{
	uint64_t pc = saved->reg[u->arch->pc], sp = saved->reg[u->arch->sp];
	struct unwind ahead = *u;
	struct frame f;

	while (unwind_try(u) && unwind_next(&ahead, &f) > 0 && !f.guess) {
		const struct cursor *c = &ahead.c;

		if (f.regs && c->reg[u->arch->pc] == pc && c->reg[u->arch->sp] == sp)
			return true;
		if (!f.regs && same_frame(u, c, saved) &&
		    in_same_function(u->words.k, f.pc - 1, pc))
			return true;
	}
	return false;
}

/* Do the frames from here on lead to an end, without one that was searched for? */
static bool leads_to_an_end(struct unwind *u)
{
	struct unwind ahead = *u;
	struct frame f = { 0 };
	int r = 1;

	ahead.guess = false;
	while (r > 0 && !f.guess && unwind_try(u))
		r = unwind_next(&ahead, &f);
	return r == 0;
}

/* A return address within @function on @stack, from which the frames come by @saved; when that is not
 * known, lead to an end. */
static bool search(struct unwind *u, const struct stack *stack, const struct symbol *function,
		   const struct cursor *saved)
{
	for (uint64_t at = stack->low; at + 8 <= stack->end; at += 8) {
		struct cursor c;
		uint64_t pc, target;

		if (words_read(&u->words, at, &pc) < 0)
			return false;
		if (u->arch->strip)
			pc = u->arch->strip(u->words.k, pc);
		if (pc <= function->addr || pc > function->addr + function->size ||
		    guess_return(u, at, &c, &target) < 0)
			continue;
		u->c = c;
		if (saved ? comes_by(u, saved) : leads_to_an_end(u))
			return true;
	}
	return false;
}

static bool search_last(struct unwind *u, const struct cursor *saved)
{
	const struct cursor was = u->c;
	struct symbol function;

	for (size_t f = 0; f < sizeof(last) / sizeof(last[0]); f++) {
		if (symbol_find(u->words.k, last[f], &function) < 0)
			continue;
		for (size_t i = 0; i < u->nr_stacks; i++)
			if (search(u, &u->stacks[i], &function, saved))
				return true;
	}
	u->c = was;
	return false;
}

static void begin_at_regs(struct unwind *u, const struct regs *regs)
{
	for (size_t i = 0; i < regs->n; i++)
		cursor_set(&u->c, i, regs->reg[i].value);
	u->c.signal = true;
	u->c.at = u->c.reg[u->arch->sp];
}

/* Nothing says where it stood: what is found on its stacks may be old. */
static int begin_at_nothing(struct unwind *u)
{
	bool sure;
	int r;

	u->guess = true;
	if (search_last(u, NULL))
		return 0;
	cursor_set(&u->c, u->arch->sp, u->stacks[0].low);
	r = guess_scan(u, &u->c, &sure);
	u->source = FRAME_SCAN;
	return r < 0 ? r : 0;
}

int unwind_cpu(struct unwind *u, struct kernel *k, size_t cpu)
{
	enum regs_source source;
	struct regs regs;
	struct cursor saved;
	uint64_t task;
	int r = cpu_current(k, cpu, &task);

	if (r >= 0)
		r = unwind_begin(u, k, task);
	if (r >= 0)
		r = stack_of_task(k, task, &u->stacks[0]);
	if (r < 0)
		return r;
	u->nr_stacks = 1;
	stacks_of_cpu(k, cpu, u->stacks, &u->nr_stacks);
	if (regs_of_cpu(k, cpu, &regs, &source) < 0)
		return begin_at_nothing(u);
	begin_at_regs(u, &regs);
	/* A note that nobody filled. */
	if (!u->c.reg[u->arch->pc] && !u->c.reg[u->arch->sp]) {
		u->c = (struct cursor){ 0 };
		return begin_at_nothing(u);
	}
	saved = u->c;
	if (source != REGS_CRASH_NOTES || !search_last(u, &saved))
		u->user = u->regs = u->arch->is_user(&u->c);
	return 0;
}

int unwind_task(struct unwind *u, struct kernel *k, uint64_t task)
{
	uint64_t cpu, current;
	int r;

	if (task_cpu(k, task, &cpu) >= 0 && cpu_current(k, cpu, &current) >= 0 && current == task)
		return unwind_cpu(u, k, cpu);
	r = unwind_begin(u, k, task);
	if (r >= 0)
		r = stack_of_task(k, task, &u->stacks[0]);
	if (r < 0)
		return r;
	u->nr_stacks = 1;
	return u->arch->asleep(&u->words, &u->c);
}
