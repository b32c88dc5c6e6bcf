#include "fs/sandbox/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "fs/sandbox/unmount.h"

#define CANCEL_MS 50 /* how soon a reader that gives up is seen */

/* One packet each. A question of no length: the last one is not wanted any more. */
struct question {
	uint32_t number;
	struct build_id id;
};

struct answer {
	uint32_t number;
	int32_t code;
	char text[PATH_MAX]; /* a path, or why there is none */
};

/* Anything that comes in, the end of the daemon included, ends a transfer. */
static bool has_news(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

/* The daemon may be anyone's by now: nothing but the bytes of an id are taken from it. */
static void answer(int fd, const struct question *q)
{
	struct answer a = { .number = q->number };
	_free_ char *path = NULL;

	if (!q->id.len || q->id.len > BUILD_ID_MAX)
		return;
	a.code = fetch_debug_file(&q->id, has_news, &fd, &path);
	snprintf(a.text, sizeof(a.text), "%s", a.code < 0 ? why() : path);
	while (write(fd, &a, sizeof(a)) < 0 && errno == EINTR)
		;
}

/* It is to outlive the daemon by a moment, and to hold nothing that someone waits for. */
static void stand_apart(void)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE };
	_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null <= STDERR_FILENO)
		null = -1;
	if (chdir("/") < 0)
		_exit(EXIT_FAILURE);
}

static void serve(int fd, const struct monitor_job *job)
{
	struct question q;
	ssize_t n;

	stand_apart();
	while ((n = read(fd, &q, sizeof(q))) > 0 || (n < 0 && errno == EINTR)) {
		if (n == sizeof(q))
			answer(fd, &q);
		else if (n == 1)
			break;
	}
	if (job->mountpoint)
		unmount_dead(job->mountpoint);
	if (job->mountpoint && job->remove)
		rmdir(job->mountpoint);
	_exit(EXIT_SUCCESS);
}

void monitor_init(struct monitor *m)
{
	*m = (struct monitor){ .fd = -1 };
	pthread_mutex_init(&m->lock, NULL);
}

int monitor_start(struct monitor *m, const struct monitor_job *job)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(-errno, "a socket: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		serve(ends[1], job);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return fail(-errno, "fork: %s", strerror(errno));
	}
	m->fd = ends[0];
	return 0;
}

/* Packets go whole or not at all. */
static bool send_packet(const struct monitor *m, const void *packet, size_t len)
{
	ssize_t n;

	do
		n = write(m->fd, packet, len);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len;
}

/* The answer to the last question; what comes late of one that was given up is passed over. */
static int wait_for_answer(const struct monitor *m, struct answer *ret)
{
	struct pollfd p = { .fd = m->fd, .events = POLLIN };

	for (;;) {
		if (cancelled())
			return fail(-EINTR, "interrupted");
		if (poll(&p, 1, CANCEL_MS) <= 0)
			continue;
		if (read(m->fd, ret, sizeof(*ret)) != sizeof(*ret))
			return fail(-EIO, "the process that asks debuginfod has ended");
		if (ret->number == m->asked)
			return 0;
	}
}

static int ask(struct monitor *m, const struct build_id *id, struct answer *ret)
{
	struct question q = { .number = ++m->asked, .id = *id }, none = { 0 };
	int r;

	if (!send_packet(m, &q, sizeof(q)))
		return fail(-EIO, "the process that asks debuginfod has ended");
	r = wait_for_answer(m, ret);
	if (r == -EINTR)
		send_packet(m, &none, sizeof(none));
	return r;
}

int monitor_fetch(void *arg, const struct build_id *id, char **ret)
{
	struct monitor *m = arg;
	struct answer a;
	int r;

	pthread_mutex_lock(&m->lock);
	r = ask(m, id, &a);
	pthread_mutex_unlock(&m->lock);
	if (r < 0)
		return r;
	a.text[sizeof(a.text) - 1] = 0;
	if (a.code < 0)
		return fail(a.code, "%s", a.text);
	*ret = strdup(a.text);
	return *ret ? 0 : fail(-ENOMEM, "%s", a.text);
}

void monitor_end(struct monitor *m)
{
	char byte = 0;

	if (m->fd >= 0 && send_packet(m, &byte, 1))
		while (read(m->fd, &byte, 1) > 0 || errno == EINTR)
			errno = 0;
	if (m->fd >= 0)
		close(m->fd);
	pthread_mutex_destroy(&m->lock);
	m->fd = -1;
}
