/* Processes in states other than plain sleep, or with something about them that /proc shows. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

static void gone(struct slot *s)
{
	ready(s, 'Z', NO_SYSCALL);
	_exit(7);
}

static void zombie_parent(struct slot *s)
{
	fact_num(s, "child", start_child(s, "zombie", gone));
}

static void *thread_rest(void *slot)
{
	rest(slot);
}

/* The first thread is gone, another one lives. */
static void zombie_leader(struct slot *s)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_rest, slot_new("zombie_survivor")))
		broken(s, "pthread_create");
	ready(s, 'Z', NO_SYSCALL);
	syscall(SYS_exit, 0);
}

static void stopped(struct slot *s)
{
	ready(s, 'T', NO_SYSCALL);
	raise(SIGSTOP);
}

static void traced(struct slot *s)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		broken(s, "PTRACE_TRACEME");
	ready(s, 't', NO_SYSCALL);
	raise(SIGTRAP);
}

static void tracer(struct slot *s)
{
	pid_t child = start_child(s, "traced", traced);

	fact_num(s, "traces", child);
	waitpid(child, NULL, WUNTRACED);
}

/* The child shares our memory and stack: we wait for it in D. */
static void vfork_parent(struct slot *s)
{
	struct slot *child = slot_new("vfork_child");

	ready(s, 'D', NO_SYSCALL);
	if (!vfork()) {
		for (;;) {
			if (child->phase != SLOT_READY)
				ready(child, 'S', SYS_ppoll);
			syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
		}
	}
	broken(s, "vfork came back");
}

static void schedule_as(struct slot *s, int policy, int priority)
{
	const struct sched_param p = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &p))
		fact_errno(s, "policy");
	fact_num(s, "policy", policy);
	fact_num(s, "priority", priority);
}

static void fifo(struct slot *s)
{
	schedule_as(s, SCHED_FIFO, 17);
}

static void round_robin(struct slot *s)
{
	schedule_as(s, SCHED_RR | SCHED_RESET_ON_FORK, 3);
}

static void batch(struct slot *s)
{
	schedule_as(s, SCHED_BATCH, 0);
}

static void idle(struct slot *s)
{
	schedule_as(s, SCHED_IDLE, 0);
}

/* struct sched_attr as of v3.14 */
static void deadline(struct slot *s)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = { 48, SCHED_DEADLINE, 0, 0, 0, 1000000, 20000000, 40000000 };

	if (syscall(SYS_sched_setattr, 0, &attr, 0))
		fact_errno(s, "policy");
	fact_num(s, "policy", SCHED_DEADLINE);
}

static void nice_up(struct slot *s)
{
	(void)s;
	setpriority(PRIO_PROCESS, 0, 7);
}

static void nice_down(struct slot *s)
{
	(void)s;
	setpriority(PRIO_PROCESS, 0, -11);
}

static void affinity(struct slot *s)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		broken(s, "sched_setaffinity");
}

static void other_uid(struct slot *s)
{
	const gid_t groups[] = { 4, 24, 1000, 70000 };

	if (setgroups(ARRAY_SIZE(groups), groups) || setresgid(1001, 1002, 1003) ||
	    setresuid(2001, 2002, 2003))
		broken(s, "setresuid");
}

/* Bits 0, 10, 13 and 21 of the permitted set, two of them effective, one inheritable. */
static void capabilities(struct slot *s)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ .permitted = 0x202401, .effective = 0x2400, .inheritable = 0x400 },
	};

	prctl(PR_CAPBSET_DROP, CAP_SYS_TIME);
	if (syscall(SYS_capset, &header, data))
		broken(s, "capset");
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0);
}

static void filtered(struct slot *s)
{
	static struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	const struct sock_fprog program = { ARRAY_SIZE(allow), allow };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		fact_errno(s, "seccomp");
}

static void undumpable(struct slot *s)
{
	(void)s;
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_TIMERSLACK, 123456);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGUSR2);
	personality(ADDR_NO_RANDOMIZE | SHORT_INODE);
}

static void no_handler(int signal_nr)
{
	(void)signal_nr;
}

/* Blocked, ignored, caught; pending for the process, for the thread, and queued. */
static void signals(struct slot *s)
{
	const struct sigaction action = { .sa_handler = no_handler, .sa_flags = SA_RESTART };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGRTMAX, &action, NULL);
	kill(getpid(), SIGUSR1);
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
	for (int i = 0; i < 3; i++)
		sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 100 + i });
	fact_num(s, "queued", 5);
}

