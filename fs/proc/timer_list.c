/* /proc/timer_list: timers of high resolution, and the ticks of each CPU. */
#include "fs/proc/timer_list.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/pointer.h"
#include "kernel/sys/vitals.h"
#include "kernel/walk/rbtree.h"

#define BASES_MAX 64

/* tick_sched.flags */
enum { STOPPED = 1 << 2, NOHZ = 1 << 4, HIGHRES = 1 << 5 };

struct timers {
	struct render *r;
	uint64_t now; /* of the clock that only goes on */
	bool old;
};

/* 07f150a8c5f9 (v5.12) took the names of variables away, and with them this function. */
bool timer_list_is_old(struct kernel *k)
{
	uint64_t va;

	return symbol_addr(k, "print_name_offset", &va) >= 0;
}

void put_timer_function(struct render *r, uint64_t va)
{
	struct symbol s;

	if (symbol_at(r->k, va, &s) < 0)
		put(r->out, timer_list_is_old(r->k) ? "<%016lx>" : "0x%lx", va);
	else if (s.module && !timer_list_is_old(r->k))
		put(r->out, "%s [%s]", s.name, s.module);
	else
		put_str(r->out, s.name);
}

static void put_pointer(struct timers *t, uint64_t va)
{
	put(t->r->out, "%016lx", t->old ? va : kernel_printed_pointer(t->r->k, va));
}

static int put_timer(struct timers *t, uint64_t timer, unsigned int i, uint64_t now)
{
	struct render *r = t->r;
	uint64_t function, state, soft, expires;
	struct symbol s;
	int e = field_u64(r->k, timer, F_hrtimer_function, &function);

	if (e >= 0)
		e = field_u64(r->k, timer, F_hrtimer_state, &state);
	if (e >= 0)
		e = field_u64(r->k, timer, F_hrtimer_softexpires, &soft);
	if (e >= 0)
		e = field_u64(r->k, timer, F_hrtimer_expires, &expires);
	if (e < 0)
		return e;
	put(r->out, " #%u: ", i);
	if (t->old && symbol_at(r->k, timer, &s) >= 0) {
		put(r->out, "%s, ", s.name);
	} else {
		put_str(r->out, "<");
		put_pointer(t, timer);
		put_str(r->out, ">, ");
	}
	put_timer_function(r, function);
	put(r->out, ", S:%02x\n # expires at %lu-%lu nsecs [in %ld to %ld nsecs]\n",
	    (unsigned int)state, soft, expires, (int64_t)(soft - now), (int64_t)(expires - now));
	return 0;
}

static int put_active(struct timers *t, uint64_t base, uint64_t now)
{
	uint64_t root, timer;
	unsigned int n = 0;
	struct rb_walk w;
	int e = field_addr(t->r->k, base, F_hrtimer_base_active, &root);

	put_str(t->r->out, "active timers:\n");
	if (e >= 0)
		e = rb_begin(&w, t->r->k, root, F_hrtimer_node);
	while (e >= 0 && (e = rb_next(&w, &timer)) > 0)
		e = put_timer(t, timer, n++, now);
	return e;
}

static int put_base(struct timers *t, uint64_t base)
{
	struct render *r = t->r;
	uint64_t index, resolution, get_time, offset;
	int e = field_u64(r->k, base, F_hrtimer_base_index, &index);

	if (e >= 0)
		e = symbol_u64(r->k, "hrtimer_resolution", 4, &resolution);
	if (e >= 0)
		e = field_u64(r->k, base, F_hrtimer_base_offset, &offset);
	if (e < 0)
		return e;
	put_str(r->out, "  .base:       ");
	put_pointer(t, base);
	put(r->out, "\n  .index:      %d\n  .resolution: %u nsecs\n", (int)index,
	    (unsigned int)resolution);
	if (field_exists(r->k, F_hrtimer_base_get_time)) {
		e = field_u64(r->k, base, F_hrtimer_base_get_time, &get_time);
		if (e < 0)
			return e;
		put_str(r->out, "  .get_time:   ");
		put_timer_function(r, get_time);
		put_str(r->out, "\n");
	}
	put(r->out, "  .offset:     %lu nsecs\n", offset);
	return put_active(t, base, t->now + offset);
}

/* A line of those that there are. */
struct row {
	const char *name, *unit;
	enum field f;
};

static int put_rows(struct render *r, uint64_t at, const struct row *rows, size_t n)
{
	uint64_t v;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < n; i++) {
		if (!field_exists(r->k, rows[i].f))
			continue;
		e = field_u64(r->k, at, rows[i].f, &v);
		if (e >= 0)
			put(r->out, "  .%-15s: %lu%s\n", rows[i].name, v, rows[i].unit);
	}
	return e;
}

