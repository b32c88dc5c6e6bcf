/* The stacks that a processor of x86_64 changes to. */
#include "dump/base/err.h"
#include "kernel/arch/x86_64.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/machine.h"

#define IRQ_STACK_SIZE (4 * 4096)

/* A pointer to its highest word: since 951c2a51ae75 (v5.9) by that name, with its neighbours from
 * v6.2 to v6.14; before, to its end. Before e6401c130931 (v5.2) it is a per-CPU variable itself, and the pointer
 * may lead to some words below its end. */
static bool irq_stack(struct kernel *k, size_t cpu, struct stack *ret)
{
	uint64_t at, top;
	int r = percpu_symbol(k, "irq_stack_union", cpu, &at);

	if (r >= 0) {
		*ret = (struct stack){ "IRQ stack", at, at + IRQ_STACK_SIZE };
		return true;
	}
	r = percpu_symbol(k, "hardirq_stack_ptr", cpu, &at);
	if (r < 0)
		r = percpu_symbol(k, "irq_stack_ptr", cpu, &at);
	if (r < 0) {
		r = percpu_symbol(k, "pcpu_hot", cpu, &at);
		if (r >= 0)
			r = field_addr(k, at, F_pcpu_hot_irq_stack, &at);
	}
	if (r >= 0)
		r = kernel_read_uint(k, at, 8, &top);
	if (r < 0 || !top)
		return false;
	top = (top + 15) & ~15ull;
	*ret = (struct stack){ "IRQ stack", top - IRQ_STACK_SIZE, top };
	return true;
}

/* Of exceptions, in the order of the task state segment's interrupt stack table. */
static const struct {
	const char *name;
	enum field f;
	uint32_t size; /* before 019b17b3ffe4 (v5.2), which gave them a structure */
} exceptions[] = {
	{ "DOUBLEFAULT exception stack", F_estacks_df, 4096 },
	{ "NMI exception stack", F_estacks_nmi, 4096 },
	{ "DEBUG exception stack", F_estacks_db, 8192 },
	{ "MCE exception stack", F_estacks_mce, 4096 },
	{ "VC exception stack", F_estacks_vc, 0 },
	{ "VC2 exception stack", F_estacks_vc2, 0 },
};

#define EXCEPTIONS (sizeof(exceptions) / sizeof(exceptions[0]))

static size_t stacks_of_entry_area(struct kernel *k, uint64_t estacks, struct stack *ret)
{
	uint64_t area, size;
	size_t n = 0;

	for (size_t i = 0; i < EXCEPTIONS; i++) {
		struct stack *s = &ret[n];

		if (field_addr(k, estacks, exceptions[i].f, &s->low) < 0 ||
		    field_size(k, exceptions[i].f, &size) < 0 || size < 8)
			continue;
		s->name = exceptions[i].name;
		s->end = s->low + size;
		n++;
	}
	if (field_owner(k, estacks, F_entry_area_estacks, &area) == 0 &&
	    field_addr(k, area, F_entry_area_entry_stack, &ret[n].low) == 0 &&
	    field_size(k, F_entry_area_entry_stack, &size) == 0) {
		ret[n].name = "ENTRY stack";
		ret[n].end = ret[n].low + size;
		n++;
	}
	return n;
}

static size_t stacks_of_tss(struct kernel *k, size_t cpu, struct stack *ret)
{
	static const char *const names[] = { "cpu_tss_rw", "cpu_tss", "init_tss" };
	uint64_t tss, table, end;
	size_t n = 0;
	int r = -1;

	for (size_t i = 0; r < 0 && i < sizeof(names) / sizeof(names[0]); i++)
		r = percpu_symbol(k, names[i], cpu, &tss);
	if (r < 0 || field_addr(k, tss, F_tss_ist, &table) < 0)
		return 0;
	for (size_t i = 0; i < EXCEPTIONS && exceptions[i].size; i++) {
		if (kernel_read_uint(k, table + 8 * i, 8, &end) < 0 || end < exceptions[i].size)
			continue;
		ret[n++] = (struct stack){ exceptions[i].name, end - exceptions[i].size, end };
	}
	return n;
}

size_t x86_stacks(struct kernel *k, size_t cpu, struct stack *ret)
{
	uint64_t at, estacks;
	size_t n = irq_stack(k, cpu, ret);

	if (percpu_symbol(k, "cea_exception_stacks", cpu, &at) < 0)
		return n + stacks_of_tss(k, cpu, ret + n);
	if (kernel_read_uint(k, at, 8, &estacks) < 0 || !estacks)
		return n;
	return n + stacks_of_entry_area(k, estacks, ret + n);
}
