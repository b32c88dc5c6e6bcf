#include "kernel/task/times.h"

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/sys/cputime.h"
#include "kernel/task/task.h"

#define NSEC_PER_SEC 1000000000

struct sum {
	struct kernel *k;
	struct times times;
	uint64_t exact; /* sum of what the scheduler measured */
	uint64_t unit;	/* of user and system time: nanoseconds */
};

/* The same counters of a task, and of the threads that a process had. */
struct counters {
	enum field user, system, guest, minor, major, exact;
};

static const struct counters of_task = {
	F_task_utime,	F_task_stime,	F_task_gtime,
	F_task_min_flt, F_task_maj_flt, F_task_se_sum_exec_runtime,
};
static const struct counters of_signal = {
	F_signal_utime,	  F_signal_stime,   F_signal_gtime,
	F_signal_min_flt, F_signal_maj_flt, F_signal_sum_sched_runtime,
};

static int add(struct sum *sum, uint64_t owner, const struct counters *c)
{
	const struct {
		enum field f;
		uint64_t *to, unit;
	} parts[] = {
		{ c->user, &sum->times.user, sum->unit },
		{ c->system, &sum->times.system, sum->unit },
		{ c->guest, &sum->times.guest, sum->unit },
		{ c->minor, &sum->times.minor, 1 },
		{ c->major, &sum->times.major, 1 },
		{ c->exact, &sum->exact, 1 },
	};
	uint64_t v;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		r = field_u64(sum->k, owner, parts[i].f, &v);
		if (r >= 0)
			*parts[i].to += v * parts[i].unit;
	}
	return r;
}

static int add_task(void *arg, uint64_t task)
{
	return add(arg, task, &of_task);
}

void times_adjust(uint64_t exact, uint64_t told_user, uint64_t told_system, uint64_t *user,
		  uint64_t *system)
{
	uint64_t part = *system;

	if (told_user + told_system >= exact) {
		*user = told_user;
		*system = told_system;
		return;
	}
	if (!*user)
		part = exact;
	else if (part)
		part = (uint64_t)((unsigned __int128)part * exact / (part + *user));
	if (part < told_system)
		part = told_system;
	if (exact - part < told_user)
		part = exact - told_user;
	*user = exact - part;
	*system = part;
}

static int read_told(struct kernel *k, uint64_t owner, enum field user, enum field system,
		     struct sum *sum)
{
	uint64_t told_user, told_system;
	int r = field_u64(k, owner, user, &told_user);

	if (r >= 0)
		r = field_u64(k, owner, system, &told_system);
	if (r >= 0)
		times_adjust(sum->exact, told_user * sum->unit, told_system * sum->unit,
			     &sum->times.user, &sum->times.system);
	return r;
}

static int sum_process(struct sum *sum, uint64_t task)
{
	uint64_t signal;
	int r = field_u64(sum->k, task, F_task_signal, &signal);

	if (r >= 0)
		r = add(sum, signal, &of_signal);
	if (r >= 0)
		r = task_threads(sum->k, task, add_task, sum);
	if (r >= 0)
		r = read_told(sum->k, signal, F_signal_prev_utime, F_signal_prev_stime, sum);
	return r;
}

int task_times(struct kernel *k, uint64_t task, bool whole, struct times *ret)
{
	struct sum sum = { .k = k };
	int r = cputime_unit(k, &sum.unit);

	if (r < 0)
		return within(r, "times of %#lx", task);
	if (whole) {
		r = sum_process(&sum, task);
	} else {
		r = add_task(&sum, task);
		if (r >= 0)
			r = read_told(k, task, F_task_prev_utime, F_task_prev_stime, &sum);
	}
	if (r < 0)
		return within(r, "times of %#lx", task);
	*ret = sum.times;
	return 0;
}

int task_child_times(struct kernel *k, uint64_t task, struct child_times *ret)
{
	static const enum field f[] = { F_signal_cutime, F_signal_cstime, F_signal_cgtime };
	uint64_t *const to[] = { &ret->user, &ret->system, &ret->guest };
	uint64_t signal, unit;
	int r = field_u64(k, task, F_task_signal, &signal);

	if (r >= 0)
		r = cputime_unit(k, &unit);
	for (size_t i = 0; r >= 0 && i < sizeof(f) / sizeof(f[0]); i++) {
		r = field_u64(k, signal, f[i], to[i]);
		if (r >= 0)
			*to[i] *= unit;
	}
	return r < 0 ? within(r, "times of the children of %#lx", task) : 0;
}

/* A timespec until v3.16. */
int task_started(struct kernel *k, uint64_t task, uint64_t *ret)
{
	uint64_t sec, nsec;
	int r;

	if (!field_exists(k, F_task_start_boottime_sec))
		return field_u64(k, task, F_task_start_boottime, ret);
	r = field_u64(k, task, F_task_start_boottime_sec, &sec);
	if (r >= 0)
		r = field_u64(k, task, F_task_start_boottime_nsec, &nsec);
	if (r >= 0)
		*ret = sec * NSEC_PER_SEC + nsec;
	return r;
}
