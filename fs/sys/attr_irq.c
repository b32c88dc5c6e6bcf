/* /sys/kernel/irq: kernel/irq/irqdesc.c. */
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/sys/attr.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/irq.h"
#include "kernel/walk/guard.h"

enum { LEVEL = 1 << 13, WAKEUP = 1 << 14 }; /* IRQD_* */

static int put_actions(struct sysfile *a)
{
	struct guard guard = { 0 };
	const char *sep = "";
	char name[IRQ_NAME_LEN];
	uint64_t at, text;
	int r = field_u64(a->k, a->of, F_irq_action, &at);

	while (r >= 0 && at) {
		r = guard_step(&guard, at);
		if (r >= 0)
			r = field_u64(a->k, at, F_irqaction_name, &text);
		/* One that leads to another controller has none. */
		if (r >= 0 && !text)
			snprintf(name, sizeof(name), "(null)");
		else if (r >= 0)
			r = field_str(a->k, at, F_irqaction_name, name, sizeof(name));
		if (r >= 0)
			r = field_u64(a->k, at, F_irqaction_next, &at);
		if (r < 0)
			break;
		put_str(a->out, sep);
		put_escaped(a->out, name, strlen(name), "");
		sep = ",";
	}
	put_str(a->out, *sep ? "\n" : "");
	return r < 0 ? r : 1;
}

/* Of what the structure @at has; nothing where there is none. */
static int put_name(struct sysfile *a, uint64_t at, enum field f)
{
	char name[IRQ_NAME_LEN] = "";
	int r = at ? field_str(a->k, at, f, name, sizeof(name)) : 0;

	if (r >= 0 && *name) {
		put_escaped(a->out, name, strlen(name), "");
		put_str(a->out, "\n");
	}
	return r < 0 ? r : 1;
}

static int put_chip_name(struct sysfile *a)
{
	uint64_t chip;
	int r = field_u64(a->k, a->of, F_irq_chip, &chip);

	return r < 0 ? r : put_name(a, chip, F_irq_chip_name);
}

static int put_own_name(struct sysfile *a)
{
	return put_name(a, a->of, F_irq_name);
}

static int put_hwirq(struct sysfile *a)
{
	uint64_t domain, v;
	int r = field_u64(a->k, a->of, F_irq_domain, &domain);

	if (r >= 0)
		r = field_u64(a->k, a->of, F_irq_hwirq, &v);
	if (r < 0)
		return r;
	return domain ? put_attr_number(a, ATTR_UDEC, v) : 1;
}

static int put_counts(struct sysfile *a)
{
	const struct cpus *c;
	const char *sep = "";
	uint64_t n;
	int r = cpus_get(a->k, &c);

	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = irq_count(a->k, a->of, cpu, &n);
		if (r >= 0)
			put(a->out, "%s%lu", sep, n);
		sep = ",";
	}
	put_str(a->out, "\n");
	return r < 0 ? r : 1;
}

static int put_state(struct sysfile *a)
{
	uint64_t v;
	int r = field_u64(a->k, a->of, F_irq_state, &v);

	if (r < 0)
		return r;
	if (!strcmp(a->name, "type"))
		put_str(a->out, v & LEVEL ? "level\n" : "edge\n");
	else
		put_str(a->out, v & WAKEUP ? "enabled\n" : "disabled\n");
	return 1;
}

int put_irq_attr(struct sysfile *a)
{
	static const struct {
		const char *name;
		attr_fn *put;
	} files[] = {
		{ "actions", put_actions }, { "chip_name", put_chip_name },  { "hwirq", put_hwirq },
		{ "name", put_own_name },   { "per_cpu_count", put_counts }, { "type", put_state },
		{ "wakeup", put_state },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!strcmp(files[i].name, a->name))
			return files[i].put(a);
	return 0;
}
