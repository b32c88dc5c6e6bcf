#include "kernel/cpu/cpu_time.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/sys/cputime.h"
#include "kernel/sys/vitals.h"

#define TS_FLAG_IDLE_ACTIVE 4 /* of tick_sched.flags: 3ce74f1a8566 (v6.9) */
#define TS_FLAG_NOHZ	    16
#define NOHZ_INACTIVE	    0

/* Where the kernel counts each use. */
static const char *const use_names[CPU_USES] = {
	"CPUTIME_USER", "CPUTIME_NICE",	   "CPUTIME_SYSTEM", "CPUTIME_IDLE",  "CPUTIME_IOWAIT",
	"CPUTIME_IRQ",	"CPUTIME_SOFTIRQ", "CPUTIME_STEAL",  "CPUTIME_GUEST", "CPUTIME_GUEST_NICE",
};

/* The CPU sleeps between ticks: its idle time is kept apart from the rest, and the sleep that goes on
 * has yet to be added. */
static int add_sleep(struct kernel *k, uint64_t ts, size_t cpu, struct cpu_time *t)
{
	uint64_t active, idle, iowait, entry, rq, waiting = 0;
	struct clocks now;
	int r = field_u64(k, ts, F_tick_idle_sleeptime, &idle);

	if (r >= 0)
		r = field_u64(k, ts, F_tick_iowait_sleeptime, &iowait);
	if (r >= 0)
		r = field_u64(k, ts, F_tick_idle_entrytime, &entry);
	if (r >= 0 && field_exists(k, F_tick_flags)) {
		r = field_u64(k, ts, F_tick_flags, &active);
		active &= TS_FLAG_IDLE_ACTIVE;
	} else if (r >= 0) {
		r = field_u64(k, ts, F_tick_idle_active, &active);
	}
	if (r >= 0)
		r = kernel_clocks(k, &now);
	if (r >= 0)
		r = cpu_rq(k, cpu, &rq);
	if (r >= 0)
		r = field_u64(k, rq, F_rq_nr_iowait, &waiting);
	if (r < 0)
		return r;
	if (active && now.mono > entry)
		*(waiting ? &iowait : &idle) += now.mono - entry;
	t->ns[CPU_IDLE] = idle;
	t->ns[CPU_IOWAIT] = iowait;
	return 0;
}

static int is_tickless(struct kernel *k, uint64_t ts, bool *ret)
{
	uint64_t v;
	int r;

	if (field_exists(k, F_tick_nohz_mode)) {
		r = field_u64(k, ts, F_tick_nohz_mode, &v);
		*ret = v != NOHZ_INACTIVE;
	} else {
		r = field_u64(k, ts, F_tick_flags, &v);
		*ret = v & TS_FLAG_NOHZ;
	}
	return r;
}

/* Since v7.1 the sleep is in the counters themselves, but for the one that goes on. */
static int add_dyntick(struct kernel *k, uint64_t stat, size_t cpu, struct cpu_time *t)
{
	uint64_t elapse, entry, rq, waiting = 0;
	struct clocks now;
	int r = field_u64(k, stat, F_cpustat_idle_elapse, &elapse);

	if (r >= 0)
		r = field_u64(k, stat, F_cpustat_idle_entrytime, &entry);
	if (r >= 0)
		r = kernel_clocks(k, &now);
	if (r >= 0)
		r = cpu_rq(k, cpu, &rq);
	if (r >= 0)
		r = field_u64(k, rq, F_rq_nr_iowait, &waiting);
	if (r >= 0 && elapse && now.mono > entry)
		t->ns[waiting ? CPU_IOWAIT : CPU_IDLE] += now.mono - entry;
	return r;
}

int cpu_time(struct kernel *k, size_t cpu, struct cpu_time *ret)
{
	uint64_t stat, at, ts, i, unit;
	bool up, tickless;
	int r = percpu_symbol(k, "kernel_cpustat", cpu, &stat);

	*ret = (struct cpu_time){ 0 };
	if (r >= 0)
		r = field_addr(k, stat, F_cpustat_cpustat, &at);
	if (r >= 0)
		r = cputime_unit(k, &unit);
	for (size_t use = 0; r >= 0 && use < CPU_USES; use++)
		if (kernel_enumerator(k, use_names[use], &i) >= 0) {
			r = kernel_read_uint(k, at + 8 * i, 8, &ret->ns[use]);
			ret->ns[use] *= unit;
		}
	if (r >= 0)
		r = cpu_was_online(k, cpu, &up);
	if (r < 0 || !up)
		return r < 0 ? within(r, "times of CPU %zu", cpu) : 0;
	if (field_exists(k, F_cpustat_idle_elapse))
		return add_dyntick(k, stat, cpu, ret);
	/* Without the symbol the kernel has its ticks always. */
	if (percpu_symbol(k, "tick_cpu_sched", cpu, &ts) < 0)
		return 0;
	r = is_tickless(k, ts, &tickless);
	if (r >= 0 && tickless)
		r = add_sleep(k, ts, cpu, ret);
	return r < 0 ? within(r, "idle time of CPU %zu", cpu) : 0;
}

int cpu_idle_time(struct kernel *k, uint64_t *ret)
{
	const struct cpus *c;
	struct cpu_time t;
	int r = cpus_get(k, &c);

	*ret = 0;
	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = cpu_time(k, cpu, &t);
		if (r >= 0)
			*ret += t.ns[CPU_IDLE];
	}
	return r;
}

int cpu_counts(struct kernel *k, struct cpu_counts *ret)
{
	uint64_t rq, running, iowait, switches;
	const struct cpus *c;
	int r = cpus_get(k, &c);

	*ret = (struct cpu_counts){ 0 };
	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = cpu_rq(k, cpu, &rq);
		if (r >= 0)
			r = field_u64(k, rq, F_rq_nr_running, &running);
		if (r >= 0)
			r = field_u64(k, rq, F_rq_nr_iowait, &iowait);
		if (r >= 0)
			r = field_u64(k, rq, F_rq_nr_switches, &switches);
		if (r < 0)
			return within(r, "run queue of CPU %zu", cpu);
		ret->running += running;
		ret->iowait += iowait;
		ret->switches += switches;
	}
	return r;
}
