/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel threads that wait for ever, each for something else, and work that stays pending. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/semaphore.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "crashme.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 11, 0)
#include <linux/sched/signal.h>
#endif

DEFINE_MUTEX(crashme_left_lock);
DEFINE_MUTEX(crashme_right_lock);
DECLARE_RWSEM(crashme_rwsem);
DECLARE_COMPLETION(crashme_never);
DECLARE_WAIT_QUEUE_HEAD(crashme_queue);
static DECLARE_COMPLETION(left_holds);
static DECLARE_COMPLETION(right_holds);
static DECLARE_COMPLETION(rwsem_held);
static struct semaphore crashme_semaphore;
static struct workqueue_struct *crashme_workqueue;
static struct work_struct crashme_stuck_work;
static struct work_struct crashme_queued_work;
static struct delayed_work crashme_delayed_work;
static struct timer_list crashme_timer;
static struct hrtimer crashme_hrtimer;

/* Waits for ever; whoever calls it keeps a frame of its own, for the code after the call. */
static OWN_FRAME int crashme_wait(void)
{
	wait_for_completion(&crashme_never);
	barrier();
	return 0;
}

/* The same name as one in known.c. */
static OWN_FRAME int crashme_twin(int depth)
{
	int r = depth > 0 ? crashme_twin(depth - 1) : crashme_wait();

	barrier();
	return r + 1;
}

static int left_main(void *unused)
{
	mutex_lock(&crashme_left_lock);
	complete(&left_holds);
	wait_for_completion(&right_holds);
	mutex_lock(&crashme_right_lock);
	return crashme_wait();
}

static int right_main(void *unused)
{
	mutex_lock(&crashme_right_lock);
	complete(&right_holds);
	wait_for_completion(&left_holds);
	mutex_lock(&crashme_left_lock);
	return crashme_wait();
}

static int uninterruptible_main(void *unused)
{
	wait_event(crashme_queue, false);
	return 0;
}

static int completion_main(void *unused)
{
	return crashme_wait();
}

static int deep_main(void *unused)
{
	return crashme_twin(12);
}

static int holder_main(void *unused)
{
	down_write(&crashme_rwsem);
	complete(&rwsem_held);
	return crashme_wait();
}

static int reader_main(void *unused)
{
	wait_for_completion(&rwsem_held);
	complete(&rwsem_held);
	down_read(&crashme_rwsem);
	return crashme_wait();
}

static int writer_main(void *unused)
{
	wait_for_completion(&rwsem_held);
	complete(&rwsem_held);
	down_write(&crashme_rwsem);
	return crashme_wait();
}

static int semaphore_main(void *unused)
{
	down(&crashme_semaphore);
	return crashme_wait();
}

static int nap_main(void *unused)
{
	ssleep(1000000);
	return 0;
}

static int idle_main(void *unused)
{
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		schedule();
	}
	return 0;
}

/* Called through a kretprobe: its return address on the stack is the probe's trampoline. */
static OWN_FRAME int crashme_probed(int n)
{
	barrier();
	return crashme_wait() + n;
}

static OWN_FRAME int probed_main(void *unused)
{
	int r = crashme_probed(1);

	barrier();
	return r;
}

static const struct {
	const char *name;
	int (*main)(void *unused);
	const char *waits_for;
} threads[] = {
	{ "crashme_left", left_main, "mutex crashme_right_lock" },
	{ "crashme_right", right_main, "mutex crashme_left_lock" },
	{ "crashme_d", uninterruptible_main, "waitqueue crashme_queue" },
	{ "crashme_compl", completion_main, "completion crashme_never" },
	{ "crashme_deep", deep_main, "completion crashme_never" },
	{ "crashme_holder", holder_main, "completion crashme_never" },
	{ "crashme_reader", reader_main, "rwsem crashme_rwsem" },
	{ "crashme_writer", writer_main, "rwsem crashme_rwsem" },
	{ "crashme_sem", semaphore_main, "semaphore crashme_semaphore" },
	{ "crashme_nap", nap_main, "timeout" },
	{ "crashme_sleep", idle_main, "nothing" },
	{ "crashme_probed", probed_main, "completion crashme_never" },
};
static struct task_struct *tasks[ARRAY_SIZE(threads)];
static struct task_struct *never_run;

#ifdef CONFIG_KRETPROBES
static int probe_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return 0;
}

static struct kretprobe probe = {
	.kp.addr = (kprobe_opcode_t *)crashme_probed,
	.handler = probe_return,
	.maxactive = 4,
};

