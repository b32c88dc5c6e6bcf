/* /proc/schedstat, pressure. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/proc/pressure.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/guard.h"

#define DOMAIN_NAME 32

static int put_words(struct render *r, uint64_t owner, const enum field *f, size_t n)
{
	uint64_t v;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < n; i++) {
		e = field_u64(r->k, owner, f[i], &v);
		if (e >= 0)
			put(r->out, " %lu", v);
	}
	return e;
}

#define WORDS(a) a, sizeof(a) / sizeof((a)[0])

/* The CPUs of a domain as one number, in words of 32 bits. */
static int put_span(struct render *r, uint64_t domain, size_t nr)
{
	uint64_t at, v;
	size_t words = (nr + 31) / 32;
	int e;

	/* Since v7.1 it has no name: it lies behind the structure. */
	if (field_exists(r->k, F_domain_span)) {
		e = field_addr(r->k, domain, F_domain_span, &at);
	} else {
		e = kernel_sizeof(r->k, "sched_domain", &at);
		at += domain;
	}

	for (size_t i = words; e >= 0 && i-- > 0;) {
		size_t digits = i + 1 < words ? 8 : (nr - 32 * i + 3) / 4;

		e = kernel_read_uint(r->k, at + 4 * i, 4, &v);
		if (e >= 0)
			put(r->out, "%0*x%s", (int)digits, (unsigned int)v, i ? "," : "");
	}
	return e;
}

/* How balancing went, for each kind of idleness; numbers of the same kind lie side by side. */
static int put_balancing(struct render *r, uint64_t domain)
{
	static const enum field counts[] = {
		F_domain_lb_count,	    F_domain_lb_balanced,
		F_domain_lb_failed,	    F_domain_lb_imbalance,
		F_domain_lb_imbalance_load, F_domain_lb_imbalance_util,
		F_domain_lb_imbalance_task, F_domain_lb_imbalance_misfit,
		F_domain_lb_gained,	    F_domain_lb_hot_gained,
		F_domain_lb_nobusyq,	    F_domain_lb_nobusyg,
	};
	uint64_t at, kinds, v;
	int e = field_count(r->k, F_domain_lb_count, &kinds);

	for (size_t kind = 0; e >= 0 && kind < kinds && kind < 16; kind++)
		for (size_t i = 0; e >= 0 && i < sizeof(counts) / sizeof(counts[0]); i++) {
			if (!field_exists(r->k, counts[i]))
				continue;
			e = field_addr(r->k, domain, counts[i], &at);
			if (e >= 0)
				e = kernel_read_uint(r->k, at + 4 * kind, 4, &v);
			if (e >= 0)
				put(r->out, " %u", (unsigned int)v);
		}
	return e;
}

static int put_domains(struct render *r, uint64_t rq, size_t nr)
{
	static const enum field rest[] = {
		F_domain_alb_count,	   F_domain_alb_failed,	      F_domain_alb_pushed,
		F_domain_sbe_count,	   F_domain_sbe_balanced,     F_domain_sbe_pushed,
		F_domain_sbf_count,	   F_domain_sbf_balanced,     F_domain_sbf_pushed,
		F_domain_ttwu_wake_remote, F_domain_ttwu_move_affine, F_domain_ttwu_move_balance,
	};
	struct guard guard = { 0 };
	char name[DOMAIN_NAME];
	uint64_t domain;
	int e = field_u64(r->k, rq, F_rq_sd, &domain);

	for (size_t i = 0; e >= 0 && domain; i++) {
		e = guard_step(&guard, domain);
		put(r->out, "domain%zu ", i);
		/* With its name since version 17. */
		if (e >= 0 && field_exists(r->k, F_domain_lb_imbalance_load)) {
			e = field_str(r->k, domain, F_domain_name, name, sizeof(name));
			put(r->out, "%s ", e < 0 ? "" : name);
		}
		if (e >= 0)
			e = put_span(r, domain, nr);
		if (e >= 0)
			e = put_balancing(r, domain);
		if (e >= 0)
			e = put_words(r, domain, WORDS(rest));
		put_str(r->out, "\n");
		if (e >= 0)
			e = field_u64(r->k, domain, F_domain_parent, &domain);
	}
	return e;
}

/* Which form it is: 17 with kinds of imbalance, 16 when a busy CPU became the first kind. */
static int version_of(struct kernel *k)
{
	uint64_t busy;

	if (field_exists(k, F_domain_lb_imbalance_load))
		return 17;
	return kernel_enumerator(k, "CPU_NOT_IDLE", &busy) >= 0 ||
			       kernel_enumerator(k, "__CPU_NOT_IDLE", &busy) >= 0
		       ? (busy ? 15 : 16)
		       : 15;
}

