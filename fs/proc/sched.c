/* /proc/<pid>/sched. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

#define NSEC_PER_MSEC	   1000000
#define UTIL_AVG_UNCHANGED 0x80000000
#define NUMA_NODES_MAX	   1024
#define FAULT_TYPES	   2 /* private and shared */

static void put_number(struct strbuf *out, const char *label, int64_t v)
{
	put(out, "%-45s:%21ld\n", label, v);
}

static void put_time(struct strbuf *out, const char *label, int64_t ns)
{
	put(out, "%-45s:%14ld.%06ld\n", label, ns / NSEC_PER_MSEC,
	    ns % NSEC_PER_MSEC < 0 ? -(ns % NSEC_PER_MSEC) : ns % NSEC_PER_MSEC);
}

/* Lines that a kernel has when it has the member. */
struct line {
	const char *label;
	enum field f;
	bool is_time;
	uint64_t drop; /* bits that are no part of the number */
};

static int put_lines(struct render *r, const struct line *lines, size_t n)
{
	uint64_t v;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < n; i++) {
		if (!field_exists(r->k, lines[i].f))
			continue;
		e = field_u64(r->k, key_task(r), lines[i].f, &v);
		if (e < 0)
			break;
		v &= ~lines[i].drop;
		if (lines[i].is_time)
			put_time(r->out, lines[i].label, (int64_t)v);
		else
			put_number(r->out, lines[i].label, (int64_t)v);
	}
	return e;
}

#define LINES(a) a, sizeof(a) / sizeof((a)[0])

static int put_header(struct render *r)
{
	char comm[TASK_COMM_LEN];
	uint64_t pid, signal, threads;
	int e = task_comm(r->k, key_task(r), comm);

	if (e >= 0)
		e = field_u64(r->k, key_task(r), F_task_pid, &pid);
	if (e >= 0)
		e = field_u64(r->k, key_task(r), F_task_signal, &signal);
	if (e >= 0)
		e = field_u64(r->k, signal, F_signal_nr_threads, &threads);
	if (e >= 0)
		put(r->out, "%.*s (%d, #threads: %d)\n%.67s\n", TASK_COMM_LEN, comm, (int)pid,
		    (int)threads,
		    "-------------------------------------------------------------------");
	return e;
}

/* What each node's memory has to do with the task: faults that were made to happen. */
static int put_faults(struct render *r, uint64_t task)
{
	uint64_t faults, group, nodes = 1, v[2 * FAULT_TYPES];
	int e = field_u64(r->k, task, F_task_numa_faults, &faults);

	if (e >= 0)
		e = field_u64(r->k, task, F_task_numa_group, &group);
	if (e >= 0 && symbol_u64(r->k, "nr_node_ids", 4, &nodes) < 0)
		nodes = 1;
	if (e >= 0 && group)
		e = field_addr(r->k, group, F_numa_group_faults, &group);
	for (uint64_t n = 0; e >= 0 && n < nodes && n < NUMA_NODES_MAX; n++) {
		for (size_t i = 0; e >= 0 && i < 2 * FAULT_TYPES; i++) {
			uint64_t at = i < FAULT_TYPES ? faults : group;

			v[i] = 0;
			if (at) /* those of shared memory come first */
				e = kernel_read_uint(r->k,
						     at + 8 * (FAULT_TYPES * n + i % FAULT_TYPES),
						     8, &v[i]);
		}
		put(r->out,
		    "numa_faults node=%lu task_private=%lu task_shared=%lu group_private=%lu "
		    "group_shared=%lu\n",
		    n, v[1], v[0], v[3], v[2]);
	}
	return e;
}

static int put_numa(struct render *r)
{
	static const struct line lines[] = {
		{ "numa_pages_migrated", F_task_numa_pages_migrated, false, 0 },
		{ "numa_preferred_nid", F_task_numa_preferred_nid, false, 0 },
		{ "total_numa_faults", F_task_total_numa_faults, false, 0 },
	};
	uint64_t task = key_task(r), mm, v, group, id = 0, node;
	int e;

	if (!field_exists(r->k, F_task_numa_faults))
		return 0;
	e = field_u64(r->k, task, F_task_mm, &mm);
	if (e >= 0 && mm) {
		e = field_u64(r->k, mm, F_mm_numa_scan_seq, &v);
		if (e >= 0)
			put_number(r->out, "mm->numa_scan_seq", (int)v);
	}
	if (e >= 0)
		e = put_lines(r, LINES(lines));
	if (e >= 0)
		e = field_u64(r->k, task, F_task_numa_group, &group);
	if (e >= 0 && group)
		e = field_u64(r->k, group, F_numa_group_gid, &id);
	if (e >= 0)
		e = task_cpu(r->k, task, &v);
	if (e >= 0)
		e = cpu_node(r->k, v, &node);
	if (e < 0)
		return e;
	put(r->out, "current_node=%d, numa_group_id=%d\n", (int)node, (int)id);
	return put_faults(r, task);
}

