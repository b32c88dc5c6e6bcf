/* One process with an open file of every kind; the facts say which number is which kind. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>

#include "load.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#define DIR_PATH "/tmp/files"

/* Made with these contents, opened for reading and writing, read at offset 7. */
static int open_named(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0640);

	if (fd >= 0 && (write(fd, "contents of a file\n", 19) != 19 || lseek(fd, 7, SEEK_SET) != 7))
		return -1;
	return fd;
}

static int open_regular(void)
{
	return open_named(DIR_PATH "/regular");
}

static int open_append(void)
{
	return open(DIR_PATH "/regular", O_WRONLY | O_APPEND | O_CLOEXEC | O_SYNC);
}

static int open_deleted(void)
{
	int fd = open_named(DIR_PATH "/deleted");

	unlink(DIR_PATH "/deleted");
	return fd;
}

static int open_space(void)
{
	return open_named(DIR_PATH "/a name with spaces");
}

static int open_newline(void)
{
	return open_named(DIR_PATH "/a\nnew line");
}

static int open_backslash(void)
{
	return open_named(DIR_PATH "/back\\slash\\012");
}

static int open_tab(void)
{
	return open_named(DIR_PATH "/tab\there");
}

static int open_bytes(void)
{
	return open_named(DIR_PATH "/\303\244\377\001\033[31m");
}

static int open_false_deleted(void)
{
	return open_named(DIR_PATH "/not gone (deleted)");
}

static int open_long(void)
{
	char path[300] = DIR_PATH "/";

	memset(path + strlen(path), 'n', 255);
	return open_named(path);
}

/* A path of more than one page: made by going down step by step. */
static int open_deep(void)
{
	char name[201];
	int dir = open(DIR_PATH, O_DIRECTORY), fd;

	memset(name, 'd', 200);
	name[200] = 0;
	for (int i = 0; i < 24 && dir >= 0; i++) {
		if (mkdirat(dir, name, 0700))
			return -1;
		fd = openat(dir, name, O_DIRECTORY);
		close(dir);
		dir = fd;
	}
	fd = openat(dir, "file", O_RDWR | O_CREAT, 0600);
	close(dir);
	return fd;
}

static int open_directory(void)
{
	return open(DIR_PATH, O_RDONLY | O_DIRECTORY);
}

static int open_deleted_directory(void)
{
	int fd;

	mkdir(DIR_PATH "/gone", 0700);
	fd = open(DIR_PATH "/gone", O_RDONLY | O_DIRECTORY);
	rmdir(DIR_PATH "/gone");
	return fd;
}

static int open_root(void)
{
	return open("/", O_RDONLY | O_DIRECTORY);
}

static int open_path(void)
{
	return open(DIR_PATH "/regular", O_PATH);
}

static int open_symlink(void)
{
	symlink("regular", DIR_PATH "/symlink");
	return open(DIR_PATH "/symlink", O_PATH | O_NOFOLLOW);
}

static int open_tmpfile(void)
{
	return open(DIR_PATH, O_TMPFILE | O_RDWR, 0600);
}

static int open_fifo(void)
{
	mkfifo(DIR_PATH "/fifo", 0600);
	return open(DIR_PATH "/fifo", O_RDWR | O_NONBLOCK);
}

static int open_pipe(void)
{
	int fds[2];

	if (pipe2(fds, O_NONBLOCK))
		return -1;
	return write(fds[1], "in the pipe", 11) == 11 ? fds[0] : -1;
}

static int open_eventfd(void)
{
	return eventfd(12345, EFD_NONBLOCK);
}

static int open_timerfd(void)
{
	struct itimerspec t = { { 3, 4 }, { 1000000, 0 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	timerfd_settime(fd, 0, &t, NULL);
	return fd;
}

static int open_signalfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	return signalfd(-1, &set, 0);
}

static int open_epoll(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.u64 = 0xfeedfacecafe };
	int fd = epoll_create1(EPOLL_CLOEXEC), watched = eventfd(0, 0);

	return epoll_ctl(fd, EPOLL_CTL_ADD, watched, &e) ? -1 : fd;
}

static int open_inotify(void)
{
	int fd = inotify_init1(0);

	return inotify_add_watch(fd, DIR_PATH, IN_CLOSE_WRITE | IN_MOVE) < 0 ? -1 : fd;
}

static int open_fanotify(void)
{
	return syscall(SYS_fanotify_init, FAN_CLASS_NOTIF, O_RDONLY);
}

static int open_memfd(void)
{
	int fd = syscall(SYS_memfd_create, "lab memfd", 0);

	return fd >= 0 && ftruncate(fd, 8192) ? -1 : fd;
}

static int open_memfd_secret(void)
{
	return syscall(SYS_memfd_secret, 0);
}

static int open_pidfd(void)
{
	return syscall(SYS_pidfd_open, getppid(), 0);
}

static int open_perf(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CONTEXT_SWITCHES,
		.disabled = 1,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static int open_bpf_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 16,
		.map_name = "lab_array",
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* With three elements. */
static int open_bpf_hash(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_HASH,
		.key_size = 4,
		.value_size = 16,
		.max_entries = 32,
		.map_name = "lab_hash",
	};
	int fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));

	for (uint32_t key = 1; fd >= 0 && key <= 3; key++) {
		char value[16] = "element";
		union bpf_attr element = { .map_fd = fd,
					   .key = (uintptr_t)&key,
					   .value = (uintptr_t)value };

		syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &element, sizeof(element));
	}
	return fd;
}

