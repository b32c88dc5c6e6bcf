/* How to unwind on x86_64: carries out the rules of ORC, as the kernel's unwind_orc.c does. */
#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/arch/x86_64.h"
#include "kernel/fields.h"
#include "kernel/unwind/code.h"
#include "kernel/unwind/machine.h"
#include "kernel/unwind/orc.h"
#include "kernel/unwind/recover.h"

/* In crash's order, that of x86_pt_regs[] below. */
enum {
	RIP,
	RSP,
	RFLAGS,
	RAX,
	RBX,
	RCX,
	RDX,
	RSI,
	RDI,
	RBP,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	ORIG_RAX,
	CS,
	SS,
};

#define REG(name, index)           \
	{                          \
#name, 8 * (index) \
	}

static const struct arch_reg x86_pt_regs[] = {
	REG(RIP, 16),	   REG(RSP, 19), REG(RFLAGS, 18), REG(RAX, 10), REG(RBX, 5), REG(RCX, 11),
	REG(RDX, 12),	   REG(RSI, 13), REG(RDI, 14),	  REG(RBP, 4),	REG(R8, 9),  REG(R9, 8),
	REG(R10, 7),	   REG(R11, 6),	 REG(R12, 3),	  REG(R13, 2),	REG(R14, 1), REG(R15, 0),
	REG(ORIG_RAX, 15), REG(CS, 17),	 REG(SS, 20),	  { NULL, 0 },
};

#define PT_REGS_SIZE (21 * 8)
#define IRET_FRAME   (16 * 8) /* in pt_regs: what the processor saves */

/* struct inactive_task_frame: 0100301bfdf5 (v4.9). */
static int x86_asleep(struct words *w, struct cursor *ret)
{
	static const struct {
		enum field f;
		uint8_t reg;
	} saved[] = {
		{ F_inactive_frame_bp, RBP },	    { F_inactive_frame_bx, RBX },
		{ F_inactive_frame_r12, R12 },	    { F_inactive_frame_r13, R13 },
		{ F_inactive_frame_r14, R14 },	    { F_inactive_frame_r15, R15 },
		{ F_inactive_frame_ret_addr, RIP },
	};
	uint64_t sp, size, at, value;
	struct cursor c = { 0 };
	int r = field_u64(w->k, w->task, F_task_thread_sp, &sp);

	if (r >= 0)
		r = kernel_sizeof(w->k, "inactive_task_frame", &size);
	for (size_t i = 0; r >= 0 && i < sizeof(saved) / sizeof(saved[0]); i++) {
		r = field_addr(w->k, sp, saved[i].f, &at);
		if (r >= 0)
			r = words_read(w, at, &value);
		if (r >= 0)
			cursor_set(&c, saved[i].reg, value);
	}
	if (r < 0)
		return within(r, "where the task sleeps");
	c.at = at;
	cursor_set(&c, RSP, sp + size);
	c.signal = c.reg[RIP] == code_mark(w->k, MARK_FORK);
	*ret = c;
	return 0;
}

static int value_of(const struct cursor *c, uint8_t base, uint64_t *ret)
{
	static const uint8_t regs[] = {
		[ORC_AX] = RAX,	 [ORC_DX] = RDX,	  [ORC_DI] = RDI,
		[ORC_BP] = RBP,	 [ORC_SP] = RSP,	  [ORC_R10] = R10,
		[ORC_R13] = R13, [ORC_BP_INDIRECT] = RBP, [ORC_SP_INDIRECT] = RSP,
	};
	size_t reg = base < sizeof(regs) ? regs[base] : 0;

	if (!reg || !cursor_knows(c, reg))
		return fail(-EBADMSG, "ORC counts from a register that is not known");
	*ret = c->reg[reg];
	return 0;
}

/* A call's frame ends below @cfa with the return address. */
static int leave_call(struct words *w, uint64_t cfa, struct cursor *ret)
{
	struct cursor c = { .at = cfa - 8 };
	const struct code_region *region;
	uint64_t pc;
	int r = words_read(w, c.at, &pc);

	if (r < 0)
		return r;
	pc = recover_return(w->k, w->task, pc, c.at);
	if (code_at(w->k, pc - 1, &region) < 0)
		return fail(-EBADMSG, "%#lx, found at %#lx, is no code", pc, c.at);
	cursor_set(&c, RIP, pc);
	cursor_set(&c, RSP, cfa);
	if (cursor_knows(ret, RBP))
		cursor_set(&c, RBP, ret->reg[RBP]);
	*ret = c;
	return STEP_CALL;
}

/* Of the registers only those that the processor saved are there: the others are still the same. */
static int leave_interrupt(struct words *w, uint64_t cfa, struct cursor *ret)
{
	static const uint8_t order[] = { RIP, CS, RFLAGS, RSP, SS };
	struct cursor c = *ret;

	c.at = cfa;
	c.signal = true;
	for (size_t i = 0; i < sizeof(order); i++) {
		uint64_t value;
		int r = words_read(w, cfa + 8 * i, &value);

		if (r < 0)
			return r;
		cursor_set(&c, order[i], value);
	}
	*ret = c;
	return STEP_REGS;
}

/* Bit 1 of RFLAGS is always set, 22 and up never are; a selector is of privilege 0 or 3. */
static bool is_sane(const struct cursor *c)
{
	uint64_t flags = c->reg[RFLAGS], privilege = c->reg[CS] & 3;

	return flags & 2 && !(flags >> 22) && (privilege == 0 || privilege == 3);
}

