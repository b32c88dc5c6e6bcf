/* /proc/interrupts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/gen.h"
#include "fs/proc/irq_stats.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/cpu/irq.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/guard.h"

#define IRQ_LEVEL (1u << 13) /* of the state of an interrupt: IRQD_LEVEL */

struct table {
	struct render *r;
	const struct cpus *c;
	int width;	/* of a number */
	int chip_width; /* of a name, since v7.2; 0: right-aligned */
	bool levels;	/* whether it tells by edge or level */
	uint64_t counts[LIMIT_CPUS];
	size_t cpus[LIMIT_CPUS], n; /* those that are shown */
};

static int widen(void *arg, uint64_t irq, uint64_t desc)
{
	struct table *t = arg;
	char name[IRQ_NAME_LEN] = "";
	uint64_t chip;
	int e = field_u64(t->r->k, desc, F_irq_chip, &chip);

	(void)irq;
	if (e >= 0 && chip)
		e = field_str(t->r->k, chip, F_irq_chip_name, name, sizeof(name));
	if (e >= 0 && (int)strlen(name) > t->chip_width)
		t->chip_width = (int)strlen(name);
	return e;
}

static int begin(struct table *t)
{
	uint64_t nr;
	bool up;
	int e = irqs_nr(t->r->k, &nr);

	if (e >= 0)
		e = cpus_get(t->r->k, &t->c);
	for (size_t cpu = 0; e >= 0 && cpu < t->c->nr; cpu++) {
		if (!cpu_is_in(&t->c->possible, cpu))
			continue;
		e = cpu_was_online(t->r->k, cpu, &up);
		if (e >= 0 && up)
			t->cpus[t->n++] = cpu;
	}
	if (e < 0)
		return e;
	t->levels = irq_stats_are_ipis(t->r->k);
	t->width = 3;
	for (uint64_t j = 1000; t->width < 10 && j <= nr; t->width++)
		j *= 10;
	/* With a table of the lines came a column for the longest name. */
	if (field_exists(t->r->k, F_irqstat_counts)) {
		t->width = t->width < 4 ? 4 : t->width;
		e = irqs_each(t->r->k, widen, t);
		if (e < 0)
			return e;
	}
	put(t->r->out, "%*s", t->width + 8, "");
	for (size_t i = 0; i < t->n; i++)
		put(t->r->out, "CPU%-8zu", t->cpus[i]);
	put_str(t->r->out, "\n");
	return 0;
}

static int put_name(struct render *r, uint64_t owner, enum field f, const char *fmt)
{
	char name[IRQ_NAME_LEN];
	int e = field_str(r->k, owner, f, name, sizeof(name));

	if (e >= 0 && *name) {
		put_str(r->out, fmt);
		put_escaped(r->out, name, strlen(name), "");
	}
	return e;
}

static int put_actions(struct render *r, uint64_t action)
{
	const char *before = "  ";
	struct guard guard = { 0 };
	int e = 0;

	while (e >= 0 && action) {
		e = guard_step(&guard, action);
		if (e >= 0)
			e = put_name(r, action, F_irqaction_name, before);
		if (e >= 0)
			e = field_u64(r->k, action, F_irqaction_next, &action);
		before = ", ";
	}
	return e;
}

/* What controls it, and what it is called there. */
static int put_chip(struct table *t, uint64_t desc)
{
	struct render *r = t->r;
	uint64_t chip, domain, hwirq, state;
	char name[IRQ_NAME_LEN] = "None";
	int e = field_u64(r->k, desc, F_irq_chip, &chip);

	if (e >= 0 && chip) {
		e = field_str(r->k, chip, F_irq_chip_name, name, sizeof(name));
		if (e >= 0 && !*name)
			strcpy(name, "-");
	}
	if (e >= 0)
		e = field_u64(r->k, desc, F_irq_domain, &domain);
	if (e >= 0)
		e = field_u64(r->k, desc, F_irq_hwirq, &hwirq);
	if (e < 0)
		return e;
	if (t->chip_width)
		put(r->out, " %-*s", t->chip_width, name);
	else
		put(r->out, " %8s", name);
	if (domain)
		put(r->out, " %*lu", t->width, hwirq);
	else
		put(r->out, " %*s", t->width, "");
	if (t->levels)
		e = field_u64(r->k, desc, F_irq_state, &state);
	if (t->levels && e >= 0)
		put(r->out, " %-8s", state & IRQ_LEVEL ? "Level" : "Edge");
	if (e >= 0)
		e = field_str(r->k, desc, F_irq_name, name, sizeof(name));
	if (e >= 0 && *name)
		put(r->out, "-%-8s", name);
	return e;
}

/* It leads to interrupts of another controller, and is not counted itself. */
static bool is_chained(struct kernel *k, uint64_t action)
{
	uint64_t chained;

	return symbol_addr(k, "chained_action", &chained) >= 0 && action == chained;
}

static int put_irq(void *arg, uint64_t irq, uint64_t desc)
{
	struct table *t = arg;
	struct kernel *k = t->r->k;
	uint64_t action, any = 0;
	bool hidden;
	int e = irq_is_hidden(k, desc, &hidden);

	if (e >= 0)
		e = field_u64(k, desc, F_irq_action, &action);
	if (e < 0 || hidden)
		return e < 0 ? e : 0;
	for (size_t i = 0; e >= 0 && i < t->n; i++) {
		e = irq_count(k, desc, t->cpus[i], &t->counts[i]);
		any |= t->counts[i];
	}
	if (e < 0 || ((!action || is_chained(k, action)) && !any))
		return e < 0 ? e : 0;
	put(t->r->out, "%*lu: ", t->width, irq);
	for (size_t i = 0; i < t->n; i++)
		put(t->r->out, "%10u ", (unsigned int)t->counts[i]);
	e = put_chip(t, desc);
	if (e >= 0)
		e = put_actions(t->r, action);
	put_str(t->r->out, "\n");
	return e;
}

int gen_proc_interrupts(struct render *r)
{
	_free_ struct table *t = calloc(1, sizeof(*t));
	int e;

	if (!t)
		return fail(-ENOMEM, "interrupts");
	t->r = r;
	e = begin(t);
	if (e >= 0)
		e = irqs_each(r->k, put_irq, t);
	if (e >= 0)
		e = put_irq_stats(r->out, r->k, t->width);
	return e;
}
