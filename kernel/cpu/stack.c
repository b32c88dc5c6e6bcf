#include "kernel/cpu/stack.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

#define STACK_MIN 4096
#define STACK_MAX (1u << 20)

/* THREAD_SIZE: of the union that has it, or of the first task's stack, which is part of the image. */
/* That of the first process's stack, where stacks are mapped: all have the same size. */
static int mapping_of_first(struct kernel *k, uint64_t *ret)
{
	uint64_t task, next;
	int r = symbol_addr(k, "init_task", &task);

	if (r >= 0)
		r = field_addr(k, task, F_task_tasks, &next);
	if (r >= 0)
		r = kernel_read_uint(k, next, 8, &next);
	if (r >= 0)
		r = field_owner(k, next, F_task_tasks, &task);
	if (r >= 0)
		r = field_u64(k, task, F_task_stack_vm_area, ret);
	if (r >= 0 && !*ret)
		r = fail(-ENOENT, "stacks are not mapped");
	return r;
}

/* Of its pages; the guard is none. */
static int mapped_size(struct kernel *k, uint64_t *ret)
{
	uint64_t area, pages;
	int r = mapping_of_first(k, &area);

	if (r >= 0)
		r = field_u64(k, area, F_vm_nr_pages, &pages);
	if (r >= 0)
		*ret = pages << kernel_page_shift(k);
	return r;
}

static int thread_size(struct kernel *k, uint64_t *ret)
{
	static const struct {
		const char *start, *end;
	} bounds[] = {
		{ "__start_init_stack", "__end_init_stack" }, /* v6.10 */
		{ "__start_init_task", "__end_init_task" },
		{ "init_stack", "__end_init_task" },
	};
	uint64_t size = 0, start, end;
	int r = kernel_sizeof(k, "thread_union", &size);

	for (size_t i = 0; r < 0 && i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		r = symbol_addr(k, bounds[i].start, &start);
		if (r >= 0)
			r = symbol_addr(k, bounds[i].end, &end);
		if (r >= 0)
			size = end - start;
	}
	if (r == -ENOENT)
		r = mapped_size(k, &size);
	/* -ENOENT would say that the task has no stack. */
	if (r == -ENOENT)
		return fail(-ENODATA, "size of a stack: %s", why());
	if (r < 0)
		return within(r, "size of a stack");
	if (size < STACK_MIN || size > STACK_MAX || size & (size - 1))
		return fail(-EBADMSG, "a stack of %lu bytes", size);
	*ret = size;
	return 0;
}

int stack_of_task(struct kernel *k, uint64_t task, struct stack *ret)
{
	uint64_t low, size, users = 1;
	int r = field_u64(k, task, F_task_stack, &low);

	/* Some kernels leave the pointer behind. */
	if (r >= 0 && field_exists(k, F_task_stack_refcount))
		r = field_u64(k, task, F_task_stack_refcount, &users);

	if (r >= 0 && (!low || !users))
		return fail(-ENOENT, "the task has given its stack back");
	if (r >= 0)
		r = thread_size(k, &size);
	if (r < 0)
		return r;
	if (low % STACK_MIN || low + size < low)
		return fail(-EBADMSG, "a stack at %#lx", low);
	*ret = (struct stack){ .low = low, .end = low + size };
	return 0;
}

void stacks_of_cpu(struct kernel *k, size_t cpu, struct stack stacks[STACKS_MAX], size_t *n)
{
	struct stack of_cpu[STACKS_MAX];
	const struct arch *arch;
	size_t nr;

	if (kernel_arch(k, &arch) < 0 || !arch->unwind)
		return;
	nr = arch->unwind->stacks(k, cpu, of_cpu);
	for (size_t i = 0; i < nr && *n < STACKS_MAX; i++)
		if (of_cpu[i].low < of_cpu[i].end)
			stacks[(*n)++] = of_cpu[i];
}

void stack_scheduler(struct kernel *k, struct stack_text *ret)
{
	static const struct {
		const char *first, *end;
	} bounds[] = {
		{ "__sched_text_start", "__sched_text_end" },
		{ "__lock_text_start", "__lock_text_end" },
	};

	*ret = (struct stack_text){ 0 };
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (symbol_addr(k, bounds[i].first, &ret->part[i].first) < 0 ||
		    symbol_addr(k, bounds[i].end, &ret->part[i].end) < 0)
			ret->part[i].end = 0;
}

bool stack_text_has(const struct stack_text *text, uint64_t pc)
{
	for (size_t i = 0; i < sizeof(text->part) / sizeof(text->part[0]); i++)
		if (pc >= text->part[i].first && pc < text->part[i].end)
			return true;
	return false;
}
