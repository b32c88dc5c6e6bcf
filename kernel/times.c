#include "kernel/times.h"

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/task.h"

struct sum {
	struct kernel *k;
	struct times times;
	uint64_t exact; /* sum of what the scheduler measured */
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
		uint64_t *to;
	} parts[] = {
		{ c->user, &sum->times.user },	 { c->system, &sum->times.system },
		{ c->guest, &sum->times.guest }, { c->minor, &sum->times.minor },
		{ c->major, &sum->times.major }, { c->exact, &sum->exact },
	};
	uint64_t v;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		r = field_u64(sum->k, owner, parts[i].f, &v);
		if (r >= 0)
			*parts[i].to += v;
	}
	return r;
}

static int add_task(void *arg, uint64_t task)
{
	return add(arg, task, &of_task);
}

/* After cputime_adjust(): ticks tell the proportion, and neither part may ever go back from what was
 * last told. */
static void adjust(struct sum *sum, uint64_t told_user, uint64_t told_system)
{
	struct times *t = &sum->times;
	uint64_t exact = sum->exact, system = t->system;

	if (told_user + told_system >= exact) {
		t->user = told_user;
		t->system = told_system;
		return;
	}
	if (!t->user)
		system = exact;
	else if (system)
		system = (uint64_t)((unsigned __int128)system * exact / (system + t->user));
	if (system < told_system)
		system = told_system;
	if (exact - system < told_user)
		system = exact - told_user;
	t->user = exact - system;
	t->system = system;
}

static int read_told(struct kernel *k, uint64_t owner, enum field user, enum field system,
		     struct sum *sum)
{
	uint64_t told_user, told_system;
	int r = field_u64(k, owner, user, &told_user);

	if (r >= 0)
		r = field_u64(k, owner, system, &told_system);
	if (r >= 0)
		adjust(sum, told_user, told_system);
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
	int r;

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
