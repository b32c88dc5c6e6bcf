#include "kernel/unwind/guess.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/code.h"

int guess_return(struct unwind *u, uint64_t at, struct cursor *ret, uint64_t *ret_target)
{
	struct cursor c = { .at = at };
	uint64_t pc, fp;
	int r = words_read(&u->words, at, &pc);

	if (r >= 0 && u->arch->strip)
		pc = u->arch->strip(u->words.k, pc);
	if (r >= 0)
		r = code_call_before(u->words.k, pc, ret_target);
	if (r < 0)
		return r;
	cursor_set(&c, u->arch->pc, pc);
	cursor_set(&c, u->arch->sp, at + 8);
	if (u->arch->records && words_read(&u->words, at - 8, &fp) >= 0)
		cursor_set(&c, u->arch->fp, fp);
	else if (!u->arch->records && cursor_knows(&u->c, u->arch->fp))
		cursor_set(&c, u->arch->fp, u->c.reg[u->arch->fp]);
	*ret = c;
	return STEP_CALL;
}

/* Does this code, of which there are no rules, keep frame pointers? A kernel without any rules does,
 * and so does what it makes at run time: its compiler of BPF, its trampolines. */
static bool keeps_pointers(struct unwind *u)
{
	const struct code_region *region;
	uint64_t pc = u->c.reg[u->arch->pc] - !u->c.signal;

	return code_at(u->words.k, pc, &region) < 0 || !region->orc.n;
}

/* It was interrupted where its frame pointer is not that of its own frame: not yet, or no more. */
static int leave_frameless(struct unwind *u, struct cursor *ret)
{
	uint64_t pc = u->c.reg[u->arch->pc], above, target;
	struct symbol s;
	int r;

	if (!u->c.signal || !u->arch->frameless || symbol_at(u->words.k, pc, &s) < 0)
		return -ENOENT;
	r = u->arch->frameless(u->words.k, s.addr, pc, &above);
	return r < 0 ? r : guess_return(u, u->c.reg[u->arch->sp] + above, ret, &target);
}

int guess_pointer(struct unwind *u, struct cursor *ret)
{
	const struct stack *stack = unwind_stack(u, u->c.reg[u->arch->sp]);
	uint64_t fp = u->c.reg[u->arch->fp], next, target;
	int r;

	if (u->arch->records)
		return fail(-ENOENT, "the rules have followed the frame pointer");
	if (stack && keeps_pointers(u) && leave_frameless(u, ret) >= 0)
		return STEP_CALL;
	if (!cursor_knows(&u->c, u->arch->fp) || !stack || fp < u->c.reg[u->arch->sp] ||
	    fp >= stack->end || !keeps_pointers(u))
		return fail(-ENOENT, "%#lx is no frame pointer", fp);
	/* The entry code marks registers that it saved by the lowest bit: 946c191161ce (v4.9). */
	if (fp & 1)
		return cursor_from_pt_regs(&u->words, u->arch, fp - 1, ret) < 0 ? -ENOENT
										: STEP_REGS;
	r = words_read(&u->words, fp, &next);
	if (r >= 0)
		r = guess_return(u, fp + 8, ret, &target);
	if (r >= 0)
		cursor_set(ret, u->arch->fp, next);
	return r;
}

/* Do the rules lead from @c to the end of a stack? */
static bool leads_to_an_end(struct unwind *u, const struct cursor *c)
{
	struct unwind ahead = *u;
	int r;

	ahead.c = *c;
	do {
		if (!unwind_try(u))
			return false;
		r = ahead.user ? 0 : unwind_by_rule(&ahead);
	} while (r > 0);
	return r == 0;
}

/* "foo" and "foo.cold" are one function in two places. */
static bool same_function(struct kernel *k, uint64_t pc, uint64_t target)
{
	struct symbol a, b;
	size_t n;

	if (symbol_at(k, pc, &a) < 0 || symbol_at(k, target, &b) < 0)
		return false;
	n = strcspn(a.name, ".");
	return n == strcspn(b.name, ".") && !strncmp(a.name, b.name, n);
}

#define WEIGHT_MAX 4

/* How much speaks for it: 4: it is behind a call of the very function that is to be left, and the rules
 * go on from there; 3: they do not, as when they count from a register that nobody knows any more; 2: it
 * is behind another call, and the rules lead to the end of a stack; 1: they do not. */
static int weigh(struct unwind *u, const struct cursor *c, uint64_t target)
{
	struct unwind ahead = *u;
	uint64_t pc = u->c.reg[u->arch->pc] - !u->c.signal;

	ahead.c = *c;
	if (target && same_function(u->words.k, pc, target))
		return unwind_by_rule(&ahead) >= 0 ? WEIGHT_MAX : 3;
	return leads_to_an_end(u, c) ? 2 : 1;
}

int guess_scan(struct unwind *u, struct cursor *ret, bool *ret_sure)
{
	uint64_t sp = (u->c.reg[u->arch->sp] + 7) & ~7ull, target;
	const struct stack *stack = unwind_stack(u, sp);
	int best = 0;

	if (!stack)
		return fail(-ENOENT, "%#lx is on no stack", sp);
	for (uint64_t at = sp; best < WEIGHT_MAX && at + 8 <= stack->end; at += 8) {
		struct cursor c;
		int weight;

		if (guess_return(u, at, &c, &target) < 0)
			continue;
		weight = weigh(u, &c, target);
		if (weight <= best)
			continue;
		best = weight;
		*ret = c;
	}
	*ret_sure = best >= 3;
	return best ? STEP_CALL : fail(-ENOENT, "no return address above %#lx", sp);
}
