/* Stacks and registers as crash prints them. */
#pragma once

#include "dump/base/strbuf.h"
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

/* "name+0x13/0x20", or the address where nothing has a name; @signal: see struct frame. Returns the
 * name of its module, or NULL. */
const char *put_code(struct strbuf *out, struct kernel *k, uint64_t pc, bool signal);

/* " [module]"; nothing for NULL. */
void put_module(struct strbuf *out, const char *module);
