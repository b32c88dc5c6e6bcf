/* One process with many threads, each asleep in another system call. A thread's function makes
 * what it needs, says with ready() where it will be found, and goes to sleep there for ever.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define LONG_TIME 1000000

static uint32_t futex_word;
static uint32_t pi_word;

static void sleep_futex(struct slot *s)
{
	fact_hex(s, "futex", (uintptr_t)&futex_word);
	ready(s, 'S', SYS_futex);
	syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

/* The owner is the process's first thread, which locked it before. */
static void sleep_futex_pi(struct slot *s)
{
	fact_hex(s, "futex", (uintptr_t)&pi_word);
	ready(s, 'S', SYS_futex);
	syscall(SYS_futex, &pi_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
}

static void sleep_pipe_read(struct slot *s)
{
	int fds[2];
	char c;

	if (pipe(fds))
		broken(s, "pipe");
	fact_num(s, "fd", fds[0]);
	ready(s, 'S', SYS_read);
	read(fds[0], &c, 1);
}

static void sleep_pipe_write(struct slot *s)
{
	static char text[4096];
	int fds[2];

	if (pipe2(fds, O_NONBLOCK))
		broken(s, "pipe");
	while (write(fds[1], text, sizeof(text)) > 0)
		;
	fcntl(fds[1], F_SETFL, 0);
	fact_num(s, "fd", fds[1]);
	ready(s, 'S', SYS_write);
	write(fds[1], text, sizeof(text));
}

static void sleep_fifo_open(struct slot *s)
{
	if (mkfifo("/tmp/fifo-nobody-writes", 0600))
		broken(s, "mkfifo");
	ready(s, 'S', SYS_openat);
	syscall(SYS_openat, AT_FDCWD, "/tmp/fifo-nobody-writes", O_RDONLY);
}

static void sleep_epoll(struct slot *s)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0x1234567890abcdefull };
	int fd = epoll_create1(0), watched = eventfd(0, 0);

	if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, watched, &event))
		broken(s, "epoll");
	fact_num(s, "fd", fd);
	fact_num(s, "watched", watched);
	ready(s, 'S', SYS_epoll_pwait);
	syscall(SYS_epoll_pwait, fd, &event, 1, -1, NULL, 8);
}

static void sleep_poll(struct slot *s)
{
	struct pollfd p[2] = { { eventfd(0, 0), POLLIN, 0 }, { eventfd(0, 0), POLLIN, 0 } };

	fact_num(s, "fd", p[0].fd);
	ready(s, 'S', SYS_ppoll);
	syscall(SYS_ppoll, p, 2, NULL, NULL, 0);
}

static void sleep_select(struct slot *s)
{
	int fd = eventfd(0, 0);
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	fact_num(s, "fd", fd);
	ready(s, 'S', SYS_pselect6);
	syscall(SYS_pselect6, fd + 1, &set, NULL, NULL, NULL, NULL);
}

static void sleep_nanosleep(struct slot *s)
{
	struct timespec t = { LONG_TIME, 5 };

	ready(s, 'S', SYS_nanosleep);
	syscall(SYS_nanosleep, &t, NULL);
}

static void sleep_clock(struct slot *s)
{
	struct timespec t = { LONG_TIME, 5 };

	ready(s, 'S', SYS_clock_nanosleep);
	syscall(SYS_clock_nanosleep, CLOCK_BOOTTIME, 0, &t, NULL);
}

static void sleep_sigwait(struct slot *s)
{
	uint64_t set = 1ull << (SIGUSR1 - 1) | 1ull << (SIGWINCH - 1);

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
	ready(s, 'S', SYS_rt_sigtimedwait);
	syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8);
}

static void sleep_sigsuspend(struct slot *s)
{
	uint64_t set = 1ull << (SIGUSR2 - 1);

	ready(s, 'S', SYS_rt_sigsuspend);
	syscall(SYS_rt_sigsuspend, &set, 8);
}