static int put_switches(struct render *r)
{
	uint64_t voluntary, involuntary;
	int e = field_u64(r->k, key_task(r), F_task_nvcsw, &voluntary);

	if (e >= 0)
		e = field_u64(r->k, key_task(r), F_task_nivcsw, &involuntary);
	if (e < 0)
		return e;
	put_number(r->out, "nr_switches", (int64_t)(voluntary + involuntary));
	put_number(r->out, "nr_voluntary_switches", (int64_t)voluntary);
	put_number(r->out, "nr_involuntary_switches", (int64_t)involuntary);
	return 0;
}

/* A task of the fair class tells its slice, one with a deadline that. */
static int put_policy(struct render *r)
{
	enum { NORMAL, BATCH = 3, DEADLINE = 6 };
	static const struct line lines[] = {
		{ "policy", F_task_policy, false, 0 },
		{ "prio", F_task_prio, false, 0 },
	};
	static const struct line deadline[] = {
		{ "dl.runtime", F_task_dl_runtime, false, 0 },
		{ "dl.deadline", F_task_dl_deadline, false, 0 },
	};
	static const struct line fair[] = { { "se.slice", F_task_se_slice, false, 0 } };
	uint64_t policy;
	int e = field_u64(r->k, key_task(r), F_task_policy, &policy);

	if (e >= 0)
		e = put_lines(r, LINES(lines));
	if (e >= 0 && policy == DEADLINE)
		e = put_lines(r, LINES(deadline));
	else if (e >= 0 && (policy == NORMAL || policy == BATCH))
		e = put_lines(r, LINES(fair));
	return e;
}

/* What it asked for; what it gets is kept while it wants to run. */
static int put_clamps(struct render *r)
{
	static const struct {
		const char *label;
		enum field f, active, instead;
	} lines[] = {
		{ "uclamp.min", F_task_uclamp_min, NR_FIELDS, NR_FIELDS },
		{ "uclamp.max", F_task_uclamp_max, NR_FIELDS, NR_FIELDS },
		{ "effective uclamp.min", F_task_uclamp_eff_min, F_task_uclamp_min_active,
		  F_task_uclamp_min },
		{ "effective uclamp.max", F_task_uclamp_eff_max, F_task_uclamp_max_active,
		  F_task_uclamp_max },
	};
	uint64_t v, active = 1;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i].active != NR_FIELDS)
			e = field_u64(r->k, key_task(r), lines[i].active, &active);
		if (e >= 0)
			e = field_u64(r->k, key_task(r), active ? lines[i].f : lines[i].instead,
				      &v);
		if (e >= 0)
			put_number(r->out, lines[i].label, (int64_t)v);
	}
	return e;
}

/* Is it scheduled by a program of BPF? */
static int put_ext(struct render *r)
{
	uint64_t class, ext;
	int e = field_u64(r->k, key_task(r), F_task_sched_class, &class);

	if (symbol_addr(r->k, "ext_sched_class", &ext) < 0)
		return e;
	if (e >= 0)
		put_number(r->out, "ext.enabled", class == ext);
	return e;
}

int gen_task_sched(struct render *r)
{
	static const struct line times[] = {
		{ "se.exec_start", F_task_se_exec_start, true, 0 },
		{ "se.vruntime", F_task_se_vruntime, true, 0 },
		{ "se.sum_exec_runtime", F_task_se_sum_exec_runtime, true, 0 },
		{ "se.nr_migrations", F_task_se_nr_migrations, false, 0 },
	};
	static const struct line load[] = {
		{ "se.load.weight", F_task_se_load_weight, false, 0 },
		{ "se.avg.load_sum", F_task_avg_load_sum, false, 0 },
		{ "se.avg.runnable_sum", F_task_avg_runnable_sum, false, 0 },
		{ "se.avg.util_sum", F_task_avg_util_sum, false, 0 },
		{ "se.avg.load_avg", F_task_avg_load_avg, false, 0 },
		{ "se.avg.runnable_avg", F_task_avg_runnable_avg, false, 0 },
		{ "se.avg.util_avg", F_task_avg_util_avg, false, 0 },
		{ "se.avg.last_update_time", F_task_avg_last_update_time, false, 0 },
		{ "se.avg.util_est.ewma", F_task_avg_util_est_ewma, false, 0 },
		{ "se.avg.util_est.enqueued", F_task_avg_util_est_enqueued, false,
		  UTIL_AVG_UNCHANGED },
	};
	/* One number since v6.8. */
	static const struct line estimate[] = {
		{ "se.avg.util_est", F_task_avg_util_est_one, false, UTIL_AVG_UNCHANGED },
	};
	int e = put_header(r);

	r->verbatim = true;
	if (e >= 0)
		e = put_lines(r, LINES(times));
	if (e >= 0)
		e = put_switches(r);
	if (e >= 0)
		e = put_lines(r, LINES(load));
	if (e >= 0 && !field_exists(r->k, F_task_avg_util_est_ewma))
		e = put_lines(r, LINES(estimate));
	if (e >= 0 && field_exists(r->k, F_task_uclamp_min))
		e = put_clamps(r);
	if (e >= 0)
		e = put_policy(r);
	if (e >= 0 && field_exists(r->k, F_task_scx))
		e = put_ext(r);
	if (e < 0)
		return e;
	/* How long it takes to look at the clock: nobody looks. */
	put_number(r->out, "clock-delta", 0);
	return put_numa(r);
}
