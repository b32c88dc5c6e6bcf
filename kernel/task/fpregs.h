/* What a task has in the registers of floating-point and vector units, as core files have it. */
#pragma once

#include "kernel/kernel.h"

#define FPREGS_MAX 2688 /* with AVX-512 */

struct fpregs {
	unsigned char set[FPREGS_MAX]; /* NT_FPREGSET */
	size_t set_len;
	unsigned char xstate[FPREGS_MAX]; /* NT_X86_XSTATE */
	size_t xstate_len;		  /* 0: there is none */
};

/* As they were saved when the task last gave its CPU up. -ENODATA: it ran, and they were lost with the CPU;
 * -ENOENT: it never used them; -EBADMSG: what was saved contradicts itself. */
int task_fpregs(struct kernel *k, uint64_t task, struct fpregs *ret);
