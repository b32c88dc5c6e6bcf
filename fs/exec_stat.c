#include "fs/exec_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_ROOM 128 /* of those that we know: /proc/<pid>/task/<tid>/fd/<fd> is the longest */
#define PAGE_SIZE 4096u
#define LOOK_MS	  200 /* how often to look whether to stop */
#define CODE_MAX  32

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0
#endif

/* The calls that follow links. Their path is the argument before the answer. */
static const struct call {
	long nr;
	int path, flags, answer; /* which argument; flags -1: there are none */
} calls[] = {
#ifdef SYS_stat
	{ SYS_stat, 0, -1, 1 },
#endif
	{ SYS_newfstatat, 1, 3, 2 },
	{ SYS_statx, 1, 2, 4 },
};

struct code {
	struct sock_filter f[CODE_MAX];
	unsigned short n;
};

static void emit(struct code *c, struct sock_filter f)
{
	c->f[c->n++] = f;
}

static void emit_load(struct code *c, size_t member)
{
	emit(c, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned int)member));
}

static void emit_return(struct code *c, unsigned int what)
{
	emit(c, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

/* Skip @unless instructions if the value is another. */
static void emit_if(struct code *c, unsigned short test, unsigned int value, unsigned char unless)
{
	emit(c, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, value, 0, unless));
}

/* What does not follow links, or is of an open file, the kernel sees to. */
static void emit_call(struct code *c, const struct call *call)
{
	emit_load(c, offsetof(struct seccomp_data, nr));
	emit_if(c, BPF_JEQ, (unsigned int)call->nr, call->flags < 0 ? 1 : 4);
	if (call->flags >= 0) {
		emit_load(c, offsetof(struct seccomp_data, args) +
				     sizeof(uint64_t) * (size_t)call->flags);
		emit_if(c, BPF_JSET, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, 1);
		emit_return(c, SECCOMP_RET_ALLOW);
	}
	emit_return(c, SECCOMP_RET_USER_NOTIF);
}

static int install(void)
{
	struct code c = { .n = 0 };
	struct sock_fprog program = { .filter = c.f };
	long fd;

	emit_load(&c, offsetof(struct seccomp_data, arch));
	emit(&c, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	emit_return(&c, SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		emit_call(&c, &calls[i]);
	emit_return(&c, SECCOMP_RET_ALLOW);
	program.len = c.n;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		     &program);
	return fd < 0 ? -errno : (int)fd;
}

/* Letting the kernel see to a call came with fb3c5386b382 (v5.5). Asked of a filter that dies with its
 * process: there is no way back from one. */
static bool can_continue(void)
{
	struct seccomp_notif_resp nobody = { .id = UINT64_MAX,
					     .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	pid_t pid = fork();
	int fd, status;

	if (pid == 0) {
		fd = install();
		_exit(fd >= 0 && ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &nobody) < 0 && errno == ENOENT
			      ? 0
			      : 1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int stat_ask(void)
{
	return ARCH && can_continue() ? install() : -EOPNOTSUPP;
}

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

int stat_send(int socket, int fd)
{
	char byte = 0;
	struct iovec text = { &byte, 1 };
	union control control = { .room = "" };
	struct msghdr m = { .msg_iov = &text, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control.room);
		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						   .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(socket, &m, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

int stat_receive(int socket)
{
	char byte;
	struct iovec text = { &byte, 1 };
	union control control = { .room = "" };
	struct msghdr m = { .msg_iov = &text,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control.room) };
	int fd = -1;

	if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) == 1 &&
	    m.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* A text of the process @pid, as much as fits; what is on the next page may not be there. */
static bool read_text(pid_t pid, uint64_t at, char *buf, size_t size)
{
	size_t first = PAGE_SIZE - at % PAGE_SIZE;
	struct iovec to = { buf, size - 1 }, from[2];
	ssize_t n;

	if (first > size - 1)
		first = size - 1;
	from[0] = (struct iovec){ (void *)(uintptr_t)at, first };
	from[1] = (struct iovec){ (void *)(uintptr_t)(at + first), size - 1 - first };
	n = process_vm_readv(pid, &to, 1, from, 2, 0);
	if (n <= 0)
		return false;
	buf[n] = 0;
	return strlen(buf) < (size_t)n;
}

static bool write_bytes(pid_t pid, uint64_t at, const void *bytes, size_t len)
{
	struct iovec from = { (void *)(uintptr_t)bytes, len };
	struct iovec to = { (void *)(uintptr_t)at, len };

	return process_vm_writev(pid, &from, 1, &to, 1, 0) == (ssize_t)len;
}

static struct statx statx_of(const struct stat *st)
{
	return (struct statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = (uint32_t)st->st_blksize,
		.stx_nlink = (uint32_t)st->st_nlink,
		.stx_uid = st->st_uid,
		.stx_gid = st->st_gid,
		.stx_mode = (uint16_t)st->st_mode,
		.stx_ino = st->st_ino,
		.stx_size = (uint64_t)st->st_size,
		.stx_blocks = (uint64_t)st->st_blocks,
		.stx_atime.tv_sec = st->st_atim.tv_sec,
		.stx_mtime.tv_sec = st->st_mtim.tv_sec,
		.stx_ctime.tv_sec = st->st_ctim.tv_sec,
		.stx_rdev_major = major(st->st_rdev),
		.stx_rdev_minor = minor(st->st_rdev),
		.stx_dev_major = major(st->st_dev),
		.stx_dev_minor = minor(st->st_dev),
	};
}

static const struct call *call_of(const struct seccomp_notif *n)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].nr == n->data.nr)
			return &calls[i];
	return NULL;
}

/* True if the caller has its answer. */
static bool answer_one(int fd, const struct seccomp_notif *n, stat_answer_fn *answer, void *arg)
{
	const struct call *call = call_of(n);
	pid_t pid = (pid_t)n->pid;
	char path[PATH_ROOM];
	struct stat st = { 0 };
	struct statx stx;
	uint64_t to;

	if (!call || !read_text(pid, n->data.args[call->path], path, sizeof(path)) ||
	    answer(arg, path, &st) < 0)
		return false;
	to = n->data.args[call->answer];
	stx = statx_of(&st);
	/* It may have ended, and its number be another's: that is asked last. */
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n->id) < 0)
		return false;
	return call->nr == SYS_statx ? write_bytes(pid, to, &stx, sizeof(stx))
				     : write_bytes(pid, to, &st, sizeof(st));
}

/* The kernel may know more members than we do. */
struct sizes {
	struct seccomp_notif *notif;
	struct seccomp_notif_resp *resp;
	size_t notif_size, resp_size;
};

static bool sizes_get(struct sizes *s)
{
	struct seccomp_notif_sizes k;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &k) < 0)
		return false;
	s->notif_size = k.seccomp_notif > sizeof(*s->notif) ? k.seccomp_notif : sizeof(*s->notif);
	s->resp_size =
		k.seccomp_notif_resp > sizeof(*s->resp) ? k.seccomp_notif_resp : sizeof(*s->resp);
	s->notif = calloc(1, s->notif_size);
	s->resp = calloc(1, s->resp_size);
	return s->notif && s->resp;
}

void stat_serve(int fd, stat_answer_fn *answer, void *arg, const atomic_bool *stop)
{
	struct pollfd p = { fd, POLLIN, 0 };
	struct sizes s = { 0 };
	bool good = sizes_get(&s);

	while (good && !atomic_load(stop)) {
		if (poll(&p, 1, LOOK_MS) <= 0)
			continue;
		if (!(p.revents & POLLIN))
			break;
		memset(s.notif, 0, s.notif_size);
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, s.notif) < 0)
			continue;
		memset(s.resp, 0, s.resp_size);
		s.resp->id = s.notif->id;
		if (!answer_one(fd, s.notif, answer, arg))
			s.resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, s.resp);
	}
	free(s.notif);
	free(s.resp);
}
