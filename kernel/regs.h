/* Registers of a CPU as the dump's notes hold them. */
#pragma once

#include "kernel/kernel.h"

#define REGS_MAX 40

/* Names are crash's (RIP, RSP, ...), in the order it prints them. */
struct regs {
	size_t n;
	struct {
		const char *name;
		uint64_t value;
	} reg[REGS_MAX];
};

/* How many CPUs left an NT_PRSTATUS note. */
size_t regs_cpu_count(struct kernel *k);

/* The registers in the @i-th NT_PRSTATUS. -ENOENT: no such note; -EOPNOTSUPP: unknown machine. */
int regs_of_note(struct kernel *k, size_t i, struct regs *ret);
