#include "kernel/cpu/panic.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/symbol/symbols.h"

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
	return fail(-ENOENT, "no CPU panicked");
}
