/* Registers of a CPU as they were saved when it was stopped: by the kernel that crashed, or by the
 * machine that ran it. */
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

/* Did a dying kernel leave a note of a CPU that executed the task of this pid? */
bool regs_have_pid(struct kernel *k, uint64_t pid);

enum regs_source {
	REGS_CRASH_NOTES, /* the kernel saved them, while it went on to crash */
	REGS_MACHINE,	  /* the machine had them */
};

/* The registers of @cpu, found by its own notes, or by which stack they point to; never by their
 * place among the notes alone. -ENOENT: it left none. */
int regs_of_cpu(struct kernel *k, size_t cpu, struct regs *ret, enum regs_source *ret_source);
