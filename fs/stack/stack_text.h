/* Stacks and registers as crash prints them. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/debug/lines.h"
#include "kernel/unwind/unwind.h"

/* "PID: 1  TASK: ...  CPU: 0  COMMAND: ..." */
int put_task_line(struct strbuf *out, struct kernel *k, uint64_t task);

/* All frames of @u, which has begun. An error when it does not get to the end: what is before it is
 * written. */
int put_frames(struct strbuf *out, struct unwind *u);

/* The line of @task, and its stack. */
int put_stack(struct strbuf *out, struct kernel *k, uint64_t task);

/* Three in a row, "R8" below "RBP". */
void put_registers(struct strbuf *out, const struct regs *regs);

/* The same of those of @regs that @c knows. */
void put_known(struct strbuf *out, const struct arch_reg *regs, const struct cursor *c);

/* What the register with the address of the next instruction is called. */
const char *name_of_pc(struct kernel *k);

/* "name+0x13/0x20", or the address where nothing has a name; @signal: see struct frame. Returns the
 * name of its module, or NULL. */
const char *put_code(struct strbuf *out, struct kernel *k, uint64_t pc, bool signal);

/* " [module]"; nothing for NULL. */
void put_module(struct strbuf *out, const char *module);

/* The source lines of where a frame stands; @ret stays as it is where there are none. -ENOMEM, -EINTR. */
int look_up_lines(struct kernel *k, uint64_t pc, bool signal, struct lines **ret);

/* "  kernel/fork.c:12" of the function that is not within another; nothing for NULL. */
void put_line(struct strbuf *out, const struct lines *l);

/* "(inlined) name at ffffffff81000000 [module]  kernel/fork.c:12" and the end of the line, for the @i-th;
 * without the address when @pc is 0. */
void put_inlined(struct strbuf *out, const struct lines *l, size_t i, uint64_t pc,
		 const char *module);

/* A stack, and whose it is. */
struct stack_place {
	uint64_t task; /* 0: it is one that .cpu changes to in interrupts or exceptions */
	uint32_t pid;
	size_t cpu;
	struct stack stack;
};

/* That which @va lies on. -ENOENT: on none. */
int stack_find(struct kernel *k, uint64_t va, struct stack_place *ret);

/* "do_poll+0x10/0x20, whose address is at [ffffc90000013d08]": the frame that has @va, or why none has.
 * -EINTR, -ENOMEM. */
int put_frame_at(struct strbuf *out, struct kernel *k, const struct stack_place *p, uint64_t va);
