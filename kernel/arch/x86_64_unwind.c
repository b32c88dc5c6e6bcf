/* How to unwind on x86_64: carries out the rules of ORC, as the kernel's unwind_orc.c does. */
#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/arch/x86_64.h"
#include "kernel/arch/x86_64_regs.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/cpu/stack.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/code.h"
#include "kernel/unwind/machine.h"
#include "kernel/unwind/orc.h"
#include "kernel/unwind/recover.h"

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

/* System V ABI, AMD64 supplement, figure 3.36. */
static const uint8_t dwarf_regs[] = { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8,
				      R9,  R10, R11, R12, R13, R14, R15, RIP };

#define PT_REGS_SIZE (21 * 8)
#define IRET_FRAME   (16 * 8) /* in pt_regs: what the processor saves */
#define HALF_REGS    (6 * 8)  /* in pt_regs: what functions keep, which comes first */
#define USER_CS	     0x33
#define USER_SS	     0x2b

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
	r = w->no_orc ? fail(-ENOENT, "ORC is not to be used") : orc_find(w->k, pc, &rule);
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

static int x86_regs_around(struct words *w, uint64_t at, struct cursor *ret)
{
	struct cursor c;
	int r = cursor_from_pt_regs(w, &x86_64_unwind, at - IRET_FRAME, &c);

	if (r < 0)
		return r;
	if (!is_sane(&c))
		return fail(-EBADMSG, "there are no registers at %#lx", at - IRET_FRAME);
	*ret = c;
	return STEP_REGS;
}

/* User space's registers are on top of the task's stack. A thread of the kernel has zeros there. */
static int leave_to_user(struct words *w, uint64_t sp, struct cursor *ret)
{
	/* TOP_OF_KERNEL_STACK_PADDING: 65c9cc9e2c14 (v6.9) */
	static const uint8_t padding[] = { 0, 16 };
	struct stack stack;

	if (!w->task || stack_of_task(w->k, w->task, &stack) < 0)
		return -ENOENT;
	for (size_t i = 0; i < sizeof(padding); i++) {
		if (sp != stack.end - padding[i] - PT_REGS_SIZE ||
		    cursor_from_pt_regs(w, &x86_64_unwind, sp, ret) < 0)
			continue;
		if (!ret->reg[RIP] && !(ret->reg[CS] & 3))
			return STEP_END;
		if (is_sane(ret) && x86_is_user(ret))
			return STEP_REGS;
	}
	return -ENOENT;
}

/* Before 76f5df43cab5 (v4.1) a system call saves but those registers that a function may change, and not yet
 * what the processor would have saved of an interrupt: r11 has the flags, the thread its stack
 * pointer. */
static int leave_to_user_by_half(struct words *w, struct cursor *c)
{
	/* with %rdi pushed around a call of schedule() */
	static const uint8_t pushed[] = { 0, 8 };
	static const uint8_t lost[] = { R15, R14, R13, R12, RBP, RBX };
	struct cursor regs;
	struct stack stack;
	uint64_t at;

	if (!w->task || !field_exists(w->k, F_task_thread_usersp) ||
	    stack_of_task(w->k, w->task, &stack) < 0)
		return -ENOENT;
	at = stack.end - PT_REGS_SIZE;
	for (size_t i = 0; i < sizeof(pushed); i++) {
		if (c->reg[RSP] != at + HALF_REGS - pushed[i] ||
		    cursor_from_pt_regs(w, &x86_64_unwind, at, &regs) < 0 || !regs.reg[RIP] ||
		    regs.reg[RIP] >> 47)
			continue;
		for (size_t n = 0; n < sizeof(lost); n++) {
			regs.known &= ~(1ull << lost[n]);
			if (cursor_knows(c, lost[n]))
				cursor_set(&regs, lost[n], c->reg[lost[n]]);
		}
		if (!is_sane(&regs) || !x86_is_user(&regs)) {
			regs.reg[CS] = USER_CS;
			regs.reg[SS] = USER_SS;
			regs.reg[RFLAGS] = regs.reg[R11];
			if (field_u64(w->k, w->task, F_task_thread_usersp, &regs.reg[RSP]) < 0)
				return -ENOENT;
		}
		*c = regs;
		return STEP_REGS;
	}
	return -ENOENT;
}

/* The kernel's own: of what went on behind them, or, when an NMI came, on another stack. */
static int leave_to_kernel(struct words *w, uint64_t sp, struct cursor *ret)
{
	const struct code_region *region;

	if (cursor_from_pt_regs(w, &x86_64_unwind, sp, ret) < 0 || !is_sane(ret) ||
	    x86_is_user(ret) || code_at(w->k, ret->reg[RIP], &region) < 0 ||
	    ret->reg[RSP] - sp < PT_REGS_SIZE)
		return -ENOENT;
	return STEP_REGS;
}

