/* cpu.*: what a control group has used of the CPUs, and may. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/sys/cgroup_file.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/cpu_time.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/times.h"

#define NSEC_PER_USEC 1000
#define SHARES_SHIFT  10 /* of a weight: scale_load_down() */
#define NICE_MIN      (-20)
#define NICES	      40

/* Parts of struct cgroup_base_stat, in ns. */
enum { USER, SYSTEM, EXACT, NICE, FORCED_IDLE, PARTS };

static const enum field parts[PARTS] = { F_bstat_utime, F_bstat_stime, F_bstat_exec, F_bstat_ntime,
					 F_bstat_forceidle };

static int own_time(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret)
{
	uint64_t at, percpu, now, then, more;
	int r = field_addr(c->k, cgroup, F_cgroup_bstat, &at);

	if (r >= 0)
		r = field_u64(c->k, at, parts[c->i], ret);
	if (r >= 0)
		r = field_u64(c->k, cgroup, F_cgroup_rstat, &percpu);
	if (r >= 0)
		r = field_addr(c->k, percpu, F_rstat_bstat, &now);
	if (r >= 0)
		r = field_addr(c->k, now, parts[c->i], &now);
	if (r >= 0)
		r = field_addr(c->k, percpu, F_rstat_last_bstat, &then);
	if (r >= 0)
		r = field_addr(c->k, then, parts[c->i], &then);
	if (r >= 0)
		r = percpu_growth(c->k, now, then, &more);
	if (r >= 0)
		*ret += more;
	return r;
}

static int taken_time(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret)
{
	uint64_t at;
	int r = field_addr(c->k, cgroup, F_cgroup_last_bstat, &at);

	return r < 0 ? r : field_u64(c->k, at, parts[c->i], ret);
}

/* Of the whole machine: as in /proc/stat. */
static int root_times(struct cgroup_file *f, uint64_t t[PARTS])
{
	const struct cpus *c;
	struct cpu_time u;
	int r = cpus_get(f->k, &c);

	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		uint64_t user, system;

		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = cpu_time(f->k, cpu, &u);
		if (r < 0)
			break;
		user = u.ns[CPU_USER] + u.ns[CPU_NICE];
		system = u.ns[CPU_SYSTEM] + u.ns[CPU_IRQ] + u.ns[CPU_SOFTIRQ];
		t[USER] += user;
		t[SYSTEM] += system;
		t[EXACT] += user + system + u.ns[CPU_STEAL];
		t[NICE] += u.ns[CPU_NICE];
	}
	return r;
}

static int group_times(struct cgroup_file *f, uint64_t t[PARTS])
{
	struct cgroup_count c = { .k = f->k, .own = own_time, .taken = taken_time };
	uint64_t told_user, told_system;
	int r = 0;

	for (c.i = 0; r >= 0 && c.i < PARTS; c.i++)
		if (field_exists(f->k, parts[c.i]))
			r = cgroup_total(&c, f->cgroup, &t[c.i]);
	if (r >= 0)
		r = field_u64(f->k, f->cgroup, F_cgroup_prev_utime, &told_user);
	if (r >= 0)
		r = field_u64(f->k, f->cgroup, F_cgroup_prev_stime, &told_system);
	if (r >= 0)
		times_adjust(t[EXACT], told_user, told_system, &t[USER], &t[SYSTEM]);
	return r;
}

/* Of the controller: the struct task_group. */
static int task_group_of(struct cgroup_file *f, uint64_t *ret)
{
	return field_owner(f->k, f->css, F_task_group_css, ret);
}

static int put_bandwidth_stat(struct cgroup_file *f)
{
	static const struct {
		const char *name;
		enum field field;
		uint64_t unit;
	} rows[] = {
		{ "nr_periods", F_bandwidth_nr_periods, 1 },
		{ "nr_throttled", F_bandwidth_nr_throttled, 1 },
		{ "throttled_usec", F_bandwidth_throttled_time, NSEC_PER_USEC },
		{ "nr_bursts", F_bandwidth_nr_burst, 1 },
		{ "burst_usec", F_bandwidth_burst_time, NSEC_PER_USEC },
	};
	uint64_t tg, v;
	int r = task_group_of(f, &tg);

	for (size_t i = 0; r >= 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!field_exists(f->k, rows[i].field))
			continue;
		r = field_u64(f->k, tg, rows[i].field, &v);
		if (r >= 0)
			put(f->out, "%s %" PRIu64 "\n", rows[i].name, v / rows[i].unit);
	}
	return r;
}

