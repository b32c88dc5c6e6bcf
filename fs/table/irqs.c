/* /irqs. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "dump/base/mask.h"
#include "fs/table/table.h"
#include "kernel/cpu/irq.h"
#include "kernel/fields.h"

static void put_cpus(struct render *r, uint64_t desc, bool effective)
{
	const struct cpus *c;
	struct cpu_mask mask;
	STRBUF(text);

	if (cpus_get(r->k, &c) < 0 || irq_affinity(r->k, desc, effective, &mask) < 0)
		put_str(&text, "?");
	else
		put_mask_list(&text, mask.bits, c->nr);
	put(r->out, " %-9s", text.data ? text.data : "-");
}

/* What all lines of an interrupt begin with. */
static int put_desc(struct strbuf *out, struct kernel *k, uint64_t irq, uint64_t desc)
{
	char name[IRQ_NAME_LEN] = "";
	uint64_t chip, domain, hwirq, count, unhandled, depth;
	int e = field_u64(k, desc, F_irq_chip, &chip);

	if (e >= 0 && chip)
		e = field_str(k, chip, F_irq_chip_name, name, sizeof(name));
	if (e >= 0)
		e = field_u64(k, desc, F_irq_domain, &domain);
	if (e >= 0)
		e = field_u64(k, desc, F_irq_hwirq, &hwirq);
	if (e >= 0)
		e = irq_count_all(k, desc, &count);
	if (e >= 0)
		e = field_u64(k, desc, F_irq_irqs_unhandled, &unhandled);
	if (e >= 0)
		e = field_u64(k, desc, F_irq_depth, &depth);
	if (e < 0)
		return e;
	put(out, "%4lu  %016lx  ", irq, desc);
	put_name_column(out, name, 21);
	if (domain)
		put(out, " %10lu", hwirq);
	else
		put(out, " %10s", "-");
	put(out, " %12lu %9lu %5lu ", count, unhandled, depth);
	return 0;
}

struct irq_line {
	struct render *r;
	uint64_t desc;
	struct strbuf head; /* what it begins with */
	uint64_t n;	    /* lines that were put */
};

static void put_head(struct irq_line *l)
{
	put_bytes(l->r->out, l->head.data, l->head.len);
	put_cpus(l->r, l->desc, false);
	put_cpus(l->r, l->desc, true);
	l->n++;
}

static int put_action(void *arg, const struct irq_action *a)
{
	struct irq_line *l = arg;
	struct strbuf *out = l->r->out;
	uint64_t pid;

	put_head(l);
	put(out, " %016lx  ", a->addr);
	put_place_column(out, l->r->k, a->handler, 32);
	if (!a->thread)
		put(out, " %7s  ", "-");
	else if (field_u64(l->r->k, a->thread, F_task_pid, &pid) < 0)
		put(out, " %7s  ", "?");
	else
		put(out, " %7lu  ", pid);
	put_escaped(out, *a->name ? a->name : "-", strlen(*a->name ? a->name : "-"), "");
	put_str(out, "\n");
	return 0;
}

static int put_irq(void *arg, uint64_t irq, uint64_t desc)
{
	struct render *r = arg;
	struct irq_line l = { .r = r, .desc = desc };
	int e = put_desc(&l.head, r->k, irq, desc);

	if (e >= 0 && l.head.error)
		e = fail(l.head.error, "interrupt %lu", irq);
	if (e >= 0)
		e = irq_actions_each(r->k, desc, put_action, &l);
	if (e >= 0 && !l.n) {
		put_head(&l);
		put(r->out, " %-16s  %-32s %7s  -\n", "-", "-", "-");
	}
	strbuf_fini(&l.head);
	if (e >= 0 || e == -EINTR || e == -ENOMEM)
		return e;
	put(r->out, "!! irq %lu: %s\n", irq, why());
	return 0;
}

int gen_irqs(struct render *r)
{
	put(r->out, "%4s  %-16s  %-21s %10s %12s %9s %5s  %-9s %-9s %-16s  %-32s %7s  %s\n", "IRQ",
	    "DESC", "CHIP", "HWIRQ", "COUNT", "UNHANDLED", "DEPTH", "AFFINITY", "EFFECTIVE",
	    "ACTION", "HANDLER", "THREAD", "NAME");
	return irqs_each(r->k, put_irq, r);
}
