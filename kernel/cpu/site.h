/* Where a task stands, in the sense of one who asks why it does: the instruction of an exception rather
 * than the code that handles it, the caller of panic() rather than what stops the machine. */
#pragma once

#include "kernel/unwind/unwind.h"

enum site_kind {
	SITE_ASLEEP,	  /* where it goes on when it is woken */
	SITE_RUNS,	  /* where its CPU was when it was stopped */
	SITE_EXCEPTION,	  /* the instruction that the processor would not execute */
	SITE_INTERRUPTED, /* what it did when a watchdog had enough of it */
	SITE_PANIC,	  /* it called panic() */
};

struct site {
	enum site_kind kind;
	uint64_t pc;
	bool signal;	    /* .pc is the instruction itself, not the one behind a call */
	bool guess, user;   /* as struct frame */
	const char *entry;  /* of an exception: the kernel's code for it; borrowed, or NULL */
	struct cursor regs; /* numbered as in .arch */
	const struct arch_unwind *arch;
};

/* -ENOENT: it has no stack any more. */
int site_of_task(struct kernel *k, uint64_t task, struct site *ret);

/* The same for what @cpu was at. */
int site_of_cpu(struct kernel *k, size_t cpu, struct site *ret);

/* Of a task that is asleep: the first function above the scheduler's and the locks'. -ENOENT: none. */
int site_waiting(struct kernel *k, uint64_t task, struct site *ret);