static int leave(struct words *w, const struct orc_rule *rule, uint64_t cfa, struct cursor *c)
{
	struct cursor new = *c;
	int r;

	if (rule->type == ORC_TYPE_CALL)
		return leave_call(w, cfa, c);
	if (rule->type == ORC_TYPE_REGS)
		r = cursor_from_pt_regs(w, &x86_64_unwind, cfa, &new);
	else
		r = leave_interrupt(w, cfa, &new);
	if (r < 0)
		return r;
	if (!is_sane(&new))
		return fail(-EBADMSG, "there are no registers at %#lx", cfa);
	*c = new;
	return STEP_REGS;
}

/* The word on top of a stack leads to the one before. The offset counts from what the word says since
 * 87ccc826bf1c (v5.12), before it was that of the word: only one of them leads to a frame. */
static int leave_indirect(struct words *w, const struct orc_rule *rule, uint64_t base,
			  struct cursor *c)
{
	uint64_t cfa;
	int r = words_read(w, base, &cfa);

	if (r >= 0)
		r = leave(w, rule, cfa + (uint64_t)rule->sp_offset, c);
	if (r >= 0 || !rule->sp_offset)
		return r;
	r = words_read(w, base + (uint64_t)rule->sp_offset, &cfa);
	return r < 0 ? r : leave(w, rule, cfa, c);
}

static int leave_by(struct words *w, const struct orc_rule *rule, struct cursor *c)
{
	uint64_t base;
	int r = value_of(c, rule->sp, &base);

	if (r < 0)
		return r;
	if (rule->sp == ORC_SP_INDIRECT)
		return leave_indirect(w, rule, base, c);
	base += (uint64_t)rule->sp_offset;
	if (rule->sp == ORC_BP_INDIRECT)
		r = words_read(w, base, &base);
	return r < 0 ? r : leave(w, rule, base, c);
}

/* The frame pointer of the caller, when this frame saved it. @was: before the step. */
static int restore_bp(struct words *w, const struct orc_rule *rule, const struct cursor *was,
		      uint64_t cfa, struct cursor *c)
{
	uint64_t base = rule->bp == ORC_PREV_SP ? cfa : was->reg[RBP], bp;
	int r;

	if (rule->bp != ORC_PREV_SP && rule->bp != ORC_BP)
		return 0;
	if (rule->bp == ORC_BP && !cursor_knows(was, RBP))
		return 0;
	r = words_read(w, base + (uint64_t)rule->bp_offset, &bp);
	if (r >= 0)
		cursor_set(c, RBP, bp);
	return r;
}

/* Execution went to where no code is, by a call: its return address is on top of the stack. */
static int leave_nowhere(struct words *w, struct cursor *c)
{
	uint64_t pc, target, sp = c->reg[RSP];
	int r = words_read(w, sp, &pc);

	if (r >= 0)
		r = code_call_before(w->k, pc, &target);
	return r < 0 ? within(r, "from %#lx, which is no code", c->reg[RIP])
		     : leave_call(w, sp + 8, c);
}

static int x86_step(struct words *w, struct cursor *c)
{
	uint64_t pc = c->signal ? c->reg[RIP] : c->reg[RIP] - 1;
	const struct code_region *region;
	struct cursor new = *c;
	struct orc_rule rule;
	int kind, r;

	if (code_at(w->k, pc, &region) < 0)
		return leave_nowhere(w, c);
	r = orc_find(w->k, pc, &rule);
	if (r < 0)
		return r;
	if (rule.type == ORC_TYPE_END)
		return STEP_END;
	if (rule.type == ORC_TYPE_UNDEFINED)
		return fail(-ENOENT, "ORC does not know who called %#lx", pc);
	kind = leave_by(w, &rule, &new);
	if (kind < 0)
		return kind;
	r = restore_bp(w, &rule, c, kind == STEP_CALL ? new.reg[RSP] : new.at, &new);
	if (r < 0)
		return r;
	new.signal = rule.signal;
	*c = new;
	return kind;
}

static bool x86_is_user(const struct cursor *c)
{
	return cursor_knows(c, CS) && (c->reg[CS] & 3) == 3;
}

/* How long an indirect call is: ff /2 and its operand. 0: it is none. */
static size_t indirect_call(const unsigned char *p, size_t n)
{
	unsigned int mod, rm;
	size_t len = 2;

	if (n < 2 || p[0] != 0xff || (p[1] >> 3 & 7) != 2)
		return 0;
	mod = p[1] >> 6;
	rm = p[1] & 7;
	if (mod == 3)
		return 2;
	if (rm == 4) {
		if (n < 3)
			return 0;
		len = mod == 0 && (p[2] & 7) == 5 ? 7 : 3;
	} else if (mod == 0 && rm == 5) {
		len = 6;
	}
	return len + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

static bool x86_call_before(const unsigned char *bytes, size_t n, uint64_t va, uint64_t *ret)
{
	if (n >= 5 && bytes[n - 5] == 0xe8) {
		*ret = va + (uint64_t)(int32_t)load_le32(bytes + n - 4);
		return true;
	}
	*ret = 0;
	for (size_t len = 2; len <= 7 && len <= n; len++)
		if (indirect_call(bytes + n - len, len) == len)
			return true;
	return false;
}

const struct arch_unwind x86_64_unwind = {
	.regs = x86_pt_regs,
	.pt_regs_size = PT_REGS_SIZE,
	.pc = RIP,
	.sp = RSP,
	.fp = RBP,
	.asleep = x86_asleep,
	.step = x86_step,
	.is_user = x86_is_user,
	.call_before = x86_call_before,
	.stacks = x86_stacks,
};