static int put_stat(struct cgroup_file *f)
{
	uint64_t t[PARTS] = { 0 };
	int r = f->root ? root_times(f, t) : group_times(f, t);

	if (r < 0)
		return r;
	put(f->out, "usage_usec %" PRIu64 "\nuser_usec %" PRIu64 "\nsystem_usec %" PRIu64 "\n",
	    t[EXACT] / NSEC_PER_USEC, t[USER] / NSEC_PER_USEC, t[SYSTEM] / NSEC_PER_USEC);
	if (field_exists(f->k, F_bstat_ntime))
		put(f->out, "nice_usec %" PRIu64 "\n", t[NICE] / NSEC_PER_USEC);
	if (field_exists(f->k, F_bstat_forceidle))
		put(f->out, "core_sched.force_idle_usec %" PRIu64 "\n",
		    t[FORCED_IDLE] / NSEC_PER_USEC);
	return f->css ? put_bandwidth_stat(f) : 0;
}

/* What it was throttled itself: of each CPU's queue. */
static int put_stat_local(struct cgroup_file *f)
{
	uint64_t tg, queues, queue, v, sum = 0;
	const struct cpus *c;
	int r;

	if (!f->css)
		return 0;
	r = task_group_of(f, &tg);
	if (r >= 0)
		r = field_u64(f->k, tg, F_task_group_cfs_rq, &queues);
	if (r >= 0)
		r = cpus_get(f->k, &c);
	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = field_exists(f->k, F_task_group_se)
			    ? kernel_read_uint(f->k, queues + 8 * cpu, 8, &queue)
			    : percpu_addr(f->k, queues, cpu, &queue);
		if (r >= 0)
			r = field_u64(f->k, queue, F_cfs_rq_throttled_self, &v);
		sum += v;
	}
	if (r >= 0)
		put(f->out, "throttled_usec %" PRIu64 "\n", sum / NSEC_PER_USEC);
	return r;
}

static int weight_of(struct cgroup_file *f, uint64_t *ret)
{
	uint64_t tg;
	int r = task_group_of(f, &tg);

	if (r >= 0)
		r = field_u64(f->k, tg, F_task_group_shares, ret);
	*ret >>= SHARES_SHIFT;
	return r;
}

static int put_weight(struct cgroup_file *f)
{
	uint64_t v = 0;
	int r = weight_of(f, &v);

	if (r >= 0)
		put(f->out, "%" PRIu64 "\n", (v * 100 + 512) / 1024);
	return r;
}

/* The nice value whose weight is next. */
static int put_weight_nice(struct cgroup_file *f)
{
	int64_t last = INT64_MAX;
	uint64_t table, v, w = 0;
	int i, r = weight_of(f, &w);

	if (r >= 0)
		r = symbol_addr(f->k, "sched_prio_to_weight", &table);
	for (i = 0; r >= 0 && i < NICES; i++) {
		r = kernel_read_uint(f->k, table + 4 * (uint64_t)i, 4, &v);
		if (r >= 0 && llabs((int64_t)v - (int64_t)w) >= last)
			break;
		last = llabs((int64_t)v - (int64_t)w);
	}
	if (r >= 0)
		put(f->out, "%d\n", i - 1 + NICE_MIN);
	return r;
}

static int put_max(struct cgroup_file *f)
{
	uint64_t tg, quota, period;
	int r = task_group_of(f, &tg);

	if (r >= 0)
		r = field_u64(f->k, tg, F_bandwidth_quota, &quota);
	if (r >= 0)
		r = field_u64(f->k, tg, F_bandwidth_period, &period);
	if (r < 0)
		return r;
	if (quota == UINT64_MAX)
		put_str(f->out, "max");
	else
		put(f->out, "%" PRIu64, quota / NSEC_PER_USEC);
	put(f->out, " %" PRIu64 "\n", period / NSEC_PER_USEC);
	return 0;
}

static int put_member(struct cgroup_file *f, enum field member, uint64_t unit)
{
	uint64_t tg, v;
	int r = task_group_of(f, &tg);

	if (r >= 0)
		r = field_u64(f->k, tg, member, &v);
	if (r >= 0)
		put(f->out, "%" PRIu64 "\n", v / unit);
	return r;
}

static int put_burst(struct cgroup_file *f)
{
	return put_member(f, F_bandwidth_burst, NSEC_PER_USEC);
}

static int put_idle(struct cgroup_file *f)
{
	return put_member(f, F_task_group_idle, 1);
}

const struct cgroup_file_kind cgroup_cpu_files[] = {
	{ "cpu.idle", put_idle },
	{ "cpu.max", put_max },
	{ "cpu.max.burst", put_burst },
	{ "cpu.stat", put_stat },
	{ "cpu.stat.local", put_stat_local },
	{ "cpu.weight", put_weight },
	{ "cpu.weight.nice", put_weight_nice },
	{ NULL, NULL },
};