/* r0 = 2; exit */
static int open_bpf_prog(void)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 2 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_SIZE(code),
		.license = (uintptr_t) "GPL",
		.prog_name = "lab_filter",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static int open_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC);
}

static int open_pty(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	return fd < 0 || unlockpt(fd) ? -1 : fd;
}

static int open_namespace(void)
{
	return open("/proc/self/ns/uts", O_RDONLY);
}

/* What needs no more than open(). */
static const struct {
	const char *kind;
	const char *path;
	int flags;
} plain[] = {
	{ "null", "/dev/null", O_RDWR },
	{ "zero", "/dev/zero", O_RDONLY },
	{ "random", "/dev/urandom", O_RDONLY },
	{ "console", "/dev/console", O_WRONLY | O_NOCTTY },
	{ "tty", "/dev/ttyS0", O_WRONLY | O_NOCTTY | O_NONBLOCK },
	{ "mem", "/dev/mem", O_RDONLY },
	{ "kmsg", "/dev/kmsg", O_RDONLY | O_NONBLOCK },
	{ "ptmx", "/dev/ptmx", O_RDWR | O_NOCTTY },
	{ "rtc", "/dev/rtc0", O_RDONLY },
	{ "fuse", "/dev/fuse", O_RDWR },
	{ "disk", "/dev/vda", O_RDONLY },
	{ "tun", "/dev/net/tun", O_RDWR },
	{ "loop", "/dev/loop-control", O_RDWR },
	{ "procfs", "/proc/self/status", O_RDONLY },
	{ "procfs_other", "/proc/1/maps", O_RDONLY },
	{ "procfs_global", "/proc/meminfo", O_RDONLY },
	{ "procfs_sys", "/proc/sys/kernel/ostype", O_RDONLY },
	{ "sysfs", "/sys/kernel/profiling", O_RDONLY },
	{ "sysfs_dir", "/sys/kernel", O_RDONLY | O_DIRECTORY },
	{ "debugfs", "/sys/kernel/debug", O_RDONLY | O_DIRECTORY },
	{ "cgroup", "/sys/fs/cgroup/cgroup.procs", O_RDONLY },
	{ "initramfs", "/init", O_RDONLY },
	{ "shm", "/dev/shm", O_RDONLY | O_DIRECTORY },
	{ "ext4", "/mnt/disk/a file", O_RDWR | O_CREAT },
	{ "shm_file", "/dev/shm/a file", O_RDWR | O_CREAT },
};

static const struct {
	const char *kind;
	int (*open)(void);
} kinds[] = {
	{ "regular", open_regular },
	{ "append", open_append },
	{ "deleted", open_deleted },
	{ "space", open_space },
	{ "newline", open_newline },
	{ "backslash", open_backslash },
	{ "tab", open_tab },
	{ "bytes", open_bytes },
	{ "false_deleted", open_false_deleted },
	{ "long", open_long },
	{ "deep", open_deep },
	{ "directory", open_directory },
	{ "deleted_directory", open_deleted_directory },
	{ "root", open_root },
	{ "path", open_path },
	{ "symlink", open_symlink },
	{ "tmpfile", open_tmpfile },
	{ "fifo", open_fifo },
	{ "pipe", open_pipe },
	{ "eventfd", open_eventfd },
	{ "timerfd", open_timerfd },
	{ "signalfd", open_signalfd },
	{ "epoll", open_epoll },
	{ "inotify", open_inotify },
	{ "fanotify", open_fanotify },
	{ "memfd", open_memfd },
	{ "memfd_secret", open_memfd_secret },
	{ "pidfd", open_pidfd },
	{ "perf", open_perf },
	{ "bpf_map", open_bpf_map },
	{ "bpf_hash", open_bpf_hash },
	{ "bpf_prog", open_bpf_prog },
	{ "userfaultfd", open_userfaultfd },
	{ "pty", open_pty },
	{ "namespace", open_namespace },
};

static void note_fd(struct slot *slot, const char *kind, int fd)
{
	char key[64];

	snprintf(key, sizeof(key), "fd %s", kind);
	if (fd < 0)
		fact_errno(slot, key);
	else
		fact_num(slot, key, fd);
}

static void note_moved(struct slot *slot, const char *kind, int from, int to)
{
	note_fd(slot, kind, dup2(from, to));
}

void hold_files(struct slot *slot)
{
	struct flock lock = { .l_type = F_RDLCK, .l_start = 5, .l_len = 6 };
	int fd;

	mkdir(DIR_PATH, 0755);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		note_fd(slot, kinds[i].kind, kinds[i].open());
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		note_fd(slot, plain[i].kind, open(plain[i].path, plain[i].flags, 0600));
	fd = open_regular();
	note_moved(slot, "257", fd, 257);
	note_moved(slot, "3000", fd, 3000);
	fcntl(fd, F_SETLK, &lock);
	note_fd(slot, "locked", fd);
	fd = open_append();
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETSIG, SIGRTMIN);
	note_fd(slot, "owned", fd);
}
