/* /tasks/<pid>/syscall and registers: how a task entered the kernel. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/stack/stack_text.h"
#include "fs/task/task_key.h"
#include "kernel/task/user_regs.h"

int gen_task_syscall(struct render *r)
{
	struct syscall call;
	int e = task_syscall(r->k, key_task(r), &call);

	if (e < 0)
		return e;
	if (call.running) {
		put_str(r->out, "running\n");
		return 0;
	}
	put(r->out, "%d", call.nr);
	for (size_t i = 0; i < 6 && call.nr >= 0; i++)
		put(r->out, " 0x%lx", call.args[i]);
	put(r->out, " 0x%lx 0x%lx\n", call.sp, call.pc);
	return 0;
}

int gen_task_registers(struct render *r)
{
	const struct arch *arch;
	struct cursor c;
	int e = user_regs(r->k, key_task(r), &c);

	if (e == -ENOENT) {
		put(r->out, "(none: %s)\n", why());
		return 0;
	}
	if (e >= 0)
		e = kernel_arch(r->k, &arch);
	if (e >= 0)
		put_known(r->out, arch->unwind->regs, &c);
	return e;
}
