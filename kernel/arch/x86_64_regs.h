/* The registers of x86_64 by number, in a cursor of the unwinder, and where a task sleeps. */
#pragma once

#include "kernel/unwind/machine.h"

/* In crash's order, that of x86_pt_regs[]. */
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

/* arch_unwind.asleep */
int x86_asleep(struct words *w, struct cursor *ret);
