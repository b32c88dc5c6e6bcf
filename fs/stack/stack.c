/* Where tasks and CPUs stand: /tasks/<pid>/stack and its like. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/stack/stack_text.h"
#include "fs/task/task_key.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/stack.h"

int gen_task_stack(struct render *r)
{
	return put_stack(r->out, r->k, key_task(r));
}

#define KERNEL_DEPTH 64 /* MAX_STACK_TRACE_DEPTH of fs/proc/base.c */

/* As the kernel prints /proc/<pid>/stack: without the scheduler, to which all that sleeps leads. */
int gen_task_stack_kernel(struct render *r)
{
	struct stack_text scheduler;
	struct unwind u;
	struct frame f;
	int e = unwind_task(&u, r->k, key_task(r)), n = 0;

	if (e == -ENOENT)
		return 0;
	stack_scheduler(r->k, &scheduler);
	while (e >= 0 && n < KERNEL_DEPTH && (e = unwind_next(&u, &f)) > 0) {
		const char *module;

		if (f.user || stack_text_has(&scheduler, f.pc))
			continue;
		put(r->out, "[<0>] %s", f.guess ? "? " : "");
		module = put_code(r->out, r->k, f.pc, f.signal);
		put_module(r->out, module);
		put_str(r->out, "\n");
		n++;
	}
	return e < 0 ? e : 0;
}

int gen_cpu_stack(struct render *r)
{
	struct unwind u;
	uint64_t task;
	int e = cpu_current(r->k, r->key[0].id, &task);

	if (e >= 0)
		e = put_task_line(r->out, r->k, task);
	if (e >= 0)
		e = unwind_cpu(&u, r->k, r->key[0].id);
	return e < 0 ? e : put_frames(r->out, &u);
}