int gen_proc_schedstat(struct render *r)
{
	static const enum field counts[] = {
		F_rq_sched_count, F_rq_sched_goidle, F_rq_ttwu_count, F_rq_ttwu_local,
		F_rq_cpu_time,	  F_rq_run_delay,    F_rq_pcount,
	};
	const struct cpus *c;
	uint64_t jiffies, rq, yields;
	bool up;
	int e = cpus_get(r->k, &c);

	if (e >= 0)
		e = symbol_u64(r->k, "jiffies_64", 8, &jiffies);
	if (e < 0)
		return e;
	put(r->out, "version %d\ntimestamp %lu\n", version_of(r->k), jiffies);
	for (size_t cpu = 0; e >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		e = cpu_was_online(r->k, cpu, &up);
		if (e < 0 || !up)
			continue;
		e = cpu_rq(r->k, cpu, &rq);
		if (e >= 0)
			e = field_u64(r->k, rq, F_rq_yld_count, &yields);
		if (e < 0)
			break;
		put(r->out, "cpu%zu %u 0", cpu, (unsigned int)yields);
		e = put_words(r, rq, WORDS(counts));
		put_str(r->out, "\n");
		if (e >= 0)
			e = put_domains(r, rq, c->nr);
	}
	return e;
}

/* A line of averages, in hundredths of percent. */
static int put_pressure_line(struct render *r, uint64_t group, const char *label, uint64_t state,
			     bool none)
{
	enum { FIXED_1 = 2048, AVERAGES = 3, NSEC_PER_USEC = 1000 };
	static const char *const names[AVERAGES] = { "avg10", "avg60", "avg300" };
	uint64_t averages, total, v;
	int e = field_addr(r->k, group, F_psi_avg, &averages);

	if (e >= 0)
		e = field_addr(r->k, group, F_psi_total, &total);
	put_str(r->out, label);
	for (size_t i = 0; e >= 0 && i < AVERAGES; i++) {
		e = kernel_read_uint(r->k, averages + 8 * (AVERAGES * state + i), 8, &v);
		if (none)
			v = 0;
		if (e >= 0)
			put(r->out, " %s=%lu.%02lu", names[i], v / FIXED_1,
			    v % FIXED_1 * 100 / FIXED_1);
	}
	if (e >= 0)
		e = kernel_read_uint(r->k, total + 8 * state, 8, &v);
	if (e >= 0)
		put(r->out, " total=%lu\n", none ? 0 : v / NSEC_PER_USEC);
	return e;
}

/* As of the last time that someone averaged: every two seconds while there is any. */
int put_pressure(struct render *r, uint64_t group, const char *some, const char *full, bool is_cpu)
{
	uint64_t all, state;
	int e = symbol_addr(r->k, "psi_system", &all);

	if (e >= 0) {
		e = kernel_enumerator(r->k, some, &state);
		if (e >= 0)
			e = put_pressure_line(r, group, "some", state, false);
	}
	/* Of the whole machine not all can lack a CPU. */
	if (e >= 0) {
		e = kernel_enumerator(r->k, full, &state);
		if (e == -ENOENT && is_cpu) /* until v5.12 */
			return 0;
		if (e >= 0)
			e = put_pressure_line(r, group, "full", state, is_cpu && group == all);
	}
	return e;
}

static int put_system_pressure(struct render *r, const char *some, const char *full, bool is_cpu)
{
	uint64_t all;
	int e = symbol_addr(r->k, "psi_system", &all);

	return e < 0 ? e : put_pressure(r, all, some, full, is_cpu);
}

static bool has_pressure(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "psi_system", &va) >= 0 && field_exists(r->k, F_psi_avg);
}

bool has_pressure_cpu(struct render *r)
{
	return has_pressure(r);
}

int gen_pressure_cpu(struct render *r)
{
	return put_system_pressure(r, "PSI_CPU_SOME", "PSI_CPU_FULL", true);
}

bool has_pressure_io(struct render *r)
{
	return has_pressure(r);
}

int gen_pressure_io(struct render *r)
{
	return put_system_pressure(r, "PSI_IO_SOME", "PSI_IO_FULL", false);
}

bool has_pressure_memory(struct render *r)
{
	return has_pressure(r);
}

int gen_pressure_memory(struct render *r)
{
	return put_system_pressure(r, "PSI_MEM_SOME", "PSI_MEM_FULL", false);
}
