#include <errno.h>

#include "dump/base/err.h"
#include "dump/base/mask.h"
#include "fs/proc/timer_list.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

#define DEVICE_NAME_LEN 64

static int put_functions(struct render *r, uint64_t dev)
{
	static const struct {
		const char *label, *old;
		enum field f;
	} functions[] = {
		{ " shutdown:       ", " shutdown: ", F_clockevent_shutdown },
		{ " periodic:       ", " periodic: ", F_clockevent_periodic },
		{ " oneshot:        ", " oneshot:  ", F_clockevent_oneshot },
		{ " oneshot stopped: ", " oneshot stopped: ", F_clockevent_oneshot_stopped },
		{ " resume:         ", " resume:   ", F_clockevent_resume },
	};
	bool old = timer_list_is_old(r->k);
	uint64_t va;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < sizeof(functions) / sizeof(functions[0]); i++) {
		e = field_u64(r->k, dev, functions[i].f, &va);
		if (e < 0 || !va)
			continue;
		put_str(r->out, old ? functions[i].old : functions[i].label);
		put_timer_function(r, va);
		put_str(r->out, "\n");
	}
	return e;
}

static int put_event_device(struct render *r, uint64_t dev)
{
	static const enum field shown[] = { F_clockevent_max_delta, F_clockevent_min_delta,
					    F_clockevent_mult,	    F_clockevent_shift,
					    F_clockevent_mode,	    F_clockevent_next_event,
					    F_clockevent_retries };
	char name[DEVICE_NAME_LEN];
	uint64_t v[7], set, handler;
	int e = field_str(r->k, dev, F_clockevent_name, name, sizeof(name));

	for (size_t i = 0; e >= 0 && i < 7; i++)
		e = field_u64(r->k, dev, shown[i], &v[i]);
	if (e >= 0)
		e = field_u64(r->k, dev, F_clockevent_set_next_event, &set);
	if (e >= 0)
		e = field_u64(r->k, dev, F_clockevent_event_handler, &handler);
	if (e < 0)
		return e;
	put(r->out, "%s\n max_delta_ns:   %lu\n min_delta_ns:   %lu\n", name, v[0], v[1]);
	put(r->out, " mult:           %u\n shift:          %u\n mode:           %d\n",
	    (unsigned int)v[2], (unsigned int)v[3], (int)v[4]);
	put(r->out, " next_event:     %ld nsecs\n set_next_event: ", (int64_t)v[5]);
	put_timer_function(r, set);
	put_str(r->out, "\n");
	e = put_functions(r, dev);
	put_str(r->out, " event_handler:  ");
	put_timer_function(r, handler);
	put(r->out, "\n%s retries:        %lu\n", timer_list_is_old(r->k) ? "" : "\n", v[6]);
	return e;
}

/* The one that wakes the CPU where its own sleeps along: ea5c7f1b9aa1 (v5.13). */
static int put_wakeup_device(struct render *r, size_t cpu)
{
	char name[DEVICE_NAME_LEN] = "<NULL>";
	uint64_t at, dev;
	int e = percpu_symbol(r->k, "tick_oneshot_wakeup_device", cpu, &at);

	if (e >= 0)
		e = kernel_read_uint(r->k, at, 8, &dev);
	if (e >= 0 && dev)
		e = field_str(r->k, dev, F_clockevent_name, name, sizeof(name));
	if (e >= 0)
		put(r->out, "Wakeup Device: %s\n", name);
	return e;
}

/* The struct tick_device at @at: of @cpu, or, -1, of all. */
static int put_tick_device(struct render *r, uint64_t at, int cpu)
{
	uint64_t mode, dev, va;
	int e = field_u64(r->k, at, F_tick_device_mode, &mode);

	if (e >= 0)
		e = field_u64(r->k, at, F_tick_device_evtdev, &dev);
	if (e < 0)
		return e;
	put(r->out, "Tick Device: mode:     %d\n", (int)mode);
	if (cpu < 0)
		put_str(r->out, "Broadcast device\n");
	else
		put(r->out, "Per CPU device: %d\n", cpu);
	put_str(r->out, "Clock Event Device: ");
	if (!dev) {
		put_str(r->out, "<NULL>\n");
		return 0;
	}
	e = put_event_device(r, dev);
	if (e >= 0 && cpu >= 0 && symbol_addr(r->k, "tick_oneshot_wakeup_device", &va) >= 0)
		e = put_wakeup_device(r, (size_t)cpu);
	put_str(r->out, "\n");
	return e;
}

static int put_broadcast_mask(struct render *r, const char *name)
{
	struct cpu_mask mask;
	const struct cpus *c;
	uint64_t at;
	int e = symbol_addr(r->k, name, &at);

	if (e >= 0)
		e = cpus_get(r->k, &c);
	if (e >= 0)
		e = cpu_mask_var(r->k, at, F_irq_affinity, &mask);
	if (e < 0)
		return e;
	put(r->out, "%s: ", name);
	put_mask(r->out, mask.bits, c->nr);
	put_str(r->out, "\n");
	return 0;
}

/* CONFIG_GENERIC_CLOCKEVENTS_BROADCAST */
static int put_broadcast(struct render *r)
{
	uint64_t at;
	int e = symbol_addr(r->k, "tick_broadcast_device", &at);

	if (e < 0)
		return e == -ENOENT ? 0 : e;
	e = put_tick_device(r, at, -1);
	if (e >= 0)
		e = put_broadcast_mask(r, "tick_broadcast_mask");
	if (e >= 0)
		e = put_broadcast_mask(r, "tick_broadcast_oneshot_mask");
	put_str(r->out, "\n");
	return e;
}

int put_tick_devices(struct render *r)
{
	const struct cpus *c;
	uint64_t at;
	bool up;
	int e = cpus_get(r->k, &c);

	if (e >= 0)
		e = put_broadcast(r);
	for (size_t cpu = 0; e >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		e = cpu_was_online(r->k, cpu, &up);
		if (e < 0 || !up)
			continue;
		e = percpu_symbol(r->k, "tick_cpu_device", cpu, &at);
		if (e >= 0)
			e = put_tick_device(r, at, (int)cpu);
	}
	return e < 0 ? within(e, "devices of timers") : 0;
}