static void sleep_read(struct slot *s, int fd)
{
	char text[512];

	if (fd < 0)
		return absent(s, "open");
	fact_num(s, "fd", fd);
	ready(s, 'S', SYS_read);
	read(fd, text, sizeof(text));
}

static void sleep_eventfd(struct slot *s)
{
	sleep_read(s, eventfd(0, 0));
}

static void sleep_timerfd(struct slot *s)
{
	struct itimerspec t = { .it_value.tv_sec = LONG_TIME, .it_interval.tv_sec = 7 };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	timerfd_settime(fd, 0, &t, NULL);
	sleep_read(s, fd);
}

static void sleep_signalfd(struct slot *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sleep_read(s, signalfd(-1, &set, 0));
}

static void sleep_inotify(struct slot *s)
{
	int fd = inotify_init1(0);

	inotify_add_watch(fd, "/root", IN_CREATE | IN_DELETE);
	sleep_read(s, fd);
}

static void sleep_tty(struct slot *s)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd < 0 || grantpt(fd) || unlockpt(fd))
		return absent(s, "pty");
	sleep_read(s, open(ptsname(fd), O_RDWR | O_NOCTTY));
}

static void rest_forever(struct slot *s)
{
	rest(s);
}

static void sleep_wait(struct slot *s)
{
	pid_t child = start_child(s, "waited_for", rest_forever);

	fact_num(s, "child", child);
	ready(s, 'S', SYS_wait4);
	syscall(SYS_wait4, child, NULL, 0, NULL);
}

static int locked_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	if (fd >= 0 && write(fd, "locked", 6) != 6)
		return -1;
	return fd;
}

static void sleep_flock(struct slot *s)
{
	int held = locked_file("/tmp/flocked"), fd = locked_file("/tmp/flocked");

	if (held < 0 || fd < 0 || flock(held, LOCK_EX))
		broken(s, "flock");
	fact_num(s, "fd", fd);
	ready(s, 'S', SYS_flock);
	flock(fd, LOCK_SH);
}

/* Locks of an open file description: two of them exclude each other within one process. */
static void sleep_lock(struct slot *s)
{
	struct flock lock = { .l_type = F_WRLCK, .l_start = 1, .l_len = 3 };
	int held = locked_file("/tmp/locked"), fd = locked_file("/tmp/locked");

	if (held < 0 || fd < 0 || fcntl(held, F_OFD_SETLK, &lock))
		return absent(s, "fcntl");
	fact_num(s, "fd", fd);
	ready(s, 'S', SYS_fcntl);
	fcntl(fd, F_OFD_SETLKW, &lock);
}

static void sleep_msgrcv(struct slot *s)
{
	struct {
		long type;
		char text[16];
	} message = { 3, "fifteen letters" };
	int id = msgget(0x1ab0001, IPC_CREAT | 0640);

	if (id < 0 || msgsnd(id, &message, sizeof(message.text), 0))
		return absent(s, "msgget");
	fact_num(s, "msqid", id);
	ready(s, 'S', SYS_msgrcv);
	syscall(SYS_msgrcv, id, &message, sizeof(message.text), 99L, 0);
}

static void sleep_semop(struct slot *s)
{
	struct sembuf op = { .sem_num = 2, .sem_op = -5 };
	int id = semget(0x1ab0002, 4, IPC_CREAT | 0600);

	if (id < 0 || semctl(id, 1, SETVAL, 7))
		return absent(s, "semget");
	fact_num(s, "semid", id);
	ready(s, 'S', SYS_semtimedop);
	syscall(SYS_semtimedop, id, &op, 1, NULL);
}

static void sleep_mqueue(struct slot *s)
{
	struct mq_attr attr = { .mq_maxmsg = 5, .mq_msgsize = 64 };
	mqd_t fd = mq_open("/lab-queue", O_RDWR | O_CREAT, 0600, &attr);
	char text[64];

	if (fd < 0)
		return absent(s, "mq_open");
	fact_num(s, "fd", fd);
	ready(s, 'S', SYS_mq_timedreceive);
	syscall(SYS_mq_timedreceive, fd, text, sizeof(text), NULL, NULL);
}

