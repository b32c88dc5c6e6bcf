#include "kernel/task/user_regs.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/cpu/stack.h"
#include "kernel/task/fpregs.h"
#include "kernel/task/task.h"
#include "kernel/unwind/unwind.h"

#define TS_COMPAT 2 /* of thread_info.status: a system call of a 32-bit program */

/* Whatever lies there, which of a kernel thread is nothing that ever was in a register. -ENOENT: it has
 * given its stack back. */
static int user_regs_at_top(struct kernel *k, uint64_t task, struct cursor *ret)
{
	struct words w = { .k = k, .task = task };
	const struct arch_unwind *a;
	struct stack stack;
	int r = unwind_arch(k, &a);

	if (r >= 0)
		r = stack_of_task(k, task, &stack);
	return r < 0 ? r
		     : cursor_from_pt_regs(&w, a, stack.end - a->padding(k) - a->pt_regs_size, ret);
}

int user_place_at_top(struct kernel *k, uint64_t task, uint64_t *ret_sp, uint64_t *ret_pc)
{
	const struct arch_unwind *a;
	struct cursor c;
	uint64_t sp;
	int r = user_regs_at_top(k, task, &c);

	if (r >= 0)
		r = unwind_arch(k, &a);
	if (r < 0)
		return r;
	sp = c.reg[a->sp];
	/* Before v4.1 a system call does not save it there. */
	if (field_exists(k, F_task_thread_usersp))
		r = field_u64(k, task, F_task_thread_usersp, &sp);
	if (r < 0)
		return r;
	*ret_sp = sp;
	*ret_pc = c.reg[a->pc];
	return 0;
}

static bool is_on_cpu(struct kernel *k, uint64_t task)
{
	uint64_t cpu, current;

	return task_cpu(k, task, &cpu) >= 0 && cpu_current(k, cpu, &current) >= 0 &&
	       current == task;
}

/* What is at the top of the stack of a task that runs is old when it does so in user space. */
static int user_regs_of_running(struct kernel *k, uint64_t task, struct cursor *ret)
{
	struct unwind u;
	struct frame f;
	int r = unwind_task(&u, k, task);

	if (r < 0)
		return r;
	while ((r = unwind_next(&u, &f)) > 0) {
		if (f.guess)
			return fail(-ENODATA, "the CPU that it ran on left no registers");
		if (!f.user)
			continue;
		*ret = u.c;
		return 0;
	}
	return r < 0 ? r : fail(-ENODATA, "its stack does not lead to user space");
}

int task_fpregs(struct kernel *k, uint64_t task, struct fpregs *ret)
{
	const struct arch *arch;
	uint64_t flags;
	int r = field_u64(k, task, F_task_flags, &flags);

	if (r >= 0)
		r = kernel_arch(k, &arch);
	if (r < 0)
		return r;
	if (flags & PF_KTHREAD)
		return fail(-ENOENT, "a kernel thread");
	if (!arch->fpregs)
		return fail(-EOPNOTSUPP, "floating point of %s is not supported", arch->name);
	if (is_on_cpu(k, task))
		return fail(-ENODATA, "they were lost with the CPU that it ran on");
	return arch->fpregs(k, task, ret);
}

int user_regs(struct kernel *k, uint64_t task, struct cursor *ret)
{
	const struct arch_unwind *a;
	struct cursor c;
	uint64_t flags;
	int r = field_u64(k, task, F_task_flags, &flags);

	if (r < 0)
		return r;
	if (flags & PF_KTHREAD)
		return fail(-ENOENT, "a kernel thread");
	if (is_on_cpu(k, task))
		return user_regs_of_running(k, task, ret);
	r = user_regs_at_top(k, task, &c);
	if (r >= 0)
		r = unwind_arch(k, &a);
	if (r < 0)
		return r;
	/* Before v4.1 a system call saves less: its frames lead to what it has. */
	if (!a->is_user(&c) && field_exists(k, F_task_thread_usersp))
		return user_regs_of_running(k, task, ret);
	if (!a->is_user(&c))
		return fail(-EBADMSG, "what is at the top of its stack is not of user space");
	*ret = c;
	return 0;
}

/* In the task itself, or, before 15f4eae70d36 (v4.9), at the low end of its stack. */
static int thread_status(struct kernel *k, uint64_t task, uint64_t *ret)
{
	uint64_t info;
	int r;

	if (field_exists(k, F_task_thread_status))
		return field_u64(k, task, F_task_thread_status, ret);
	r = field_u64(k, task, F_task_stack, &info);
	return r < 0 ? r : field_u64(k, info, F_thread_info_status, ret);
}

int task_syscall(struct kernel *k, uint64_t task, struct syscall *ret)
{
	struct syscall call = { .nr = -1 };
	const struct arch_unwind *a;
	uint64_t state, status = 0;
	const uint8_t *args;
	struct cursor c;
	int r = field_u64(k, task, F_task_state, &state);

	if (r < 0)
		return r;
	call.running = !state || is_on_cpu(k, task);
	r = call.running ? -ENOENT : user_regs_at_top(k, task, &c);
	if (r >= 0)
		r = unwind_arch(k, &a);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r >= 0) {
		thread_status(k, task, &status);
		args = status & TS_COMPAT ? a->compat_args : a->args;
		call.nr = (int)c.reg[a->nr];
		for (size_t i = 0; i < 6; i++)
			call.args[i] = c.reg[args[i]];
		call.sp = c.reg[a->sp];
		call.pc = c.reg[a->pc];
	}
	*ret = call;
	return 0;
}
