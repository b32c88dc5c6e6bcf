#include "kernel/cpu/irq.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/guard.h"
#include "kernel/walk/maple.h"
#include "kernel/walk/xarray.h"

static int each_of_maple(struct kernel *k, uint64_t tree, irq_fn *fn, void *arg)
{
	struct maple_walk w;
	struct maple_entry entry;
	int r = maple_begin(&w, k, tree);

	while (r >= 0 && (r = maple_next(&w, &entry)) > 0) {
		r = fn(arg, entry.first, entry.entry);
		if (r)
			break;
	}
	return r;
}

static int each_of_radix(struct kernel *k, uint64_t tree, irq_fn *fn, void *arg)
{
	struct xa_walk w;
	uint64_t irq, desc;
	int r = xa_begin(&w, k, tree);

	while (r >= 0 && (r = xa_next(&w, &irq, &desc)) > 0) {
		r = fn(arg, irq, desc);
		if (r)
			break;
	}
	return r;
}

int irqs_each(struct kernel *k, irq_fn *fn, void *arg)
{
	uint64_t tree;
	int r = symbol_addr(k, "sparse_irqs", &tree); /* 721255b9826b (v6.5) */

	if (r >= 0) {
		r = each_of_maple(k, tree, fn, arg);
	} else if (r == -ENOENT) {
		r = symbol_addr(k, "irq_desc_tree", &tree);
		if (r >= 0)
			r = each_of_radix(k, tree, fn, arg);
	}
	return r < 0 ? within(r, "interrupts") : r;
}

int irqs_nr(struct kernel *k, uint64_t *ret)
{
	int r = symbol_u64(k, "nr_irqs", 4, ret);

	return r == -ENOENT ? symbol_u64(k, "total_nr_irqs", 4, ret) : r;
}

int irq_count(struct kernel *k, uint64_t desc, size_t cpu, uint64_t *ret)
{
	uint64_t counts, at;
	int r = field_u64(k, desc, F_irq_kstat_irqs, &counts);

	*ret = 0;
	if (r < 0 || !counts)
		return r;
	r = percpu_addr(k, counts, cpu, &at);
	return r < 0 ? r : kernel_read_uint(k, at, 4, ret);
}

int irq_is_hidden(struct kernel *k, uint64_t desc, bool *ret)
{
	uint64_t settings, hidden = 0;
	int r = field_u64(k, desc, F_irq_settings, &settings);

	if (r >= 0 && kernel_enumerator(k, "IRQ_HIDDEN", &hidden) < 0)
		hidden = 0;
	if (r >= 0)
		*ret = settings & hidden;
	return r;
}

/* A cpumask_var_t is the mask, or with CONFIG_CPUMASK_OFFSTACK a pointer to it. */
static int mask_at(struct kernel *k, uint64_t owner, enum field f, uint64_t *ret)
{
	const struct place *p;
	int r = field_place(k, f, &p);

	if (r < 0)
		return r;
	return type_strip(p->type)->kind == TYPE_POINTER ? field_u64(k, owner, f, ret)
							 : field_addr(k, owner, f, ret);
}

int irq_affinity(struct kernel *k, uint64_t desc, bool effective, struct cpu_mask *ret)
{
	enum field f = effective ? F_irq_effective_affinity : F_irq_affinity;
	const struct cpus *c;
	uint64_t at;
	int r = cpus_get(k, &c);

	*ret = (struct cpu_mask){ 0 };
	if (r >= 0)
		r = mask_at(k, desc, f, &at);
	for (size_t i = 0; r >= 0 && i < (c->nr + 63) / 64; i++)
		r = kernel_read_uint(k, at + 8 * i, 8, &ret->bits[i]);
	return r;
}

int irq_count_all(struct kernel *k, uint64_t desc, uint64_t *ret)
{
	const struct cpus *c;
	uint64_t n, sum = 0;
	int r = cpus_get(k, &c);

	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = irq_count(k, desc, cpu, &n);
		if (r >= 0)
			sum += n;
	}
	if (r >= 0)
		*ret = sum;
	return r;
}

static int read_action(struct kernel *k, uint64_t addr, struct irq_action *ret)
{
	uint64_t primary;
	int r = field_u64(k, addr, F_irqaction_handler, &ret->handler);

	ret->addr = addr;
	if (r >= 0)
		r = field_u64(k, addr, F_irqaction_thread, &ret->thread);
	if (r >= 0)
		r = field_str(k, addr, F_irqaction_name, ret->name, sizeof(ret->name));
	/* The kernel's own stands in for one that has but a thread. */
	if (r >= 0 && ret->thread && symbol_addr(k, "irq_default_primary_handler", &primary) >= 0 &&
	    ret->handler == primary)
		r = field_u64(k, addr, F_irqaction_thread_fn, &ret->handler);
	return r;
}

int irq_actions_each(struct kernel *k, uint64_t desc, irq_action_fn *fn, void *arg)
{
	struct guard guard = { 0 };
	struct irq_action a;
	uint64_t at;
	int r = field_u64(k, desc, F_irq_action, &at);

	while (r >= 0 && at) {
		r = guard_step(&guard, at);
		if (r >= 0)
			r = read_action(k, at, &a);
		if (r >= 0)
			r = fn(arg, &a);
		if (r)
			break;
		r = field_u64(k, at, F_irqaction_next, &at);
	}
	return r;
}
