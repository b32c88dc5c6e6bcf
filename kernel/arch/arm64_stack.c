/* The stacks that a processor of arm64 changes to. */
#include "dump/base/err.h"
#include "kernel/arch/arm64.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/stack.h"

#define OVERFLOW_STACK_SIZE 4096

/* Pointers to their lowest words; they are as large as a task's. */
static const struct {
	const char *name, *symbol;
} pointers[] = {
	{ "IRQ stack", "irq_stack_ptr" }, /* f60fe78f1332 (v4.14) */
	{ "SDEI normal stack", "sdei_stack_normal_ptr" },
	{ "SDEI critical stack", "sdei_stack_critical_ptr" },
};

size_t arm64_stacks(struct kernel *k, size_t cpu, struct stack *ret)
{
	uint64_t task, at, low;
	struct stack own;
	size_t n = 0;

	if (cpu_current(k, cpu, &task) < 0 || stack_of_task(k, task, &own) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		if (percpu_symbol(k, pointers[i].symbol, cpu, &at) < 0 ||
		    kernel_read_uint(k, at, 8, &low) < 0 || !low)
			continue;
		ret[n++] = (struct stack){ pointers[i].name, low, low + (own.end - own.low) };
	}
	if (percpu_symbol(k, "overflow_stack", cpu, &at) >= 0)
		ret[n++] = (struct stack){ "OVERFLOW stack", at, at + OVERFLOW_STACK_SIZE };
	return n;
}
