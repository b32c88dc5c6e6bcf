/* Threads asleep in sockets, and in what only newer kernels have. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "load.h"
#include "net.h"

/* IEEE 802 local experimental: nobody sends it. */
#define ETHERTYPE_NOBODY 0x88b5

static void sleep_recv(struct slot *s, int fd)
{
	char text[256];

	if (fd < 0)
		return absent(s, "socket");
	fact_num(s, "fd", fd);
	ready(s, 'S', SYS_recvfrom);
	syscall(SYS_recvfrom, fd, text, sizeof(text), 0, NULL, NULL);
}

static void sleep_accept_on(struct slot *s, int fd)
{
	if (fd < 0)
		return absent(s, "socket");
	fact_num(s, "fd", fd);
	ready(s, 'S', SYS_accept4);
	syscall(SYS_accept4, fd, NULL, NULL, 0);
}

void sleep_accept(struct slot *s)
{
	fact_num(s, "port", 7001);
	sleep_accept_on(s, tcp_listen("127.0.0.1", 7001));
}

void sleep_accept_unix(struct slot *s)
{
	int fd = unix_bind("@lab accept", SOCK_STREAM);

	listen(fd, 3);
	sleep_accept_on(s, fd);
}

void sleep_udp(struct slot *s)
{
	fact_num(s, "port", 7002);
	sleep_recv(s, inet_bind("127.0.0.1", 7002, SOCK_DGRAM, 0));
}

void sleep_tcp_recv(struct slot *s)
{
	int ends[2];

	if (tcp_pair("127.0.0.1", 7003, ends))
		return absent(s, "tcp_pair");
	sleep_recv(s, ends[0]);
}

/* What the other end may take and our own buffer are full. */
void sleep_tcp_send(struct slot *s)
{
	static char text[4096];
	int ends[2], size = 4096;

	if (tcp_pair("127.0.0.1", 7004, ends))
		return absent(s, "tcp_pair");
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	fact_num(s, "fd", ends[0]);
	ready(s, 'S', SYS_sendto);
	for (;;)
		syscall(SYS_sendto, ends[0], text, sizeof(text), 0, NULL, 0);
}

void sleep_unix_recv(struct slot *s)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds))
		return absent(s, "socketpair");
	sleep_recv(s, fds[1]);
}

void sleep_netlink(struct slot *s)
{
	sleep_recv(s, socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
}

void sleep_packet(struct slot *s)
{
	sleep_recv(s, socket(AF_PACKET, SOCK_RAW, htons(ETHERTYPE_NOBODY)));
}

/* struct futex_waitv of v5.16, newer than the headers this may be built with. */
struct waitv {
	uint64_t value;
	uint64_t address;
	uint32_t flags;
	uint32_t reserved;
};

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

void sleep_futex_waitv(struct slot *s)
{
	static uint32_t words[2];
	struct waitv w[2] = { { 0, (uintptr_t)&words[0], 2, 0 },
			      { 0, (uintptr_t)&words[1], 2, 0 } };

	/* Without any futex it is an argument error where the call exists. */
	syscall(SYS_futex_waitv, NULL, 0, 0, NULL, 0);
	if (errno == ENOSYS)
		return absent(s, "futex_waitv");
	ready(s, 'S', SYS_futex_waitv);
	syscall(SYS_futex_waitv, w, 2, 0, NULL, 0);
}

/* In a page fault from user mode, which only the reader of the userfaultfd would end. */
void sleep_userfault(struct slot *s)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	volatile char *page;
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return absent(s, "userfaultfd");
	page = mmap(NULL, 4 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api))
		return absent(s, "UFFDIO_API");
	area.range.start = (uintptr_t)page;
	area.range.len = 4 << 12;
	if (ioctl(fd, UFFDIO_REGISTER, &area))
		return absent(s, "UFFDIO_REGISTER");
	fact_num(s, "fd", fd);
	fact_hex(s, "address", (uintptr_t)page + 0x1234);
	ready(s, 'S', -1);
	page[0x1234] = 1;
}

void sleep_uring(struct slot *s)
{
	struct io_uring_params params = { 0 };
	int fd = syscall(SYS_io_uring_setup, 4, &params);

	if (fd < 0)
		return absent(s, "io_uring_setup");
	fact_num(s, "fd", fd);
	ready(s, 'S', SYS_io_uring_enter);
	syscall(SYS_io_uring_enter, fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 8);
}

void sleep_pidfd(struct slot *s)
{
	struct {
		int fd;
		short events, revents;
	} p = { syscall(SYS_pidfd_open, getpid(), 0), 1, 0 };

	if (p.fd < 0)
		return absent(s, "pidfd_open");
	fact_num(s, "fd", p.fd);
	ready(s, 'S', SYS_ppoll);
	syscall(SYS_ppoll, &p, 1, NULL, NULL, 0);
}

void sleep_fanotify(struct slot *s)
{
	char text[512];
	int fd = syscall(SYS_fanotify_init, FAN_CLASS_NOTIF, O_RDONLY);

	if (fd < 0)
		return absent(s, "fanotify_init");
	fact_num(s, "fd", fd);
	ready(s, 'S', SYS_read);
	read(fd, text, sizeof(text));
}