static int probe_init(void)
{
	return register_kretprobe(&probe);
}
#else
static int probe_init(void)
{
	return -EOPNOTSUPP;
}
#endif
static int probe_error;

static void stuck_work(struct work_struct *work)
{
	crashme_wait();
}

static void idle_work(struct work_struct *work)
{
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 15, 0)
static void timer_expired(struct timer_list *t)
{
}

static void timer_start(void)
{
	timer_setup(&crashme_timer, timer_expired, 0);
	mod_timer(&crashme_timer, jiffies + 3600 * HZ);
}
#else
static void timer_expired(unsigned long unused)
{
}

static void timer_start(void)
{
	setup_timer(&crashme_timer, timer_expired, 0);
	mod_timer(&crashme_timer, jiffies + 3600 * HZ);
}
#endif

static enum hrtimer_restart hrtimer_expired(struct hrtimer *t)
{
	return HRTIMER_NORESTART;
}

static void hrtimer_start_one(void)
{
	/* 908a1d775422 (v6.13); hrtimer_init is gone from v6.15 on. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&crashme_hrtimer, hrtimer_expired, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
#else
	hrtimer_init(&crashme_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	crashme_hrtimer.function = hrtimer_expired;
#endif
	hrtimer_start(&crashme_hrtimer, ktime_set(3600, 0), HRTIMER_MODE_REL);
}

/* One work item that never ends on a queue of width one, so that the second stays pending. */
static int works_start(void)
{
	crashme_workqueue = alloc_workqueue("crashme_wq", WQ_UNBOUND, 1);
	if (!crashme_workqueue)
		return -ENOMEM;
	INIT_WORK(&crashme_stuck_work, stuck_work);
	INIT_WORK(&crashme_queued_work, idle_work);
	INIT_DELAYED_WORK(&crashme_delayed_work, idle_work);
	queue_work(crashme_workqueue, &crashme_stuck_work);
	queue_work(crashme_workqueue, &crashme_queued_work);
	queue_delayed_work(crashme_workqueue, &crashme_delayed_work, 3600 * HZ);
	return 0;
}

int threads_init(void)
{
	int i;

	sema_init(&crashme_semaphore, 0);
	timer_start();
	hrtimer_start_one();
	probe_error = probe_init();
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		tasks[i] = kthread_run(threads[i].main, NULL, "%s", threads[i].name);
		if (IS_ERR(tasks[i]))
			return PTR_ERR(tasks[i]);
	}
	never_run = kthread_create(completion_main, NULL, "crashme_new");
	if (IS_ERR(never_run))
		return PTR_ERR(never_run);
	return works_start();
}

/* For a process that writes "block": asleep in this module until it is killed. */
int threads_block(void)
{
	return wait_event_killable(crashme_queue, false);
}

/* For a process that writes "spin": busy in this module until it gets a signal. */
int threads_spin(void)
{
	while (!signal_pending(current)) {
		cond_resched();
		cpu_relax();
	}
	return -EINTR;
}

void threads_show(struct seq_file *s)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		seq_printf(s, "thread " PX " %d %s %s\n", tasks[i], tasks[i]->pid, threads[i].name,
			   threads[i].waits_for);
	seq_printf(s, "thread " PX " %d crashme_new start\n", never_run, never_run->pid);
	seq_printf(s, "mutex " PX " crashme_left_lock %d\n", &crashme_left_lock, tasks[0]->pid);
	seq_printf(s, "mutex " PX " crashme_right_lock %d\n", &crashme_right_lock, tasks[1]->pid);
	seq_printf(s, "rwsem " PX " crashme_rwsem %d\n", &crashme_rwsem, tasks[5]->pid);
	seq_printf(s, "completion " PX " crashme_never\n", &crashme_never);
	seq_printf(s, "workqueue " PX " crashme_wq\n", crashme_workqueue);
	seq_printf(s, "work " PX " stuck\n", &crashme_stuck_work);
	seq_printf(s, "work " PX " queued\n", &crashme_queued_work);
	seq_printf(s, "work " PX " delayed\n", &crashme_delayed_work);
	seq_printf(s, "timer " PX " %lu\n", &crashme_timer, crashme_timer.expires);
	seq_printf(s, "hrtimer " PX " %lld\n", &crashme_hrtimer,
		   (long long)ktime_to_ns(hrtimer_get_expires(&crashme_hrtimer)));
	seq_printf(s, "kretprobe - %d\n", probe_error);
}
