#include "fs/stack/stack_text.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

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

/* crash gives every register the width of an address, and three of them a line, but for these. */
static const struct form {
	const char *name;
	int width;
	bool ends; /* its line */
	bool half; /* a word, with another beside it */
} forms[] = {
	{ "RFLAGS", 8, false, false },	{ "CS", 4, false, false },
	{ "SS", 4, false, false },	{ "PC", 16, true, false },
	{ "LR", 16, true, false },	{ "PSTATE", 8, true, false },
	{ "X0", 16, true, false },	{ "ORIG_X0", 16, false, false },
	{ "SYSCALLNO", 8, true, true },
};

static struct form form_of(const char *name)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strcmp(name, forms[i].name))
			return forms[i];
	return (struct form){ name, 16, false, false };
}

void put_registers(struct strbuf *out, const struct regs *regs)
{
	unsigned int column = 0;

	for (size_t i = 0; i < regs->n; i++) {
		const struct form form = form_of(regs->reg[i].name);
		uint64_t value = regs->reg[i].value;
		bool ends = form.ends || column == 2 || i + 1 == regs->n;

		if (form.half)
			value &= UINT32_MAX;
		put(out, "%s%*s: %0*lx%s", column ? "  " : "    ", form.width == 16 ? 3 : 0,
		    form.name, form.width, value, ends ? "\n" : "");
		column = ends ? 0 : column + 1;
	}
}

const char *name_of_pc(struct kernel *k)
{
	const struct arch *arch;

	return kernel_arch(k, &arch) < 0 || !arch->unwind
		       ? "PC"
		       : arch->unwind->regs[arch->unwind->pc].name;
}

/* A symbol for a return address is that of the call: it may be the last thing in its function. */
const char *put_code(struct strbuf *out, struct kernel *k, uint64_t pc, bool signal)
{
	struct symbol s;

	if (symbol_at(k, signal ? pc : pc - 1, &s) < 0) {
		put(out, "0x%lx", pc);
		return NULL;
	}
	put_escaped(out, s.name, strlen(s.name), "");
	put(out, "+0x%lx/0x%lx", pc - s.addr, s.size);
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
void put_known(struct strbuf *out, const struct arch_reg *regs, const struct cursor *c)
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

/* "  kernel/fork.c:12"; nothing where that is not known. */
static void put_source(struct strbuf *out, const struct source_line *s)
{
	if (!s->file)
		return;
	put_str(out, "  ");
	put_str(out, s->file);
	if (s->line)
		put(out, ":%u", s->line);
	else
		put_str(out, ":?");
}

int look_up_lines(struct kernel *k, uint64_t pc, bool signal, struct lines **ret)
{
	int r = lines_at(k, signal ? pc : pc - 1, ret);

	return r < 0 ? r : 0;
}

void put_line(struct strbuf *out, const struct lines *l)
{
	if (l)
		put_source(out, &l->v[l->n - 1]);
}

void put_inlined(struct strbuf *out, const struct lines *l, size_t i, uint64_t pc,
		 const char *module)
{
	const char *name = l->v[i].function;

	put_str(out, "(inlined) ");
	put_escaped(out, name ? name : "<no name>", name ? strlen(name) : 9, "");
	if (pc)
		put(out, " at %lx", pc);
	put_module(out, module);
	put_source(out, &l->v[i]);
	put_str(out, "\n");
}

static void put_inlined_calls(struct strbuf *out, const struct lines *l, uint64_t pc,
			      const char *module, unsigned int *n)
{
	for (size_t i = 0; l && i + 1 < l->n; i++, ++*n) {
		put(out, "%s#%u           ", *n < 10 ? " " : "", *n);
		put_inlined(out, l, i, pc, module);
	}
}

/* What says how a frame was found, when not by rules. */
static const char *how_found(const struct frame *f)
{
	switch (f->source) {
	case FRAME_POINTER:
		return "  (by frame pointer)";
	case FRAME_SCAN:
		return "  (by its call)";
	case FRAME_ENTRY:
		return "  (by its place)";
	default:
		return "";
	}
}

static int put_exception(struct strbuf *out, const struct unwind *u, const struct frame *f,
			 unsigned int *n)
{
	struct symbol s;
	LINES(l);
	int r = 0;

	if (!f->user && symbol_at(u->words.k, f->pc, &s) < 0) {
		put(out, "    [exception %s: unknown or invalid address]\n",
		    u->arch->regs[u->arch->pc].name);
	} else if (!f->user) {
		r = look_up_lines(u->words.k, f->pc, true, &l);
		put_inlined_calls(out, l, f->pc, s.module, n);
		put(out, "    [exception %s: ", u->arch->regs[u->arch->pc].name);
		put_escaped(out, s.name, strlen(s.name), "");
		put(out, "+%lu]", f->pc - s.addr);
		put_str(out, s.module ? " " : "");
		put_module(out, s.module);
		put_line(out, l);
		put(out, "%s\n", how_found(f));
	}
	put_known(out, u->arch->regs, f->regs);
	return r;
}

static int put_call(struct strbuf *out, const struct unwind *u, const struct frame *f,
		    unsigned int *n)
{
	struct symbol s = { 0 };
	LINES(l);
	int r = look_up_lines(u->words.k, f->pc, f->signal, &l);

	if (l && l->n > 1)
		symbol_at(u->words.k, f->signal ? f->pc : f->pc - 1, &s);
	put_inlined_calls(out, l, f->pc, s.module, n);
	put(out, "%s#%u [%016lx] %s", *n < 10 ? " " : "", *n, f->at, f->guess ? "? " : "");
	s.module = put_code(out, u->words.k, f->pc, f->signal);
	put(out, " at %lx", f->pc);
	put_module(out, s.module);
	put_line(out, l);
	put(out, "%s\n", how_found(f));
	++*n;
	return r;
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
		r = f.regs ? put_exception(out, u, &f, &n) : put_call(out, u, &f, &n);
		if (r < 0)
			return r;
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
