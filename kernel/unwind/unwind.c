#include "kernel/unwind/unwind.h"

#include <errno.h>
#include <stdio.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/unwind/by_cfi.h"
#include "kernel/unwind/guess.h"

int unwind_arch(struct kernel *k, const struct arch_unwind **ret)
{
	const struct arch *arch;
	int r = kernel_arch(k, &arch);

	if (r < 0)
		return r;
	if (!arch->unwind)
		return fail(-EOPNOTSUPP, "stacks of %s are not supported", arch->name);
	*ret = arch->unwind;
	return 0;
}

int unwind_begin(struct unwind *u, struct kernel *k, uint64_t task)
{
	int r = unwind_arch(k, &u->arch);

	if (r < 0)
		return r;
	u->words.k = k;
	u->words.task = task;
	u->words.page = 0;
	u->words.no_orc = false;
	u->c = (struct cursor){ 0 };
	u->nr_stacks = 0;
	u->frames = u->switches = u->tried = 0;
	u->source = FRAME_START;
	u->guess = u->user = u->regs = u->ended = false;
	return 0;
}

bool unwind_try(struct unwind *u)
{
	if (u->tried >= LIMIT_FRAMES_TRIED || cancelled())
		return false;
	u->tried++;
	return true;
}

const struct stack *unwind_stack(const struct unwind *u, uint64_t va)
{
	for (size_t i = 0; i < u->nr_stacks; i++)
		if (va >= u->stacks[i].low && va < u->stacks[i].end)
			return &u->stacks[i];
	return NULL;
}

/* Frames lie above each other; a stack is left at most once. */
static int check_progress(struct unwind *u, const struct cursor *c)
{
	uint64_t was = u->c.reg[u->arch->sp], is = c->reg[u->arch->sp];
	const struct stack *from = unwind_stack(u, was), *to = unwind_stack(u, is);

	if (from != to && u->switches++ < STACKS_MAX)
		return 0;
	/* What was interrupted may have had no frame yet. */
	if (from != to || is < was || (is == was && !u->c.signal))
		return fail(-ELOOP, "the stack goes from %#lx back to %#lx", was, is);
	return 0;
}

static int accept(struct unwind *u, int step, const struct cursor *c, enum frame_source source)
{
	int r;

	if (step == STEP_END) {
		u->ended = true;
		return 0;
	}
	u->regs = step == STEP_REGS;
	u->user = u->regs && u->arch->is_user(c);
	r = u->user ? 0 : check_progress(u, c);
	if (r < 0)
		return r;
	u->c = *c;
	u->source = source;
	return 1;
}

/* What changes to a stack of its CPU's by call_on_stack(), as in 6.1 and 6.12, leaves its stack pointer in that stack's
 * highest word, and takes it back from there when what it called has returned. ORC knows of that, CFI does not. */
static void change_back(struct unwind *u, struct cursor *c)
{
	const uint64_t sp = c->reg[u->arch->sp];
	const struct stack *on = unwind_stack(u, sp), *to;
	uint64_t back;

	if (!on || !on->name || sp != on->end - 8 || words_read(&u->words, sp, &back) < 0)
		return;
	to = unwind_stack(u, back);
	if (to && to != on)
		cursor_set(c, u->arch->sp, back);
}

/* For code that the kernel's own rules leave out. */
static int step_without_orc(struct unwind *u, struct cursor *c, enum frame_source *ret_source)
{
	int r;

	change_back(u, c);
	r = step_by_cfi(&u->words, u->arch, c);

	*ret_source = FRAME_CFI;
	if (r != -ENOENT || !u->arch->leave_entry)
		return r;
	*ret_source = FRAME_ENTRY;
	return u->arch->leave_entry(&u->words, c);
}

/* The message of a failure is that of the first source: it tells why there had to be others. */
int unwind_by_rule(struct unwind *u)
{
	enum frame_source source = FRAME_RULE;
	struct cursor c = u->c;
	char message[256];
	int r = u->arch->step(&u->words, &c);

	if (r == -ENOENT) {
		snprintf(message, sizeof(message), "%s", why());
		r = step_without_orc(u, &c, &source);
		if (r == -EINTR || r == -ENOMEM)
			return r;
		if (r < 0)
			return fail(-ENOENT, "%s", message);
	}
	return r < 0 ? r : accept(u, r, &c, source);
}

static int guess(struct unwind *u)
{
	struct cursor c;
	bool sure;
	int r = guess_pointer(u, &c);

	if (r >= 0)
		r = accept(u, r, &c, FRAME_POINTER);
	if (r >= 0)
		return r;
	r = guess_scan(u, &c, &sure);
	if (r >= 0)
		r = accept(u, r, &c, FRAME_SCAN);
	u->guess |= r >= 0 && !sure;
	return r;
}

/* The message of a failure is that of the rules: it tells why there had to be a guess. */
static int step(struct unwind *u)
{
	char message[256];
	int r = unwind_by_rule(u);

	if (r >= 0 || r == -EINTR || r == -ENOMEM)
		return r;
	snprintf(message, sizeof(message), "%s", why());
	return guess(u) < 0 ? fail(r, "%s", message) : 1;
}

int unwind_next(struct unwind *u, struct frame *ret)
{
	int r;

	if (u->ended || u->user)
		return 0;
	if (++u->frames > LIMIT_FRAMES)
		return fail(-ELOOP, "no end after %u frames", u->frames - 1);
	if (cancelled())
		return fail(-EINTR, "interrupted");
	if (u->frames > 1) {
		r = step(u);
		if (r <= 0)
			return r;
	}
	*ret = (struct frame){
		.pc = u->c.reg[u->arch->pc],
		.at = u->c.at,
		.stack = unwind_stack(u, u->c.at),
		.source = u->source,
		.signal = u->c.signal,
		.guess = u->guess,
		.user = u->user,
		.regs = u->regs ? &u->c : NULL,
	};
	return 1;
}
