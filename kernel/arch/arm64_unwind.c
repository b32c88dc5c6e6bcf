/* How to unwind on arm64: by frame records, as the kernel's stacktrace.c does. x29 points to a pair of
 * words on the stack, the caller's x29 and the address to return to; the entry code puts such a pair
 * into the registers that it saves. A function that was interrupted may have none yet, or no more: its
 * code tells. */
#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/arch/arm64.h"
#include "kernel/cpu/stack.h"
#include "kernel/fields.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/code.h"
#include "kernel/unwind/machine.h"
#include "kernel/unwind/recover.h"

/* In crash's order, that of the registers in a note and of arm64_pt_regs[] below. */
enum { PC, LR, SP, PSTATE, X29, X0 = X29 + 29, ORIG_X0, SYSCALLNO };

#define X(n) (X0 - (n))
#define REG(n)                  \
	{                       \
		"X" #n, 8 * (n) \
	}

static const struct arch_reg arm64_pt_regs[] = {
	{ "PC", 256 },
	{ "LR", 240 },
	{ "SP", 248 },
	{ "PSTATE", 264 },
	REG(29),
	REG(28),
	REG(27),
	REG(26),
	REG(25),
	REG(24),
	REG(23),
	REG(22),
	REG(21),
	REG(20),
	REG(19),
	REG(18),
	REG(17),
	REG(16),
	REG(15),
	REG(14),
	REG(13),
	REG(12),
	REG(11),
	REG(10),
	REG(9),
	REG(8),
	REG(7),
	REG(6),
	REG(5),
	REG(4),
	REG(3),
	REG(2),
	REG(1),
	REG(0),
	{ "ORIG_X0", 272 },
	{ "SYSCALLNO", 280 },
	{ NULL, 0 },
};

#define PT_REGS_SIZE 288 /* of what is read of it */

/* DWARF for the Arm 64-bit Architecture. Of x0 to x28 call frame information is not asked: libdw 0.188
 * takes the mark of a signed return address for SPARC's register windows, and so misplaces them. */
#define NONE DWARF_NONE

static const uint8_t dwarf_regs[] = {
	NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
	NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
	NONE, NONE, NONE, NONE, NONE, NONE, NONE, X29,	LR,   SP,
};

#define PSTATE_MODE 0xf /* 0: user space */
#define META_REGS   2	/* enum of frame_record_meta: registers lie around it */

static uint64_t arm64_strip(struct kernel *k, uint64_t pc)
{
	const struct space *s;

	if (kernel_space(k, &s) < 0)
		return pc;
	/* Bit 55 is that of the half. */
	return pc >> 55 & 1 ? pc | s->signature : pc & ~s->signature;
}

static int arm64_asleep(struct words *w, struct cursor *ret)
{
	static const struct {
		enum field f;
		uint8_t reg;
	} saved[] = {
		{ F_cpu_context_x19, X(19) }, { F_cpu_context_x20, X(20) },
		{ F_cpu_context_x21, X(21) }, { F_cpu_context_x22, X(22) },
		{ F_cpu_context_x23, X(23) }, { F_cpu_context_x24, X(24) },
		{ F_cpu_context_x25, X(25) }, { F_cpu_context_x26, X(26) },
		{ F_cpu_context_x27, X(27) }, { F_cpu_context_x28, X(28) },
		{ F_cpu_context_fp, X29 },    { F_cpu_context_sp, SP },
		{ F_cpu_context_pc, PC },
	};
	struct cursor c = { 0 };
	uint64_t context, value;
	int r = field_addr(w->k, w->task, F_task_thread_cpu_context, &context);

	for (size_t i = 0; r >= 0 && i < sizeof(saved) / sizeof(saved[0]); i++) {
		r = field_u64(w->k, context, saved[i].f, &value);
		if (r >= 0)
			cursor_set(&c, saved[i].reg, value);
	}
	if (r < 0)
		return within(r, "where the task sleeps");
	c.reg[PC] = arm64_strip(w->k, c.reg[PC]);
	c.at = c.reg[SP];
	c.signal = c.reg[PC] == code_mark(w->k, MARK_FORK);
	*ret = c;
	return 0;
}

