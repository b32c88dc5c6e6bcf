/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways to bring the kernel down, a row each in ways[]. */
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "crashme.h"

struct crashme_victim {
	u64 before[5];
	u64 field;
};

/* Volatile, so that the compiler can not know what it points to. */
static struct crashme_victim *volatile victim;

static OWN_FRAME u64 crash_inner(struct crashme_victim *v)
{
	return v->field;
}

static OWN_FRAME u64 crash_middle(struct crashme_victim *v, int n)
{
	u64 r = crash_inner(v) + n;

	barrier();
	return r;
}

/* NULL dereference, three calls deep: the address is 0x28. */
static OWN_FRAME u64 crash_outer(int n)
{
	u64 r = crash_middle(victim, n + 1);

	barrier();
	return r;
}

static void crash_null(void)
{
	pr_info("crashme: %llu\n", (unsigned long long)crash_outer(1));
}

static void crash_bug(void)
{
	BUG();
}

static void crash_panic(void)
{
	panic("crashme: on purpose, code %d", 42);
}

static OWN_FRAME u64 crash_recurse(volatile u64 *from, u64 depth)
{
	volatile u64 room[64];

	room[depth % ARRAY_SIZE(room)] = *from + depth;
	if (depth < ~0ull)
		room[0] += crash_recurse(&room[depth % ARRAY_SIZE(room)], depth + 1);
	return room[0];
}

static void crash_overflow(void)
{
	volatile u64 start = 1;

	crash_recurse(&start, 0);
}

static void *volatile jump_target;
static u64 not_code[8];

static OWN_FRAME void crash_call(void)
{
	void (*target)(void) = jump_target;

	target();
	barrier();
}

/* A call through a NULL function pointer. */
static void crash_jump(void)
{
	jump_target = NULL;
	crash_call();
}

/* A call into the module's data. */
static void crash_nx(void)
{
	jump_target = not_code;
	crash_call();
}

/* Not canonical on x86-64, as a pointer that list poison or a freed object left. */
static void crash_gpf(void)
{
	victim = (struct crashme_victim *)0xdead000000000100ul;
	crash_null();
}

static volatile int zero;

static void crash_divide(void)
{
	zero = 1000 / zero;
}

static enum hrtimer_restart crash_in_hardirq(struct hrtimer *t)
{
	crash_null();
	return HRTIMER_NORESTART;
}

static struct hrtimer crash_hrtimer;

static void crash_hardirq(void)
{
	/* ae6683d815895 (v5.4); before, a plain hrtimer ran in hard interrupt context. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 4, 0)
	const enum hrtimer_mode mode = HRTIMER_MODE_REL_HARD;
#else
	const enum hrtimer_mode mode = HRTIMER_MODE_REL;
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&crash_hrtimer, crash_in_hardirq, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(&crash_hrtimer, CLOCK_MONOTONIC, mode);
	crash_hrtimer.function = crash_in_hardirq;
#endif
	hrtimer_start(&crash_hrtimer, ktime_set(0, 20 * NSEC_PER_MSEC), mode);
}

static struct timer_list crash_timer;
static struct tasklet_struct crash_tasklet;

static void crash_in_tasklet(unsigned long unused)
{
	crash_null();
}

/* It runs as soon as bottom halves are on again, upon this task, not in ksoftirqd. */
static void crash_by_tasklet(void)
{
	tasklet_init(&crash_tasklet, crash_in_tasklet, 0);
	local_bh_disable();
	tasklet_schedule(&crash_tasklet);
	local_bh_enable();
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 15, 0)
static void crash_in_timer(struct timer_list *t)
{
	crash_null();
}

static void crash_by_timer(void)
{
	timer_setup(&crash_timer, crash_in_timer, 0);
	mod_timer(&crash_timer, jiffies + 2);
}
#else
static void crash_in_timer(unsigned long unused)
{
	crash_null();
}

static void crash_by_timer(void)
{
	setup_timer(&crash_timer, crash_in_timer, 0);
	mod_timer(&crash_timer, jiffies + 2);
}
#endif

static void crash_in_work(struct work_struct *work)
{
	crash_null();
}

static DECLARE_WORK(crash_work, crash_in_work);

static void crash_by_work(void)
{
	schedule_work(&crash_work);
}

static int crash_in_kthread(void *unused)
{
	crash_null();
	return 0;
}

static void crash_by_kthread(void)
{
	kthread_run(crash_in_kthread, NULL, "crashme_dies");
}

/* Busy with preemption off until the watchdog panics; the caller has set softlockup_panic. */
static void crash_softlockup(void)
{
	preempt_disable();
	for (;;)
		cpu_relax();
}

static const struct {
	const char *name;
	void (*crash)(void);
} ways[] = {
	{ "null", crash_null },
	{ "bug", crash_bug },
	{ "panic", crash_panic },
	{ "overflow", crash_overflow },
	{ "jump", crash_jump },
	{ "nx", crash_nx },
	{ "gpf", crash_gpf },
	{ "divide", crash_divide },
	{ "hardirq", crash_hardirq },
	{ "tasklet", crash_by_tasklet },
	{ "timer", crash_by_timer },
	{ "work", crash_by_work },
	{ "kthread", crash_by_kthread },
	{ "softlockup", crash_softlockup },
};

int crash_by_name(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(ways[i].name, name))
			continue;
		ways[i].crash();
		return 0;
	}
	return -ENOENT;
}

void crash_show(struct seq_file *s)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		seq_printf(s, "crash " PX " %s\n", ways[i].crash, ways[i].name);
	seq_printf(s, "victim " PX " " PX "\n", &victim, victim);
}