/* The entry code saves the registers of what it interrupts and calls from there, with nothing between. */
static int x86_leave_entry(struct words *w, struct cursor *c)
{
	uint64_t pc = c->signal ? c->reg[RIP] : c->reg[RIP] - 1, sp = c->reg[RSP];
	struct cursor regs;
	int r = leave_to_user(w, sp, &regs);

	if (r == -ENOENT && pc >= code_mark(w->k, MARK_ENTRY) &&
	    pc < code_mark(w->k, MARK_ENTRY_END))
		r = leave_to_kernel(w, sp, &regs);
	if (r == -ENOENT && leave_to_user_by_half(w, c) == STEP_REGS)
		return STEP_REGS;
	if (r < 0)
		return fail(-ENOENT, "no registers were saved at %#lx", sp);
	*c = regs;
	return r;
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

#define PROLOGUE_MAX 24

/* Where "push %rbp" is in a function that begins with @code. PROLOGUE_MAX: it has none. */
static size_t find_push(const unsigned char code[PROLOGUE_MAX])
{
	static const struct {
		unsigned char bytes[5];
		uint8_t known, n;
	} before[] = {
		{ { 0xf3, 0x0f, 0x1e, 0xfa }, 4, 4 },	    /* endbr64 */
		{ { 0x0f, 0x1f, 0x44, 0x00, 0x00 }, 5, 5 }, /* a place for tracers, */
		{ { 0xe8 }, 1, 5 },			    /* or the call of one */
		{ { 0x66, 0x90 }, 2, 2 },
		{ { 0x31, 0xc0 }, 2, 2 }, /* BPF's count of tail calls */
	};
	size_t at = 0;

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (!memcmp(code + at, before[i].bytes, before[i].known))
			at += before[i].n;
	return code[at] == 0x55 ? at : PROLOGUE_MAX;
}

/* Does the code at @pc return, with "leave" before it? */
static bool is_return(struct kernel *k, uint64_t pc)
{
	unsigned char code[6];
	uint64_t thunk;

	if (kernel_read(k, pc - 1, code, sizeof(code)) < 0 || code[0] != 0xc9)
		return false;
	return code[1] == 0xc3 ||
	       (code[1] == 0xe9 && symbol_addr(k, "__x86_return_thunk", &thunk) == 0 &&
		pc + 5 + (uint64_t)(int32_t)load_le32(code + 2) == thunk);
}

/* Up to "push %rbp", and at the return, the return address is on top of the stack; between that and
 * "mov %rsp,%rbp" it is one word higher. */
static int x86_frameless(struct kernel *k, uint64_t start, uint64_t pc, uint64_t *ret)
{
	unsigned char code[PROLOGUE_MAX];
	size_t push;

	if (kernel_read(k, start, code, sizeof(code)) < 0)
		return fail(-ENOENT, "its code is not there");
	push = find_push(code);
	if (push == PROLOGUE_MAX || (pc - start > push + 1 && !is_return(k, pc)))
		return fail(-ENOENT, "it has a frame pointer");
	*ret = pc - start == push + 1 ? 8 : 0;
	return 0;
}

/* Room for what FRED saves besides: 65c9cc9e2c14 (v6.9). Where the kernel enters a task's stack tells. */
static uint64_t x86_padding(struct kernel *k)
{
	const struct cpus *cpus;
	struct stack stack;
	uint64_t task, at, top;

	if (cpus_get(k, &cpus) < 0)
		return 0;
	for (size_t cpu = 0; cpu < cpus->nr; cpu++) {
		if (!cpu_is_in(&cpus->present, cpu) || cpu_current(k, cpu, &task) < 0 ||
		    stack_of_task(k, task, &stack) < 0)
			continue;
		if (percpu_symbol(k, "cpu_current_top_of_stack", cpu, &at) < 0 &&
		    (percpu_symbol(k, "pcpu_hot", cpu, &at) < 0 ||
		     field_addr(k, at, F_pcpu_hot_top_of_stack, &at) < 0))
			return 0;
		if (kernel_read_uint(k, at, 8, &top) >= 0 && stack.end - top <= 16)
			return stack.end - top;
	}
	return 0;
}

const struct arch_unwind x86_64_unwind = {
	.regs = x86_pt_regs,
	.pt_regs_size = PT_REGS_SIZE,
	.pc = RIP,
	.sp = RSP,
	.fp = RBP,
	.nr = ORIG_RAX,
	.args = { RDI, RSI, RDX, R10, R8, R9 },
	.compat_args = { RBX, RCX, RDX, RSI, RDI, RBP },
	.padding = x86_padding,
	.dwarf = dwarf_regs,
	.nr_dwarf = sizeof(dwarf_regs),
	.dwarf_kept = 1u << 3 | 1u << 6 | 0xfu << 12, /* rbx, rbp, r12 to r15 */
	.asleep = x86_asleep,
	.step = x86_step,
	.leave_entry = x86_leave_entry,
	.regs_around = x86_regs_around,
	.is_user = x86_is_user,
	.frameless = x86_frameless,
	.call_before = x86_call_before,
	.stacks = x86_stacks,
};