static bool arm64_is_user(const struct cursor *c)
{
	return cursor_knows(c, PSTATE) && !(c->reg[PSTATE] & PSTATE_MODE);
}

/* Bytes of struct pt_regs behind what is read of it. */
static uint64_t arm64_padding(struct kernel *k)
{
	uint64_t size;

	return kernel_sizeof(k, "pt_regs", &size) >= 0 && size > PT_REGS_SIZE ? size - PT_REGS_SIZE
									      : 0;
}

/* User space's registers are on top of the task's stack. A thread of the kernel has others there, and
 * the first task none. */
static int leave_to_user(struct words *w, struct cursor *c)
{
	struct cursor regs;
	struct stack stack;
	int r;

	if (!w->task || stack_of_task(w->k, w->task, &stack) < 0)
		return STEP_END;
	r = cursor_from_pt_regs(w, &arm64_unwind, stack.end - arm64_padding(w->k) - PT_REGS_SIZE,
				&regs);
	if (r < 0)
		return r;
	if (!arm64_is_user(&regs) || (!regs.reg[PC] && !regs.reg[SP]))
		return STEP_END;
	*c = regs;
	return STEP_REGS;
}

/* The frame record at @fp is one of those that the entry code saved with all registers. */
static int leave_interrupt(struct words *w, uint64_t fp, struct cursor *c)
{
	struct cursor regs;
	uint64_t at;
	int r = field_owner(w->k, fp, F_pt_regs_stackframe, &at);

	if (r >= 0)
		r = cursor_from_pt_regs(w, &arm64_unwind, at, &regs);
	if (r < 0)
		return r;
	*c = regs;
	return STEP_REGS;
}

/* A record of zeros ends a stack, or since v6.13 tells by the word behind it what it is. */
static int leave_meta(struct words *w, uint64_t fp, struct cursor *c)
{
	uint64_t type;

	if (field_exists(w->k, F_frame_record_type) && words_read(w, fp + 16, &type) >= 0 &&
	    type == META_REGS)
		return leave_interrupt(w, fp, c);
	return leave_to_user(w, c);
}

/* @pc was found at @at, or is that of a register, which is where the stack ends. */
static int leave_call(struct words *w, uint64_t pc, uint64_t fp, uint64_t sp, uint64_t at,
		      struct cursor *c)
{
	struct cursor new = { .at = at };
	const struct code_region *region;

	pc = recover_return(w->k, w->task, arm64_strip(w->k, pc), fp);
	if (code_at(w->k, pc - 1, &region) < 0)
		return fail(-EBADMSG, "%#lx, found at %#lx, is no code", pc, new.at);
	cursor_set(&new, PC, pc);
	cursor_set(&new, SP, sp);
	cursor_set(&new, X29, fp);
	*c = new;
	return STEP_CALL;
}

static bool is_entry(struct kernel *k, uint64_t pc)
{
	return pc >= code_mark(k, MARK_ENTRY) && pc < code_mark(k, MARK_ENTRY_END);
}

static int leave_record(struct words *w, struct cursor *c)
{
	uint64_t fp = c->reg[X29], next, pc;
	int r;

	if (!fp)
		return leave_to_user(w, c);
	r = words_read(w, fp, &next);
	if (r >= 0)
		r = words_read(w, fp + 8, &pc);
	if (r < 0)
		return r;
	if (!next && !pc)
		return leave_meta(w, fp, c);
	/* Before there were such marks: 73267498f23b (v4.10). */
	if (is_entry(w->k, c->reg[PC] - 1) && leave_interrupt(w, fp, c) >= 0)
		return STEP_REGS;
	/* The caller's stack reaches down to its own record, but for what it passed on it. */
	return leave_call(w, pc, next, next > fp ? next : fp + 16, fp + 8, c);
}

/* What an instruction does to the frame. */
enum deed { NOTHING, MAKES, TAKES, LEAVES };

