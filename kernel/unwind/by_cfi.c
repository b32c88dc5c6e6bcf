#include "kernel/unwind/by_cfi.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/debug/cfi.h"
#include "kernel/unwind/code.h"
#include "kernel/unwind/recover.h"

/* What an expression is evaluated with. */
struct state {
	struct words *w;
	const struct arch_unwind *a;
	const struct cursor *c;
	uint64_t cfa;
};

static int read_reg(void *arg, uint8_t dwarf, uint64_t *ret)
{
	const struct state *s = arg;
	uint8_t reg;

	if (dwarf == CFI_CFA) {
		*ret = s->cfa;
		return 0;
	}
	reg = dwarf < s->a->nr_dwarf ? s->a->dwarf[dwarf] : DWARF_NONE;
	if (reg == DWARF_NONE || !cursor_knows(s->c, reg))
		return fail(-EBADMSG,
			    "call frame information counts from a register that is not known");
	*ret = s->c->reg[reg];
	return 0;
}

static int read_word(void *arg, uint64_t va, uint64_t *ret)
{
	const struct state *s = arg;

	return words_read(s->w, va, ret);
}

/* Is the register the caller's own? Where the rules of a function do not say so the ABI does, of which
 * libdw 0.188 has another idea: it takes rax for rbx. */
static bool is_same(const struct arch_unwind *a, const struct cfi_rule *rule, uint8_t dwarf)
{
	bool kept = a->dwarf_kept >> dwarf & 1;

	return rule->reg[dwarf].kind == CFI_SAME ? kept || rule->signal
						 : kept && rule->reg[dwarf].kind == CFI_UNDEFINED;
}

/* The caller's registers; those that cannot be had are not known. */
static int restore(struct state *s, const struct cfi_rule *rule, struct cursor *ret)
{
	const struct cfi_reader reader = { read_reg, read_word, s };

	for (uint8_t i = 0; i < s->a->nr_dwarf && i < CFI_REGS; i++) {
		const struct cfi_value *v = &rule->reg[i];
		uint8_t reg = s->a->dwarf[i];
		uint64_t value, at = 0;

		if (reg == DWARF_NONE)
			continue;
		if (is_same(s->a, rule, i) && cursor_knows(s->c, reg))
			cursor_set(ret, reg, s->c->reg[reg]);
		if (v->kind == CFI_SAME || v->kind == CFI_UNDEFINED)
			continue;
		if (cfi_value(v, &reader, &value, &at) < 0)
			continue;
		cursor_set(ret, reg, value);
		if (i == rule->pc)
			ret->at = at;
	}
	/* A frame ends where its caller's begins. */
	if (!cursor_knows(ret, s->a->sp))
		cursor_set(ret, s->a->sp, s->cfa);
	return 0;
}

/* Rules of entry code, which kernels had until v4.1, lead to user space, and of a thread of the kernel to 0.
 * -ENOENT: where the registers are is to be found otherwise. */
static int leave_kernel(struct state *s, uint64_t pc, struct cursor *c)
{
	struct cursor regs;
	int r = -ENOENT;

	if (pc && c->at && s->a->regs_around)
		r = s->a->regs_around(s->w, c->at, &regs);
	if (r < 0 || !s->a->is_user(&regs) || regs.reg[s->a->pc] != pc)
		return fail(-ENOENT, "%#lx, found at %#lx, is not of the kernel", pc, c->at);
	*c = regs;
	return STEP_REGS;
}

static int leave_call(struct state *s, const struct cfi_rule *rule, struct cursor *c)
{
	const uint8_t ra = rule->pc < s->a->nr_dwarf ? s->a->dwarf[rule->pc] : DWARF_NONE;
	const struct code_region *region;
	uint64_t pc;

	if (ra == DWARF_NONE || !cursor_knows(c, ra))
		return fail(-ENOENT, "the return address is not to be had");
	pc = c->reg[ra];
	/* What the callee had in a register of its own is lost to the caller. */
	if (ra != s->a->pc)
		c->known &= ~(1ull << ra);
	if (s->a->strip)
		pc = s->a->strip(s->w->k, pc);
	pc = recover_return(s->w->k, s->w->task, pc, s->a->records ? c->reg[s->a->fp] : c->at);
	if (!(pc >> 63))
		return leave_kernel(s, pc, c);
	if (code_at(s->w->k, rule->signal ? pc : pc - 1, &region) < 0)
		return fail(-EBADMSG, "%#lx, found at %#lx, is no code", pc, c->at);
	cursor_set(c, s->a->pc, pc);
	c->signal = rule->signal;
	return STEP_CALL;
}

int step_by_cfi(struct words *w, const struct arch_unwind *a, struct cursor *c)
{
	struct state s = { .w = w, .a = a, .c = c };
	const struct cfi_reader reader = { read_reg, read_word, &s };
	struct cursor new = { .at = 0 };
	struct cfi_rule rule;
	int r;

	if (!a->dwarf)
		return fail(-ENOENT, "no call frame information of this architecture");
	r = cfi_find(w->k, c->signal ? c->reg[a->pc] : c->reg[a->pc] - 1, &rule);
	if (r < 0)
		return r;
	if (rule.reg[rule.pc].kind == CFI_UNDEFINED)
		return STEP_END;
	r = cfi_frame(&rule, &reader, &s.cfa);
	if (r >= 0)
		r = restore(&s, &rule, &new);
	if (r < 0)
		return r;
	/* What was interrupted left all its registers, and more than this tells of. */
	if (rule.signal && new.at && a->regs_around) {
		r = a->regs_around(w, new.at, &new);
		if (r >= 0) {
			*c = new;
			return r;
		}
	}
	r = leave_call(&s, &rule, &new);
	if (r >= 0)
		*c = new;
	return r;
}
