/* Where a task of x86_64 goes on once it runs again. */
#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/arch/x86_64_regs.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/code.h"

#define TIF_FORK     18	  /* of thread_info.flags, before v4.9: it has not run yet */
#define SCHEDULE_MAX 8192 /* bytes of __schedule() */
#define CALL	     0xe8
#define CALL_LEN     5

/* struct inactive_task_frame: 0100301bfdf5 (v4.9). */
static int asleep_in_frame(struct words *w, struct cursor *ret)
{
	static const struct {
		enum field f;
		uint8_t reg;
	} saved[] = {
		{ F_inactive_frame_bp, RBP },	    { F_inactive_frame_bx, RBX },
		{ F_inactive_frame_r12, R12 },	    { F_inactive_frame_r13, R13 },
		{ F_inactive_frame_r14, R14 },	    { F_inactive_frame_r15, R15 },
		{ F_inactive_frame_ret_addr, RIP },
	};
	uint64_t sp, size, at, value;
	struct cursor c = { 0 };
	int r = field_u64(w->k, w->task, F_task_thread_sp, &sp);

	if (r >= 0)
		r = kernel_sizeof(w->k, "inactive_task_frame", &size);
	for (size_t i = 0; r >= 0 && i < sizeof(saved) / sizeof(saved[0]); i++) {
		r = field_addr(w->k, sp, saved[i].f, &at);
		if (r >= 0)
			r = words_read(w, at, &value);
		if (r >= 0)
			cursor_set(&c, saved[i].reg, value);
	}
	if (r < 0)
		return within(r, "where the task sleeps");
	c.at = at;
	cursor_set(&c, RSP, sp + size);
	c.signal = c.reg[RIP] == code_mark(w->k, MARK_FORK);
	*ret = c;
	return 0;
}

/* Behind the call of __switch_to() in __schedule(): no function near it has another. */
static int after_switch(struct kernel *k, uint64_t *ret)
{
	unsigned char code[SCHEDULE_MAX];
	uint64_t start, target;
	int r = symbol_addr(k, "__schedule", &start);

	if (r >= 0)
		r = symbol_addr(k, "__switch_to", &target);
	if (r >= 0)
		r = kernel_read(k, start, code, sizeof(code));
	if (r < 0)
		return r;
	for (uint64_t i = 0; i + CALL_LEN <= sizeof(code); i++) {
		uint64_t next = start + i + CALL_LEN;

		if (code[i] != CALL || next + (uint64_t)(int32_t)load_le32(code + i + 1) != target)
			continue;
		*ret = next;
		return 0;
	}
	return fail(-ENOENT, "__schedule() does not call __switch_to()");
}

static int is_new(struct words *w, bool *ret)
{
	uint64_t info, flags;
	int r = field_u64(w->k, w->task, F_task_stack, &info);

	if (r >= 0)
		r = field_u64(w->k, info, F_thread_info_flags, &flags);
	if (r >= 0)
		*ret = flags >> TIF_FORK & 1;
	return r;
}

/* Before v4.9 thread.sp leads to rbp and the flags, as switch_to() has pushed them. One that has not run
 * yet has its registers there, and begins to return from fork(). */
static int asleep_on_stack(struct words *w, struct cursor *ret)
{
	struct cursor c = { 0 };
	uint64_t sp, pc, bp;
	bool new;
	int r = field_u64(w->k, w->task, F_task_thread_sp, &sp);

	if (r >= 0)
		r = is_new(w, &new);
	if (r >= 0 && new) {
		pc = code_mark(w->k, MARK_FORK);
		r = pc ? 0 : fail(-ENOENT, "no ret_from_fork");
	} else if (r >= 0) {
		r = after_switch(w->k, &pc);
		if (r >= 0)
			r = words_read(w, sp, &bp);
	}
	if (r < 0)
		return within(r, "where the task sleeps");
	c.at = sp;
	c.signal = new;
	cursor_set(&c, RIP, pc);
	cursor_set(&c, RSP, new ? sp : sp + 16);
	if (!new)
		cursor_set(&c, RBP, bp);
	*ret = c;
	return 0;
}

int x86_asleep(struct words *w, struct cursor *ret)
{
	return field_exists(w->k, F_inactive_frame_ret_addr) ? asleep_in_frame(w, ret)
							     : asleep_on_stack(w, ret);
}
