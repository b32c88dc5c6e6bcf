/* Walking up a stack: from where a task or CPU stands to who called it, frame by frame, through
 * interrupts and exceptions and from one stack to the next. Rules of the kernel's own (ORC) come first,
 * then those of debug files (CFI), then frame pointers, then a search for return addresses, whose finds
 * are guesses. It knows nothing of how a frame is written. */
#pragma once

#include "kernel/unwind/machine.h"

enum frame_source {
	FRAME_START,   /* registers that were saved */
	FRAME_RULE,    /* ORC */
	FRAME_CFI,     /* DWARF call frame information */
	FRAME_ENTRY,   /* registers that the entry code saved, by where it does */
	FRAME_POINTER, /* a frame pointer */
	FRAME_SCAN,    /* it looks like a return address */
};

struct frame {
	uint64_t pc;
	uint64_t at;		   /* where on the stack .pc was found */
	const struct stack *stack; /* that .at lies on; NULL: not known */
	enum frame_source source;
	bool signal;		   /* .pc is where it stands, not behind the call that it is in */
	bool guess;		   /* it hangs on one that was found by a search */
	bool user;		   /* .regs are those of user space: the last frame */
	const struct cursor *regs; /* it was interrupted with these; NULL: it called */
};

struct unwind {
	const struct arch_unwind *arch;
	struct words words;
	struct cursor c;
	struct stack stacks[STACKS_MAX];
	size_t nr_stacks;
	unsigned int frames, switches; /* seen; from one stack to another */
	unsigned int tried;	       /* steps made to see where something leads */
	enum frame_source source;
	bool guess, user, regs, ended;
};

/* What the kernel's architecture knows of stacks. -EOPNOTSUPP: nothing. */
int unwind_arch(struct kernel *k, const struct arch_unwind **ret);

/* Begin at where @task is: where it sleeps, or where its CPU was stopped. -ENOENT: it has no stack. */
int unwind_task(struct unwind *u, struct kernel *k, uint64_t task);

/* Begin at where @cpu was stopped; if it left no registers, with what its stacks hold. */
int unwind_cpu(struct unwind *u, struct kernel *k, size_t cpu);

/* 1: a frame, whose pointers are good until the next call; 0: the end; an error when it cannot be
 * told who called. */
int unwind_next(struct unwind *u, struct frame *ret);

/* For the sources here: may one more step be tried? A hostile stack has so many places to try from that
 * it would take hours. An unwind of @task's stacks that has not begun; a step by the rules alone, as
 * unwind_next(); the stack that @va lies on, or NULL. */
bool unwind_try(struct unwind *u);
int unwind_begin(struct unwind *u, struct kernel *k, uint64_t task);
int unwind_by_rule(struct unwind *u);
const struct stack *unwind_stack(const struct unwind *u, uint64_t va);
