#include "kernel/cpu/panic.h"

#include <errno.h>
#include <stdio.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/regs.h"
#include "kernel/log/log.h"
#include "kernel/symbol/symbols.h"

/* dump_stack_print_info(): "CPU: 0 PID: 169 Comm: load", of newer kernels "CPU: 0 UID: 0 PID: 169 Comm: load". */
struct last_words {
	bool are_there;
	unsigned int cpu, pid;
};

static int look_at(void *arg, const struct log_record *rec)
{
	struct last_words *last = arg;
	unsigned int cpu, pid;
	char text[64];

	snprintf(text, sizeof(text), "%.*s", (int)(rec->text_len < 63 ? rec->text_len : 63),
		 rec->text);
	if (rec->facility || (sscanf(text, "CPU: %u PID: %u Comm:", &cpu, &pid) != 2 &&
			      sscanf(text, "CPU: %u UID: %*u PID: %u Comm:", &cpu, &pid) != 2))
		return 0;
	*last = (struct last_words){ true, cpu, pid };
	return 0;
}

/* Where no symbol tells it: the CPU whose stack the kernel printed last, if it was at the same task when the kernel saved
 * its registers. */
static int cpu_of_log(struct kernel *k, size_t *ret)
{
	struct last_words last = { 0 };
	uint64_t task, pid;
	int r = log_read(k, look_at, &last);

	if (r >= 0 && (!last.are_there || !regs_have_pid(k, last.pid)))
		r = fail(-ENOENT, "no CPU panicked");
	if (r >= 0)
		r = cpu_current(k, last.cpu, &task);
	if (r >= 0)
		r = field_u64(k, task, F_task_pid, &pid);
	if (r >= 0 && pid != last.pid)
		r = fail(-ENOENT, "no CPU panicked");
	*ret = last.cpu;
	return r;
}

int panic_cpu(struct kernel *k, size_t *ret)
{
	/* 1717f2096b54 (v4.5); the other is x86's, set by kdump alone. */
	static const char *const names[] = { "panic_cpu", "crashing_cpu" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t va, cpu;

		/* -1 while nothing has happened. */
		if (symbol_addr(k, names[i], &va) < 0 || kernel_read_uint(k, va, 4, &cpu) < 0 ||
		    cpu >= LIMIT_CPUS)
			continue;
		*ret = cpu;
		return 0;
	}
	return symbols_lack_data(k) ? cpu_of_log(k, ret) : fail(-ENOENT, "no CPU panicked");
}
