#include "kernel/task/wchan.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/unwind.h"

#define TASK_WAKING 0x200

static bool is_between(struct kernel *k, uint64_t pc, const char *start, const char *end)
{
	uint64_t from, to;

	return symbol_addr(k, start, &from) >= 0 && symbol_addr(k, end, &to) >= 0 && pc >= from &&
	       pc < to;
}

/* The kernel's in_sched_functions(). */
static bool is_scheduler(struct kernel *k, uint64_t pc)
{
	return is_between(k, pc, "__sched_text_start", "__sched_text_end") ||
	       is_between(k, pc, "__lock_text_start", "__lock_text_end");
}

/* On a run queue it only lost its CPU. */
static int is_waiting(struct kernel *k, uint64_t task, bool *ret)
{
	uint64_t state, queued;
	int r = field_u64(k, task, F_task_state, &state);

	if (r >= 0)
		r = field_u64(k, task, F_task_on_rq, &queued);
	if (r >= 0)
		*ret = state && state != TASK_WAKING && !queued;
	return r;
}

int task_wchan(struct kernel *k, uint64_t task, uint64_t *ret)
{
	struct frame frame;
	struct unwind u;
	bool waiting;
	int r = is_waiting(k, task, &waiting);

	if (r >= 0 && !waiting) {
		*ret = 0;
		return 0;
	}
	if (r >= 0)
		r = unwind_task(&u, k, task);
	/* A zombie has no stack any more. */
	if (r < 0 && r != -ENOENT)
		return r;
	*ret = 0;
	if (r < 0)
		return 0;
	while ((r = unwind_next(&u, &frame)) > 0 && !frame.guess && !frame.user) {
		if (is_scheduler(k, frame.pc))
			continue;
		*ret = frame.pc;
		return 0;
	}
	return r == -EINTR || r == -ENOMEM ? r : 0;
}
