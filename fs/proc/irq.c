/* /proc/irq: which CPUs interrupts go to, who handles them, and how often nobody did. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "dump/base/mask.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/irq.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"
#include "kernel/walk/guard.h"

#define ACTION_NAME_LEN 128 /* MAX_NAMELEN */

struct adding {
	struct render *r;
	struct names *names;
};

static int add_irq(void *arg, uint64_t irq, uint64_t desc)
{
	struct adding *a = arg;
	char name[24];
	uint64_t dir;
	int e = field_u64(a->r->k, desc, F_irq_dir, &dir);

	if (e < 0 || !dir)
		return e;
	snprintf(name, sizeof(name), "%lu", irq);
	names_add(a->names, name, desc);
	return 0;
}

static int add_irqs(struct render *r, struct names *names)
{
	struct adding a = { r, names };

	return irqs_each(r->k, add_irq, &a);
}

const struct lister list_irqs = { .list = add_irqs };

/* Of several with one name the first has the directory, as procfs has it. */
static int add_actions(struct render *r, struct names *names)
{
	char name[ACTION_NAME_LEN];
	struct guard guard = { 0 };
	uint64_t action, dir;
	int e = field_u64(r->k, r->key[0].id, F_irq_action, &action);

	while (e >= 0 && action) {
		e = guard_step(&guard, action);
		if (e >= 0)
			e = field_u64(r->k, action, F_irqaction_dir, &dir);
		if (e >= 0 && dir) {
			e = field_str(r->k, action, F_irqaction_name, name, sizeof(name));
			if (e >= 0)
				names_add(names, name, action);
		}
		if (e >= 0)
			e = field_u64(r->k, action, F_irqaction_next, &action);
	}
	return e < 0 ? within(e, "interrupt %s", r->key[0].name) : 0;
}

const struct lister list_irq_actions = { .list = add_actions };

static int put_cpus(struct render *r, const struct cpu_mask *mask, bool list)
{
	const struct cpus *c;
	int e = cpus_get(r->k, &c);

	if (e < 0)
		return e;
	(list ? put_mask_list : put_mask)(r->out, mask->bits, c->nr);
	put_str(r->out, "\n");
	return 0;
}

/* Those that it may go to: where it waits for an interrupt to move, the ones that it will. */
static int put_affinity(struct render *r, bool list)
{
	uint64_t desc = r->key[0].id, state, pending = 0, at;
	enum field f = F_irq_affinity;
	struct cpu_mask mask;
	int e = field_u64(r->k, desc, F_irq_state, &state);

	if (kernel_enumerator(r->k, "IRQD_SETAFFINITY_PENDING", &pending) >= 0 && state & pending &&
	    field_exists(r->k, F_irq_pending_mask))
		f = F_irq_pending_mask;
	if (e >= 0)
		e = field_addr(r->k, desc, f, &at);
	if (e >= 0)
		e = cpu_mask_var(r->k, at, f, &mask);
	return e < 0 ? e : put_cpus(r, &mask, list);
}

int gen_irq_affinity(struct render *r)
{
	return put_affinity(r, false);
}

int gen_irq_affinity_list(struct render *r)
{
	return put_affinity(r, true);
}

bool has_irq_effective(struct render *r)
{
	return field_exists(r->k, F_irq_effective_affinity);
}

static int put_effective(struct render *r, bool list)
{
	struct cpu_mask mask;
	uint64_t at;
	int e = field_addr(r->k, r->key[0].id, F_irq_effective_affinity, &at);

	if (e >= 0)
		e = cpu_mask_var(r->k, at, F_irq_effective_affinity, &mask);
	return e < 0 ? e : put_cpus(r, &mask, list);
}

int gen_irq_effective(struct render *r)
{
	return put_effective(r, false);
}

int gen_irq_effective_list(struct render *r)
{
	return put_effective(r, true);
}

int gen_irq_affinity_hint(struct render *r)
{
	struct cpu_mask mask = { 0 };
	uint64_t at;
	int e = field_u64(r->k, r->key[0].id, F_irq_affinity_hint, &at);

	if (e >= 0 && at)
		e = cpu_mask_read(r->k, at, &mask);
	return e < 0 ? e : put_cpus(r, &mask, false);
}

int gen_irq_default_affinity(struct render *r)
{
	struct cpu_mask mask;
	uint64_t at;
	int e = symbol_addr(r->k, "irq_default_affinity", &at);

	if (e >= 0)
		e = cpu_mask_var(r->k, at, F_irq_affinity, &mask);
	return e < 0 ? e : put_cpus(r, &mask, false);
}

int gen_irq_node(struct render *r)
{
	uint64_t node;
	int e = field_u64(r->k, r->key[0].id, F_irq_node, &node);

	if (e >= 0)
		put(r->out, "%d\n", (int)node);
	return e;
}

int gen_irq_spurious(struct render *r)
{
	uint64_t desc = r->key[0].id, count, unhandled, last, hz;
	int e = field_u64(r->k, desc, F_irq_irq_count, &count);

	if (e >= 0)
		e = field_u64(r->k, desc, F_irq_unhandled, &unhandled);
	if (e >= 0)
		e = field_u64(r->k, desc, F_irq_last_unhandled, &last);
	if (e >= 0)
		e = kernel_hz(r->k, &hz);
	if (e >= 0 && !hz)
		e = fail(-EBADMSG, "no ticks a second");
	if (e >= 0)
		put(r->out, "count %u\nunhandled %u\nlast_unhandled %u ms\n", (unsigned int)count,
		    (unsigned int)unhandled, (unsigned int)(last * 1000 / hz));
	return e;
}
