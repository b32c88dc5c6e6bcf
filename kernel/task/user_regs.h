/* What a task had in its registers when it came from user space into the kernel: they lie at the top of
 * its stack. */
#pragma once

#include "kernel/unwind/machine.h"

/* Where its stack and code are in user space by what lies there, as KSTK_ESP() and KSTK_EIP() had it until
 * v4.13. -ENOENT as above. */
int user_place_at_top(struct kernel *k, uint64_t task, uint64_t *ret_sp, uint64_t *ret_pc);

/* Those of user space, wherever they are: at the top of the stack, or still in the CPU. -ENOENT: there
 * are none, it is a kernel thread or has no stack any more; -ENODATA: it ran, and where to is not
 * known. */
int user_regs(struct kernel *k, uint64_t task, struct cursor *ret);

struct syscall {
	bool running; /* it ran, or could: nothing else is told */
	int nr;	      /* -1: in none, the processor came by an exception or interrupt */
	uint64_t args[6];
	uint64_t sp, pc; /* in user space */
};

/* The system call that @task is in, as the kernel tells it in /proc. */
int task_syscall(struct kernel *k, uint64_t task, struct syscall *ret);
