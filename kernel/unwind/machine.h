/* What the unwinder works with, and what it wants from an architecture. */
#pragma once

#include "kernel/arch.h"
#include "kernel/kernel.h"
#include "kernel/cpu/regs.h"

#define CALL_BYTES_MAX 8 /* no call instruction is longer */
#define WORDS_BYTES    4096
#define STACKS_MAX     10 /* that a CPU may be on */

/* Words of a stack, read a page at a time. */
struct words {
	struct kernel *k;
	uint64_t task; /* that runs on it; 0: not known */
	uint64_t page; /* 0: none yet */
	bool no_orc;   /* for tests: do as if this kernel had none */
	unsigned char bytes[WORDS_BYTES];
};

/* The word at @va. -EFAULT: no place for one; else as kernel_read(). */
int words_read(struct words *w, uint64_t va, uint64_t *ret);

/* The state of a processor at some frame, as far as it is known. */
struct cursor {
	uint64_t reg[REGS_MAX]; /* numbered as in arch_unwind.regs */
	uint64_t known;		/* a bit each */
	uint64_t at;		/* where on the stack the address to go on at was found */
	bool signal;		/* that address is of the next instruction, not behind a call */
};

static inline void cursor_set(struct cursor *c, size_t reg, uint64_t value)
{
	c->reg[reg] = value;
	c->known |= 1ull << reg;
}

static inline bool cursor_knows(const struct cursor *c, size_t reg)
{
	return c->known >> reg & 1;
}

/* Memory that is a stack. */
struct stack {
	const char *name; /* as crash calls it: "IRQ stack"; NULL: the task's own */
	uint64_t low, end;
};

#define DWARF_NONE 0xff /* of a register that nothing is to be said of */

enum step {
	STEP_END,  /* there is no caller */
	STEP_CALL, /* the caller */
	STEP_REGS, /* what was interrupted: all registers are known, or those in an interrupt frame */
};

struct arch_unwind {
	const struct arch_reg *regs; /* those of struct pt_regs; in crash's order */
	size_t pt_regs_size;
	uint8_t pc, sp, fp; /* their numbers */
	const uint8_t *
		dwarf; /* those of DWARF's registers, the return address among them, or DWARF_NONE */
	uint8_t nr_dwarf;
	uint32_t dwarf_kept; /* the registers that a function gives back as they were: a bit each */

	/* Of those that a program enters the kernel with: the number of the system call, and what it
	 * asks for; also of 32-bit programs. */
	uint8_t nr, args[6], compat_args[6];

	/* Bytes between them, where they lie at the top of a task's stack, and its end. */
	uint64_t (*padding)(struct kernel *k);

	/* A return address as it is on a stack may be signed: the address alone. NULL: it is never. */
	uint64_t (*strip)(struct kernel *k, uint64_t pc);

	/* A return address has the caller's frame pointer below it. */
	bool records;

	/* Where the task of which @w reads, asleep, will go on. */
	int (*asleep)(struct words *w, struct cursor *ret);

	/* enum step, and @c becomes the caller's, by the kernel's own rules. -ENOENT: there is no
	 * rule; -EBADMSG: it leads nowhere. @c is as it was after an error. */
	int (*step)(struct words *w, struct cursor *c);

	/* The same for code without any rule: the entry code, by where it saves registers. -ENOENT: it
	 * is not that. */
	int (*leave_entry)(struct words *w, struct cursor *c);

	/* STEP_REGS: those among which the interrupted address was saved at @at. -EBADMSG: there are
	 * none. */
	int (*regs_around)(struct words *w, uint64_t at, struct cursor *ret);

	/* Registers that came by STEP_REGS: are they those of user space? */
	bool (*is_user)(const struct cursor *c);

	/* Code that keeps frame pointers, in the function at @start, was interrupted at @pc: how many bytes
	 * above the stack pointer the return address is. -ENOENT: its frame pointer tells. */
	int (*frameless)(struct kernel *k, uint64_t start, uint64_t pc, uint64_t *ret);

	/* Do the @n bytes that end at @va end with a call? Its target; 0: indirect. */
	bool (*call_before)(const unsigned char *bytes, size_t n, uint64_t va, uint64_t *ret);

	/* The stacks of a CPU, the tasks' aside, at most STACKS_MAX: how many. */
	size_t (*stacks)(struct kernel *k, size_t cpu, struct stack *ret);
};

/* Fill @c from the struct pt_regs at @va. */
int cursor_from_pt_regs(struct words *w, const struct arch_unwind *a, uint64_t va,
			struct cursor *c);
