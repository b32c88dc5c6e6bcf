/* /proc/timer_list: trees of timers, devices, and damaged ones. */
#include "tests/unit/fake_render.h"
#include "tests/unit/unit.h"

#define AT(n)	 ((uint64_t)(FAKE_BASE + (n)))
#define MACHINE	 AT(0x1000)
#define BASES	 AT(0x2000) /* hrtimer_bases of CPU 0 */
#define TIMER(i) AT(0x3000 + 0x80 * (i))
#define TICK	 AT(0x4000) /* tick_cpu_sched */
#define DEVICE	 AT(0x4100) /* tick_cpu_device */
#define ALL	 AT(0x4200) /* tick_broadcast_device */
#define EVENT	 AT(0x5000)
#define NAME	 AT(0x5100)
#define MASKS	 AT(0x5200)

static const char types[] = FAKE_MACHINE_TYPES
	"rb_node 24 u64 __rb_parent_color@0 ptr rb_right@8 ptr rb_left@16\n"
	"timerqueue_node 32 rb_node node@0 u64 expires@24\n"
	"hrtimer 64 timerqueue_node node@0 u64 _softexpires@32 ptr function@40 u8 state@56\n"
	"timerqueue_head 16 ptr rb_root@0\n"
	"hrtimer_clock_base 64 u32 index@0 timerqueue_head active@8 u64 offset@24\n"
	"hrtimer_cpu_base 256 u64 expires_next@0 u32 hres_active@8 u32 nr_events@12 hrtimer_clock_base[2] clock_base@64\n"
	"tick_sched 64 u64 flags@0 u64 last_tick@8 u64 idle_calls@16\n"
	"tick_device 16 ptr evtdev@0 u32 mode@8\n"
	"clock_event_device 128 ptr event_handler@0 ptr set_next_event@8 u64 next_event@16 u64 max_delta_ns@24 "
	"u64 min_delta_ns@32 u32 mult@40 u32 shift@44 u32 state_use_accessors@48 u64 retries@56 ptr set_state_periodic@64 "
	"ptr set_state_oneshot@72 ptr set_state_oneshot_stopped@80 ptr set_state_shutdown@88 ptr tick_resume@96 "
	"ptr name@104\n"
	"irq_common_data 16 u64 affinity@8\n"
	"irq_desc 16 irq_common_data irq_common_data@0\n";

/* Three timers of the first clock: the root, one before it, one behind it. */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	fake_machine(f, MACHINE, 1, 0, 77);
	put(&f->vmcoreinfo, "SYMBOL(hrtimer_bases)=%lx\nSYMBOL(hrtimer_resolution)=%lx\n", BASES,
	    AT(0x100));
	put(&f->vmcoreinfo, "SYMBOL(tick_cpu_sched)=%lx\nSYMBOL(tick_cpu_device)=%lx\n", TICK,
	    DEVICE);
	fake_put(f, AT(0x100), 1, 4);
	fake_put(f, MACHINE + 1024 + 16, 5, 8); /* seconds */
	fake_put(f, BASES, 9000, 8);
	fake_put(f, BASES + 12, 12, 4);
	fake_put(f, BASES + 64 + 64, 1, 4);
	fake_put(f, BASES + 64 + 64 + 24, 1000000000, 8);
	fake_put(f, BASES + 64 + 8, TIMER(1), 8);
	fake_put(f, TIMER(1) + 16, TIMER(0), 8);
	fake_put(f, TIMER(1) + 8, TIMER(2), 8);
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, TIMER(i) + 24, 5000000000 + 100 * i - 100, 8);
		fake_put(f, TIMER(i) + 32, 5000000000 + 100 * i - 150, 8);
		fake_put(f, TIMER(i) + 40, 0x1234, 8);
		fake_put(f, TIMER(i) + 56, 1, 1);
	}
	fake_put(f, TICK, 1 << 4 | 1 << 5, 8);
	fake_put(f, TICK + 16, 3, 8);
	fake_put(f, DEVICE, EVENT, 8);
	fake_put(f, DEVICE + 8, 1, 4);
	fake_put(f, EVENT + 104, NAME, 8);
	fake_put(f, EVENT + 88, 0x5678, 8);
	memcpy(fake_at(f, NAME), "lapic", 6);
	return f;
}