static enum deed deed_of(uint32_t insn)
{
	static const struct {
		uint32_t mask, value;
		enum deed deed;
	} deeds[] = {
		{ 0xffc003ff, 0x910003fd, MAKES },  /* add x29, sp, #n; mov x29, sp */
		{ 0xff407fff, 0xa8407bfd, TAKES },  /* ldp x29, x30, [sp], #n */
		{ 0xff407fff, 0xa9407bfd, TAKES },  /* ldp x29, x30, [sp, #n] */
		{ 0xfffffc1f, 0xd65f0000, LEAVES }, /* ret */
		{ 0xfffffbff, 0xd65f0bff, LEAVES }, /* retaa, retab */
		{ 0xfc000000, 0x14000000, LEAVES }, /* b */
		{ 0xfffffc1f, 0xd61f0000, LEAVES }, /* br */
	};

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if ((insn & deeds[i].mask) == deeds[i].value)
			return deeds[i].deed;
	return NOTHING;
}

#define WINDOW	     1024
#define FUNCTION_MAX (256u << 10)

/* Has the function that is at @pc made its frame? Whether it lies before @pc that this is done; what
 * comes behind a return has it again. */
static bool has_frame(struct kernel *k, uint64_t start, uint64_t pc)
{
	unsigned char code[WINDOW];
	bool made = false, taken = false;

	for (uint64_t at = start; at < pc; at += 4) {
		uint64_t off = (at - start) % WINDOW;

		if (!off && kernel_read(k, at, code, pc - at < WINDOW ? pc - at : WINDOW) < 0)
			return true;
		switch (deed_of(load_le32(code + off))) {
		case MAKES:
			made = true;
			taken = false;
			break;
		case TAKES:
			taken = true;
			break;
		case LEAVES:
			taken = false;
			break;
		default:
			break;
		}
	}
	return made && !taken;
}

/* Interrupted without a frame, or gone to where no code is, by a call: the register has the address to
 * return to. */
static int leave_frameless(struct words *w, struct cursor *c)
{
	uint64_t pc = c->reg[PC], lr = arm64_strip(w->k, c->reg[LR]), target;
	const struct code_region *region;
	struct symbol s;

	if (!cursor_knows(c, LR) || code_call_before(w->k, lr, &target) < 0)
		return -ENOENT;
	if (code_at(w->k, pc, &region) >= 0 &&
	    (symbol_at(w->k, pc, &s) < 0 || pc - s.addr > FUNCTION_MAX || pc % 4 ||
	     has_frame(w->k, s.addr, pc)))
		return -ENOENT;
	return leave_call(w, lr, c->reg[X29], c->reg[SP], c->reg[SP], c);
}

static int arm64_step(struct words *w, struct cursor *c)
{
	int r = -ENOENT;

	if (c->signal && !is_entry(w->k, c->reg[PC]))
		r = leave_frameless(w, c);
	if (r != -ENOENT)
		return r;
	return leave_record(w, c);
}

static bool arm64_call_before(const unsigned char *bytes, size_t n, uint64_t va, uint64_t *ret)
{
	uint32_t insn;

	if (n < 4 || va % 4)
		return false;
	insn = load_le32(bytes + n - 4);
	if (insn >> 26 == 0x25) { /* bl */
		*ret = va - 4 + (uint64_t)((int64_t)((uint64_t)insn << 38) >> 36);
		return true;
	}
	*ret = 0;
	/* blr, blraaz and their like, blraa and theirs */
	return (insn & 0xfffffc1f) == 0xd63f0000 || (insn & 0xfffff81f) == 0xd63f081f ||
	       (insn & 0xfffff800) == 0xd73f0800;
}

const struct arch_unwind arm64_unwind = {
	.regs = arm64_pt_regs,
	.pt_regs_size = PT_REGS_SIZE,
	.pc = PC,
	.sp = SP,
	.fp = X29,
	.nr = SYSCALLNO,
	.args = { ORIG_X0, X(1), X(2), X(3), X(4), X(5) },
	.compat_args = { ORIG_X0, X(1), X(2), X(3), X(4), X(5) },
	.padding = arm64_padding,
	.dwarf = dwarf_regs,
	.nr_dwarf = sizeof(dwarf_regs),
	.dwarf_kept = 3u << 29, /* x29, x30 */
	.strip = arm64_strip,
	.records = true,
	.asleep = arm64_asleep,
	.step = arm64_step,
	.is_user = arm64_is_user,
	.call_before = arm64_call_before,
	.stacks = arm64_stacks,
};
