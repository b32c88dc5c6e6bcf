/* Code that the kernel makes while it runs: BPF programs, trampolines of ftrace, copies of instructions
 * for kprobes. It belongs to no module, but /proc/kallsyms names it as if it did: [bpf],
 * [__builtin__ftrace], [__builtin__kprobes]. */
#pragma once

#include "kernel/kernel.h"

#define RUNTIME_NAME_MAX 512 /* KSYM_NAME_LEN */

struct runtime_code {
	uint64_t first, end;
	const char *owner;
	char name[RUNTIME_NAME_MAX];
	bool copied; /* from the kernel's own code that calls tracers */
};

/* Not 0: stop, and runtime_code() returns it. */
typedef int runtime_code_fn(void *arg, const struct runtime_code *code);

/* All of it. What cannot be read is told in @problems, one a line; NULL: nowhere. -EINTR, -ENOMEM. */
int runtime_code(struct kernel *k, runtime_code_fn *fn, void *arg, struct strbuf *problems);

/* Where the code of a trampoline was copied from: its first instruction. -ENOENT: nowhere known. */
int runtime_code_origin(struct kernel *k, const struct runtime_code *code, uint64_t *ret);