static void timers(struct slot *s)
{
	struct itimerspec t = { .it_value.tv_sec = 1000000, .it_interval.tv_nsec = 500 };
	struct itimerval alarm_clock = { .it_value.tv_sec = 2000000 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1 };
	timer_t id;

	event.sigev_value.sival_ptr = (void *)0x1234567;
	if (timer_create(CLOCK_MONOTONIC, &event, &id) || timer_settime(id, 0, &t, NULL))
		broken(s, "timer_create");
	event.sigev_notify = SIGEV_NONE;
	timer_create(CLOCK_REALTIME, &event, &id);
	event.sigev_notify = SIGEV_THREAD_ID;
	event._sigev_un._tid = syscall(SYS_gettid);
	timer_create(CLOCK_BOOTTIME, &event, &id);
	event.sigev_notify = SIGEV_SIGNAL;
	timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &id);
	setitimer(ITIMER_REAL, &alarm_clock, NULL);
}

static void limits(struct slot *s)
{
	const struct rlimit files = { 77, 4096 }, core = { RLIM_INFINITY, RLIM_INFINITY };
	const struct rlimit memory = { 123456789, 987654321 }, cpu = { 7, RLIM_INFINITY };

	if (setrlimit(RLIMIT_NOFILE, &files) || setrlimit(RLIMIT_CORE, &core) ||
	    setrlimit(RLIMIT_MEMLOCK, &memory) || setrlimit(RLIMIT_CPU, &cpu))
		broken(s, "setrlimit");
	write_file("/proc/self/oom_score_adj", "-345");
	write_file("/proc/self/coredump_filter", "0x7f");
	write_file("/proc/self/loginuid", "1234");
	syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6);
}

/* A session leader with a terminal of its own. */
static void session(struct slot *s)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	setsid();
	if (master < 0 || unlockpt(master))
		return fact_errno(s, "terminal");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0))
		return fact_errno(s, "terminal");
	fact_str(s, "terminal", ptsname(master));
}

/* Its parent exits: pid 1 takes it. */
static void orphan(struct slot *s)
{
	while (getppid() != 1)
		sched_yield();
	fact_num(s, "parent", 1);
}

static void orphan_parent(struct slot *s)
{
	pid_t pid = fork();

	if (!pid) {
		start_child(s, "orphan", orphan);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void counted_io(struct slot *s)
{
	static char text[10000];
	int fd = open("/tmp/counted", O_RDWR | O_CREAT, 0600);

	for (int i = 0; i < 10; i++)
		if (write(fd, text, sizeof(text)) != sizeof(text))
			broken(s, "write");
	fact_num(s, "written", 10 * (long long)sizeof(text));
}

static void own_files(struct slot *s)
{
	if (unshare(CLONE_FILES | CLONE_FS))
		broken(s, "unshare");
	umask(0137);
	chdir("/dev/shm");
	close(STDIN_FILENO);
}

static const struct role states[] = {
	{ "zombie_parent", zombie_parent, true },
	{ "zombie_leader", zombie_leader, false },
	{ "stopped", stopped, true },
	{ "tracer", tracer, false },
	{ "vfork_parent", vfork_parent, false },
	{ "fifo", fifo, true },
	{ "round_robin", round_robin, false },
	{ "batch", batch, false },
	{ "idle", idle, false },
	{ "deadline", deadline, false },
	{ "nice_up", nice_up, false },
	{ "nice_down", nice_down, false },
	{ "affinity", affinity, false },
	{ "other_uid", other_uid, true },
	{ "capabilities", capabilities, false },
	{ "filtered", filtered, false },
	{ "undumpable", undumpable, false },
	{ "signals", signals, false },
	{ "timers", timers, false },
	{ "limits", limits, false },
	{ "session", session, false },
	{ "orphan_parent", orphan_parent, false },
	{ "counted_io", counted_io, false },
	{ "own_files", own_files, false },
	{ "registers", registers, false },
	{ "comm_odd", comm_odd, false },
	{ "comm_bytes", comm_bytes, false },
	{ "title", title, false },
	{ "exec", exec_plain, false },
	{ "exec_odd", exec_odd, false },
	{ "exec_long", exec_long, false },
	{ "exec_empty", exec_empty, false },
	{ "exec_deleted", exec_deleted, false },
	{ "exec_memfd", exec_memfd, false },
	{ "chroot", in_chroot, false },
	{ "cwd_deleted", cwd_deleted, false },
	{ "keys", hold_keys, false },
};

void start_states(bool small)
{
	start_roles(states, ARRAY_SIZE(states), small);
}