/* The tick, which stops where a CPU idles. */
static int put_ticks(struct render *r, size_t cpu)
{
	static const struct row first[] = {
		{ "nohz_mode", "", F_tick_nohz_mode },
		{ "last_tick", " nsecs", F_tick_last_tick },
		{ "tick_stopped", "", F_tick_stopped },
	};
	static const struct row rest[] = {
		{ "idle_jiffies", "", F_tick_idle_jiffies },
		{ "idle_calls", "", F_tick_idle_calls },
		{ "idle_sleeps", "", F_tick_idle_sleeps },
		{ "idle_entrytime", " nsecs", F_tick_idle_entrytime },
		{ "idle_waketime", " nsecs", F_tick_idle_waketime },
		{ "idle_exittime", " nsecs", F_tick_idle_exittime },
		{ "idle_sleeptime", " nsecs", F_tick_idle_sleeptime },
		{ "iowait_sleeptime", " nsecs", F_tick_iowait_sleeptime },
		{ "last_jiffies", "", F_tick_last_jiffies },
		{ "next_timer", "", F_tick_next_timer },
		{ "idle_expires", " nsecs", F_tick_idle_expires },
	};
	bool flags = field_exists(r->k, F_tick_flags);
	uint64_t at, jiffies, set;
	int e = percpu_symbol(r->k, "tick_cpu_sched", cpu, &at);

	if (e >= 0 && flags)
		e = field_u64(r->k, at, F_tick_flags, &set);
	if (e >= 0 && flags)
		put(r->out, "  .%-15s: %d\n  .%-15s: %d\n", "nohz", !!(set & NOHZ), "highres",
		    !!(set & HIGHRES));
	if (e >= 0)
		e = put_rows(r, at, first, sizeof(first) / sizeof(first[0]));
	if (e >= 0 && flags)
		put(r->out, "  .%-15s: %d\n", "tick_stopped", !!(set & STOPPED));
	if (e >= 0)
		e = put_rows(r, at, rest, sizeof(rest) / sizeof(rest[0]));
	if (e >= 0)
		e = symbol_u64(r->k, "jiffies_64", 8, &jiffies);
	if (e >= 0)
		put(r->out, "jiffies: %lu\n", jiffies);
	return e;
}

static int put_cpu(struct timers *t, size_t cpu)
{
	static const struct row rows[] = {
		{ "expires_next", " nsecs", F_hrtimer_cpu_expires_next },
		{ "hres_active", "", F_hrtimer_cpu_hres_active },
		{ "nr_events", "", F_hrtimer_cpu_nr_events },
		{ "nr_retries", "", F_hrtimer_cpu_nr_retries },
		{ "nr_hangs", "", F_hrtimer_cpu_nr_hangs },
		{ "max_hang_time", "", F_hrtimer_cpu_max_hang_time },
	};
	struct render *r = t->r;
	uint64_t cpu_base, bases, n, size;
	int e = percpu_symbol(r->k, "hrtimer_bases", cpu, &cpu_base);

	put(r->out, "cpu: %zu\n", cpu);
	if (e >= 0)
		e = field_addr(r->k, cpu_base, F_hrtimer_cpu_bases, &bases);
	if (e >= 0)
		e = field_count(r->k, F_hrtimer_cpu_bases, &n);
	if (e >= 0)
		e = kernel_sizeof(r->k, "hrtimer_clock_base", &size);
	for (size_t i = 0; e >= 0 && i < n && i < BASES_MAX; i++) {
		put(r->out, " clock %zu:\n", i);
		e = put_base(t, bases + i * size);
	}
	if (e >= 0)
		e = put_rows(r, cpu_base, rows, sizeof(rows) / sizeof(rows[0]));
	if (e >= 0)
		e = put_ticks(r, cpu);
	put_str(r->out, "\n");
	return e < 0 ? within(e, "timers of CPU %zu", cpu) : 0;
}

/* What the kernel calls the form, by what came with each. */
static const char *version(struct kernel *k)
{
	if (timer_list_is_old(k))
		return "v0.8";
	if (!field_exists(k, F_tick_flags)) /* v6.9 */
		return "v0.9";
	return field_exists(k, F_tick_idle_jiffies) ? "v0.10" : "v0.11";
}

int gen_proc_timer_list(struct render *r)
{
	struct timers t = { .r = r, .old = timer_list_is_old(r->k) };
	struct clocks clocks;
	const struct cpus *c;
	uint64_t n;
	bool up;
	int e = kernel_clocks(r->k, &clocks);

	if (e >= 0)
		e = cpus_get(r->k, &c);
	if (e >= 0)
		e = field_count(r->k, F_hrtimer_cpu_bases, &n);
	if (e < 0)
		return e;
	t.now = clocks.mono;
	put(r->out, "Timer List Version: %s\nHRTIMER_MAX_CLOCK_BASES: %lu\nnow at %lu nsecs\n\n",
	    version(r->k), n, t.now);
	for (size_t cpu = 0; e >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		e = cpu_was_online(r->k, cpu, &up);
		if (e >= 0 && up)
			e = put_cpu(&t, cpu);
	}
	return e < 0 ? e : put_tick_devices(r);
}