static void open_it(struct fake *f)
{
	f->missing[0x3f] = true;
	fake_open(f);
	fake_structs(f, types);
}

static void whole(void **state)
{
	struct fake *f = make();

	(void)state;
	open_it(f);
	expect_text(
		f, gen_proc_timer_list, 0,
		"Timer List Version: v0.11\nHRTIMER_MAX_CLOCK_BASES: 2\nnow at 5000000000 nsecs\n\n"
		"cpu: 0\n clock 0:\n  .base:       ffffffff80002040\n  .index:      0\n"
		"  .resolution: 1 nsecs\n  .offset:     0 nsecs\nactive timers:\n"
		" #0: <ffffffff80003000>, 0x1234, S:01\n"
		" # expires at 4999999850-4999999900 nsecs [in -150 to -100 nsecs]\n"
		" #1: <ffffffff80003080>, 0x1234, S:01\n"
		" # expires at 4999999950-5000000000 nsecs [in -50 to 0 nsecs]\n"
		" #2: <ffffffff80003100>, 0x1234, S:01\n"
		" # expires at 5000000050-5000000100 nsecs [in 50 to 100 nsecs]\n"
		" clock 1:\n  .base:       ffffffff80002080\n  .index:      1\n"
		"  .resolution: 1 nsecs\n  .offset:     1000000000 nsecs\nactive timers:\n"
		"  .expires_next   : 9000 nsecs\n  .hres_active    : 0\n  .nr_events      : 12\n"
		"  .nohz           : 1\n  .highres        : 1\n  .last_tick      : 0 nsecs\n"
		"  .tick_stopped   : 0\n  .idle_calls     : 3\njiffies: 77\n\n"
		"Tick Device: mode:     1\nPer CPU device: 0\nClock Event Device: lapic\n"
		" max_delta_ns:   0\n min_delta_ns:   0\n mult:           0\n shift:          0\n"
		" mode:           0\n next_event:     0 nsecs\n set_next_event: 0x0\n"
		" shutdown:       0x5678\n event_handler:  0x0\n\n retries:        0\n\n");
	fake_free(f);
}

/* Of all CPUs there is one, but no device; a mask that is in place. */
static void broadcast(void **state)
{
	struct fake *f = make();

	(void)state;
	put(&f->vmcoreinfo, "SYMBOL(tick_broadcast_device)=%lx\nSYMBOL(tick_broadcast_mask)=%lx\n",
	    ALL, MASKS);
	put(&f->vmcoreinfo, "SYMBOL(tick_broadcast_oneshot_mask)=%lx\n", MASKS + 8);
	fake_put(f, MASKS, 1, 8);
	open_it(f);
	expect_part(f, gen_proc_timer_list, 0,
		    "Tick Device: mode:     0\nBroadcast device\nClock Event Device: <NULL>\n"
		    "tick_broadcast_mask: 1\ntick_broadcast_oneshot_mask: 0\n\nTick Device");
	fake_free(f);
}

static void damaged(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *text;
	} cases[] = {
		{ TIMER(2) + 16, TIMER(1), "comes again" },
		{ TIMER(0) + 16, TIMER(1), "timers of CPU 0" },
		{ TIMER(2) + 8, 0x400000, "timers of CPU 0" },
		{ BASES + 64 + 8, AT(0x3f000), "timers of CPU 0" },
		{ DEVICE, 0x400000, "devices of timers" },
		{ EVENT + 104, AT(0x3f000), "devices of timers" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();

		fake_put(f, cases[i].at, cases[i].value, 8);
		open_it(f);
		expect_part(f, gen_proc_timer_list, 0, " clock 0:\n");
		expect_error(f, gen_proc_timer_list, 0, cases[i].text);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(broadcast), cmocka_unit_test(damaged))