static void sleep_aio(struct slot *s)
{
	unsigned long context = 0;
	char event[64];

	if (syscall(SYS_io_setup, 4, &context))
		return absent(s, "io_setup");
	ready(s, 'S', SYS_io_getevents);
	syscall(SYS_io_getevents, context, 1L, 1L, event, NULL);
}

/* Asleep in a function of the test module. */
static void sleep_module(struct slot *s)
{
	int fd = open("/proc/crashme", O_WRONLY);

	if (fd < 0)
		return absent(s, "/proc/crashme");
	fact_num(s, "fd", fd);
	ready(s, 'D', SYS_write);
	write(fd, "block", 5);
}

static const struct role sleeps[] = {
	{ "w_futex", sleep_futex, false },
	{ "w_futex_pi", sleep_futex_pi, false },
	{ "w_pipe_read", sleep_pipe_read, false },
	{ "w_pipe_write", sleep_pipe_write, false },
	{ "w_fifo_open", sleep_fifo_open, false },
	{ "w_epoll", sleep_epoll, false },
	{ "w_poll", sleep_poll, false },
	{ "w_select", sleep_select, false },
	{ "w_nanosleep", sleep_nanosleep, false },
	{ "w_clock", sleep_clock, false },
	{ "w_sigwait", sleep_sigwait, false },
	{ "w_sigsuspend", sleep_sigsuspend, false },
	{ "w_eventfd", sleep_eventfd, false },
	{ "w_timerfd", sleep_timerfd, false },
	{ "w_signalfd", sleep_signalfd, false },
	{ "w_inotify", sleep_inotify, false },
	{ "w_tty", sleep_tty, false },
	{ "w_wait", sleep_wait, false },
	{ "w_flock", sleep_flock, false },
	{ "w_lock", sleep_lock, false },
	{ "w_msgrcv", sleep_msgrcv, false },
	{ "w_semop", sleep_semop, false },
	{ "w_mqueue", sleep_mqueue, false },
	{ "w_aio", sleep_aio, false },
	{ "w_module", sleep_module, false },
	{ "w_accept", sleep_accept, false },
	{ "w_accept_unix", sleep_accept_unix, false },
	{ "w_udp", sleep_udp, false },
	{ "w_tcp_recv", sleep_tcp_recv, false },
	{ "w_tcp_send", sleep_tcp_send, false },
	{ "w_unix_recv", sleep_unix_recv, false },
	{ "w_netlink", sleep_netlink, false },
	{ "w_packet", sleep_packet, false },
	{ "w_futex_waitv", sleep_futex_waitv, false },
	{ "w_userfault", sleep_userfault, false },
	{ "w_uring", sleep_uring, false },
	{ "w_pidfd", sleep_pidfd, false },
	{ "w_fanotify", sleep_fanotify, false },
};

struct start {
	const struct role *role;
	struct slot *slot;
};

static void *thread_main(void *arg)
{
	const struct start *start = arg;

	prctl(PR_SET_NAME, start->role->name);
	start->role->run(start->slot);
	/* An absent one ends; one that was ready must not have come back. */
	if (start->slot->phase == SLOT_READY)
		broken(start->slot, "it did not sleep");
	return NULL;
}

/* The process's own thread owns the priority inheriting futex. */
void wait_threads(struct slot *slot)
{
	static struct start starts[ARRAY_SIZE(sleeps)];
	pthread_attr_t attr;
	pthread_t thread;

	pi_word = syscall(SYS_gettid);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (size_t i = 0; i < ARRAY_SIZE(sleeps); i++) {
		starts[i] = (struct start){ &sleeps[i], slot_new(sleeps[i].name) };
		if (pthread_create(&thread, &attr, thread_main, &starts[i]))
			broken(slot, "pthread_create");
	}
	rest(slot);
}
