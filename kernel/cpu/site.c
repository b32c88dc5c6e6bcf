#include "kernel/cpu/site.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/stack.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

/* What a name is without what compilers hang on it: "panic.cold". */
static bool is_called(const struct symbol *s, const char *name)
{
	size_t n = strcspn(s->name, ".");

	return strlen(name) == n && !strncmp(s->name, name, n);
}

static bool is_one_of(const struct symbol *s, const char *const *names)
{
	for (; *names; names++)
		if (is_called(s, *names))
			return true;
	return false;
}

static bool is_panic(const struct symbol *s)
{
	static const char *const names[] = { "panic", "vpanic", "nmi_panic", NULL };

	return !s->module && is_one_of(s, names);
}

/* These find out that the CPU they interrupt has hung. */
static bool is_watchdog(const struct symbol *s)
{
	static const char *const names[] = { "watchdog_timer_fn", "watchdog_overflow_callback",
					     "watchdog_hardlockup_check", NULL };

	return !s->module && is_one_of(s, names);
}

/* Of the processor's exceptions, as they have been called since 2bbc68f8373c (v5.8) and before. */
static bool is_exception(const struct symbol *s)
{
	static const char *const names[] = {
		"page_fault", "async_page_fault", "general_protection", "invalid_op",
		"divide_error", "double_fault", "overflow", "bounds", "segment_not_present",
		"stack_segment", "alignment_check", "invalid_TSS", "device_not_available",
		"coprocessor_error", "simd_coprocessor_error", "machine_check", "int3", "debug",
		/* of arm64; before and since ec841aab8d14 (v5.14) */
		"el1_sync", "el1_error", "el1h_64_sync", "el1t_64_sync", "el1h_64_error",
		"el1t_64_error", "__bad_stack", NULL
	};

	if (s->module)
		return false;
	return (!strncmp(s->name, "asm_exc_", 8) && !is_called(s, "asm_exc_nmi")) ||
	       is_one_of(s, names);
}

/* Of interrupts, of which a CPU is stopped by one. */
static bool is_interrupt(const struct symbol *s)
{
	static const char *const names[] = { "asm_exc_nmi",	 "nmi",
					     "end_repeat_nmi",	 "asm_common_interrupt",
					     "common_interrupt", NULL };
	/* of arm64, from the kernel's level or user space's */
	static const char *const levels[] = { "el1_irq",       "el0_irq",	"el1h_64_irq",
					      "el1h_64_fiq",   "el1t_64_irq",	"el0t_64_irq",
					      "el0t_64_fiq",   "el0t_32_irq",	"el0t_32_fiq",
					      "el0t_64_error", "el0t_32_error", NULL };

	if (!s->module && is_one_of(s, levels))
		return true;
	return !s->module && (!strncmp(s->name, "asm_sysvec_", 11) || is_one_of(s, names));
}

static void take(const struct unwind *u, const struct frame *f, enum site_kind kind,
		 struct site *ret)
{
	*ret = (struct site){ .kind = kind,
			      .pc = f->pc,
			      .signal = f->signal,
			      .guess = f->guess,
			      .user = f->user,
			      .regs = u->c,
			      .arch = u->arch };
}

/* What was seen of the frames on the way. */
struct way {
	bool first, panic, watchdog; /* no frame yet; panic() was passed; a watchdog was */
	bool caller;		     /* the last frame was panic() */
	bool settled;
};

/* An interrupted frame, whose registers the code @entry had saved. */
static void look_at_regs(struct way *w, const struct unwind *u, const struct frame *f,
			 const struct symbol *entry, struct site *ret)
{
	bool exception = entry && is_exception(entry);

	w->settled = true;
	/* User space lies behind every system call; what an interrupt met there is where it stood. */
	if (f->user && !(entry && is_interrupt(entry)))
		return;
	if (exception)
		take(u, f, SITE_EXCEPTION, ret);
	else if (w->watchdog)
		take(u, f, SITE_INTERRUPTED, ret);
	else if (!w->panic && !(ret->signal && ret->kind == SITE_RUNS))
		take(u, f, SITE_RUNS, ret);
	if (exception)
		ret->entry = entry->name;
}

static void look_at_call(struct way *w, const struct unwind *u, const struct frame *f,
			 const struct symbol *s, struct site *ret)
{
	bool panic = s && is_panic(s);

	/* Of several calls of panic() the outermost is the cause. */
	if (w->caller && !panic)
		take(u, f, SITE_PANIC, ret);
	w->caller = panic;
	w->panic |= panic;
	w->watchdog |= s && is_watchdog(s);
}

/* The frames from the innermost on, up to what was interrupted. */
static int look(struct unwind *u, enum site_kind kind, struct site *ret)
{
	struct way w = { .first = true };
	struct symbol s, entry;
	bool named = false;
	struct frame f;
	int r;

	while (!w.settled && (r = unwind_next(u, &f)) > 0) {
		if (w.first)
			take(u, &f, kind, ret);
		w.first = false;
		if (f.regs) {
			look_at_regs(&w, u, &f, named ? &entry : NULL, ret);
			continue;
		}
		named = symbol_at(u->words.k, f.pc - !f.signal, &s) == 0;
		entry = s;
		if (kind != SITE_ASLEEP)
			look_at_call(&w, u, &f, named ? &s : NULL, ret);
	}
	if (w.first)
		return r < 0 ? r : fail(-ENOENT, "there are no frames");
	return r == -EINTR || r == -ENOMEM ? r : 0;
}

int site_of_cpu(struct kernel *k, size_t cpu, struct site *ret)
{
	struct unwind u;
	int r = unwind_cpu(&u, k, cpu);

	return r < 0 ? r : look(&u, SITE_RUNS, ret);
}

int site_of_task(struct kernel *k, uint64_t task, struct site *ret)
{
	uint64_t cpu, current;
	struct unwind u;
	int r;

	if (task_cpu(k, task, &cpu) >= 0 && cpu_current(k, cpu, &current) >= 0 && current == task)
		return site_of_cpu(k, cpu, ret);
	r = unwind_task(&u, k, task);
	return r < 0 ? r : look(&u, SITE_ASLEEP, ret);
}

int site_waiting(struct kernel *k, uint64_t task, struct site *ret)
{
	struct stack_text scheduler;
	struct unwind u;
	struct frame f;
	int r = unwind_task(&u, k, task);

	if (r < 0)
		return r;
	stack_scheduler(k, &scheduler);
	while ((r = unwind_next(&u, &f)) > 0 && !f.user) {
		if (f.regs || stack_text_has(&scheduler, f.pc))
			continue;
		take(&u, &f, SITE_ASLEEP, ret);
		return 0;
	}
	return r < 0 ? r : fail(-ENOENT, "all of it is the scheduler's");
}
