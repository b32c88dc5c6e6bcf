#include "fs/stack_text.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbols.h"
#include "kernel/task.h"

int put_task_line(struct strbuf *out, struct kernel *k, uint64_t task)
{
	char comm[TASK_COMM_LEN];
	uint64_t pid, cpu;
	int r = field_u64(k, task, F_task_pid, &pid);

	if (r >= 0)
		r = task_cpu(k, task, &cpu);
	if (r >= 0)
		r = task_comm(k, task, comm);
	if (r < 0)
		return r;
	put(out, "PID: %-7lu  TASK: %lx  CPU: %-3lu  COMMAND: \"", pid, task, cpu);
	put_escaped(out, comm, strlen(comm), "");
	put_str(out, "\"\n");
	return 0;
}

/* crash gives every register the width of an address, but these. */
static int width_of(const char *name)
{
	static const struct {
		const char *name;
		int width;
	} narrow[] = { { "RFLAGS", 8 }, { "CS", 4 }, { "SS", 4 } };

	for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++)
		if (!strcmp(name, narrow[i].name))
			return narrow[i].width;
	return 16;
}

void put_registers(struct strbuf *out, const struct regs *regs)
{
	for (size_t i = 0; i < regs->n; i++) {
		const char *name = regs->reg[i].name;
		int width = width_of(name);

		put(out, "%s%*s: %0*lx%s", i % 3 ? "  " : "    ", width == 16 ? 3 : 0, name, width,
		    regs->reg[i].value, i % 3 == 2 || i + 1 == regs->n ? "\n" : "");
	}
}

/* A symbol for a return address is that of the call: it may be the last thing in its function. */
const char *put_code(struct strbuf *out, struct kernel *k, uint64_t pc, bool signal)
{
	struct symbol s;

	if (symbol_at(k, signal ? pc : pc - 1, &s) < 0) {
		put(out, "%#lx", pc);
		return NULL;
	}
	put_escaped(out, s.name, strlen(s.name), "");
	put(out, "+%#lx/%#lx", pc - s.addr, s.size);
	return s.module;
}

void put_module(struct strbuf *out, const char *module)
{
	if (!module)
		return;
	put_str(out, " [");
	put_escaped(out, module, strlen(module), "");
	put_str(out, "]");
}

/* The processor saves only some registers; the rest is known when the entry code has saved it. */
static void put_known(struct strbuf *out, const struct arch_reg *regs, const struct cursor *c)
{
	struct regs known = { 0 };

	for (size_t i = 0; regs[i].name && i < REGS_MAX; i++) {
		if (!cursor_knows(c, i))
			continue;
		known.reg[known.n].name = regs[i].name;
		known.reg[known.n++].value = c->reg[i];
	}
	put_registers(out, &known);
}

static void put_exception(struct strbuf *out, const struct unwind *u, const struct frame *f)
{
	struct symbol s;

	if (!f->user && symbol_at(u->words.k, f->pc, &s) < 0) {
		put_str(out, "    [exception RIP: unknown or invalid address]\n");
	} else if (!f->user) {
		put_str(out, "    [exception RIP: ");
		put_escaped(out, s.name, strlen(s.name), "");
		put(out, "+%lu]", f->pc - s.addr);
		put_module(out, s.module);
		put_str(out, "\n");
	}
	put_known(out, u->arch->regs, f->regs);
}

static void put_call(struct strbuf *out, const struct unwind *u, const struct frame *f,
		     unsigned int n)
{
	const char *module;

	put(out, "%s#%u [%016lx] %s", n < 10 ? " " : "", n, f->at, f->guess ? "? " : "");
	module = put_code(out, u->words.k, f->pc, f->signal);
	put(out, " at %lx", f->pc);
	put_module(out, module);
	put_str(out, f->source == FRAME_POINTER ? "  (by frame pointer)\n" : "\n");
}

int put_frames(struct strbuf *out, struct unwind *u)
{
	const struct stack *on = NULL;
	unsigned int n = 0;
	struct frame f;
	int r;

	if (u->guess)
		put_str(out, "    (no registers were saved: this is what the stacks hold)\n");
	while ((r = unwind_next(u, &f)) > 0) {
		if (on && on->name && f.stack != on)
			put(out, "--- <%s> ---\n", on->name);
		on = f.stack;
		if (f.regs)
			put_exception(out, u, &f);
		else
			put_call(out, u, &f, n++);
	}
	return r;
}

int put_stack(struct strbuf *out, struct kernel *k, uint64_t task)
{
	struct unwind u;
	int r = put_task_line(out, k, task);

	if (r < 0)
		return r;
	r = unwind_task(&u, k, task);
	if (r == -ENOENT) {
		put_str(out, "    (it has exited and given its stack back)\n");
		return 0;
	}
	return r < 0 ? r : put_frames(out, &u);
}
