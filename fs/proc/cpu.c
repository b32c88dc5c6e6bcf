/* /proc/stat, softirqs: what CPUs did. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/proc/irq_stats.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/cpu_time.h"
#include "kernel/fields.h"
#include "kernel/cpu/irq.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"

#define NSEC_PER_TICK 10000000 /* USER_HZ is 100 everywhere */
#define SOFTIRQS_MAX  64
#define SOFTIRQ_LEN   32

/* In the order of /proc/stat. */
static const enum cpu_use shown[CPU_USES] = {
	CPU_USER, CPU_NICE,    CPU_SYSTEM, CPU_IDLE,  CPU_IOWAIT,
	CPU_IRQ,  CPU_SOFTIRQ, CPU_STEAL,  CPU_GUEST, CPU_GUEST_NICE,
};

static void put_times(struct strbuf *out, const struct cpu_time *t)
{
	for (size_t i = 0; i < CPU_USES; i++)
		put(out, " %lu", t->ns[shown[i]] / NSEC_PER_TICK);
	put_str(out, "\n");
}

static int put_cpu_lines(struct render *r, const struct cpus *c)
{
	struct cpu_time sum = { 0 }, t;
	STRBUF(lines);
	bool up;
	int e = 0;

	for (size_t cpu = 0; e >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		e = cpu_time(r->k, cpu, &t);
		if (e >= 0)
			e = cpu_was_online(r->k, cpu, &up);
		if (e < 0)
			break;
		for (size_t i = 0; i < CPU_USES; i++)
			sum.ns[i] += t.ns[i];
		if (!up)
			continue;
		put(&lines, "cpu%zu", cpu);
		put_times(&lines, &t);
	}
	if (e < 0)
		return e;
	put_str(r->out, "cpu ");
	put_times(r->out, &sum);
	put_bytes(r->out, lines.data, lines.len);
	return lines.error;
}

struct listing {
	struct render *r;
	uint64_t next, nr;
};

static void put_gap(struct listing *l, uint64_t to)
{
	for (; l->next < to && l->next < l->nr; l->next++)
		put_str(l->r->out, " 0");
}

static int put_irq(void *arg, uint64_t irq, uint64_t desc)
{
	struct listing *l = arg;
	uint64_t sum = 0, n;
	const struct cpus *c;
	int e = cpus_get(l->r->k, &c);

	put_gap(l, irq);
	for (size_t cpu = 0; e >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		e = irq_count(l->r->k, desc, cpu, &n);
		if (e >= 0)
			sum += n;
	}
	put(l->r->out, " %u", (unsigned int)sum);
	l->next = irq + 1;
	return e;
}

static int put_intr(struct render *r)
{
	enum { IRQS_MAX = 1 << 20 };
	struct listing l = { .r = r };
	uint64_t kstat, other;
	int64_t sum;
	int e = symbol_addr(r->k, "kstat", &kstat);

	if (e >= 0)
		e = field_addr(r->k, kstat, F_kstat_irqs_sum, &kstat);
	if (e >= 0)
		e = percpu_sum(r->k, kstat, 8, &sum);
	if (e >= 0)
		e = irq_stats_sum(r->k, &other);
	if (e >= 0)
		e = irqs_nr(r->k, &l.nr);
	if (e >= 0 && l.nr > IRQS_MAX)
		e = fail(-EBADMSG, "%lu interrupts", l.nr);
	if (e < 0)
		return e;
	put(r->out, "intr %lu", (uint64_t)sum + other);
	e = irqs_each(r->k, put_irq, &l);
	put_gap(&l, l.nr);
	put_str(r->out, "\n");
	return e;
}

/* The number of each kind of softirq that @cpu has handled, or with @all all have. */
static int softirq_count(struct kernel *k, size_t cpu, bool all, size_t i, uint64_t *ret)
{
	uint64_t at;
	int64_t sum;
	int r = symbol_addr(k, "kstat", &at);

	if (r >= 0)
		r = field_addr(k, at, F_kstat_softirqs, &at);
	if (r < 0)
		return r;
	at += 4 * i;
	if (all) {
		r = percpu_sum(k, at, 4, &sum);
		*ret = (uint64_t)sum;
		return r;
	}
	r = percpu_addr(k, at, cpu, &at);
	return r < 0 ? r : kernel_read_uint(k, at, 4, ret);
}

static int put_softirq_sums(struct render *r)
{
	uint64_t v[SOFTIRQS_MAX], n, sum = 0;
	int e = field_count(r->k, F_kstat_softirqs, &n);

	for (size_t i = 0; e >= 0 && i < n && i < SOFTIRQS_MAX; i++) {
		e = softirq_count(r->k, 0, true, i, &v[i]);
		sum += e < 0 ? 0 : v[i];
	}
	if (e < 0)
		return e;
	put(r->out, "softirq %lu", sum);
	for (size_t i = 0; i < n && i < SOFTIRQS_MAX; i++)
		put(r->out, " %lu", v[i]);
	put_str(r->out, "\n");
	return 0;
}

int gen_proc_stat(struct render *r)
{
	struct cpu_counts counts;
	struct clocks clocks;
	const struct cpus *c;
	uint64_t forks;
	int e = cpus_get(r->k, &c);

	if (e >= 0)
		e = put_cpu_lines(r, c);
	if (e >= 0)
		e = put_intr(r);
	if (e >= 0)
		e = cpu_counts(r->k, &counts);
	if (e >= 0)
		e = kernel_clocks(r->k, &clocks);
	if (e >= 0)
		e = symbol_u64(r->k, "total_forks", 8, &forks);
	if (e < 0)
		return e;
	put(r->out, "ctxt %lu\nbtime %lu\nprocesses %lu\nprocs_running %lu\nprocs_blocked %lu\n",
	    counts.switches, (clocks.real - clocks.boot) / 1000000000, forks, counts.running,
	    counts.iowait);
	return put_softirq_sums(r);
}

int gen_proc_softirqs(struct render *r)
{
	uint64_t names, name, n, v;
	char text[SOFTIRQ_LEN];
	const struct cpus *c;
	int e = cpus_get(r->k, &c);

	if (e >= 0)
		e = symbol_addr(r->k, "softirq_to_name", &names);
	if (e >= 0)
		e = field_count(r->k, F_kstat_softirqs, &n);
	if (e < 0)
		return e;
	put_str(r->out, "                    ");
	for (size_t cpu = 0; cpu < c->nr; cpu++)
		if (cpu_is_in(&c->possible, cpu))
			put(r->out, "CPU%-8zu", cpu);
	put_str(r->out, "\n");
	for (size_t i = 0; e >= 0 && i < n && i < SOFTIRQS_MAX; i++) {
		e = kernel_read_uint(r->k, names + 8 * i, 8, &name);
		if (e >= 0)
			e = kernel_read_str(r->k, name, text, sizeof(text));
		if (e < 0)
			break;
		put(r->out, "%12s:", text);
		for (size_t cpu = 0; e >= 0 && cpu < c->nr; cpu++) {
			if (!cpu_is_in(&c->possible, cpu))
				continue;
			e = softirq_count(r->k, cpu, false, i, &v);
			if (e >= 0)
				put(r->out, " %10u", (unsigned int)v);
		}
		put_str(r->out, "\n");
	}
	return e;
}
