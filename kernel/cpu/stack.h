/* Which stacks there are, and where: each task's own; those that a CPU changes to in interrupts and
 * exceptions are the architecture's. */
#pragma once

#include "kernel/unwind/machine.h"

/* The task's own. -ENOENT: it has none any more. */
int stack_of_task(struct kernel *k, uint64_t task, struct stack *ret);

/* Add those of @cpu to the @n that are there. */
void stacks_of_cpu(struct kernel *k, size_t cpu, struct stack stacks[STACKS_MAX], size_t *n);

/* Text that a stack is shown without. */
struct stack_text {
	struct {
		uint64_t first, end;
	} part[2];
};

/* The scheduler's, and that of the locks: in_sched_functions(). What cannot be found is empty. */
void stack_scheduler(struct kernel *k, struct stack_text *ret);
bool stack_text_has(const struct stack_text *text, uint64_t pc);
