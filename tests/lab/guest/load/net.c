/* Making sockets. An address with a colon is IPv6. */
#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

static socklen_t inet_address(const char *text, uint16_t port, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (strchr(text, ':')) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(port);
		inet_pton(AF_INET6, text, &ret->v6.sin6_addr);
		return sizeof(ret->v6);
	}
	ret->v4.sin_family = AF_INET;
	ret->v4.sin_port = htons(port);
	inet_pton(AF_INET, text, &ret->v4.sin_addr);
	return sizeof(ret->v4);
}

static socklen_t unix_address(const char *name, union address *ret)
{
	size_t len = strlen(name);

	memset(ret, 0, sizeof(*ret));
	ret->local.sun_family = AF_UNIX;
	memcpy(ret->local.sun_path, name, len);
	if (name[0] == '@')
		ret->local.sun_path[0] = 0;
	else
		len++;
	return offsetof(struct sockaddr_un, sun_path) + len;
}

int inet_bind(const char *text, uint16_t port, int type, int protocol)
{
	union address address;
	socklen_t len = inet_address(text, port, &address);
	int one = 1, fd = socket(address.any.sa_family, type, protocol);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!bind(fd, &address.any, len))
		return fd;
	close(fd);
	return -1;
}

int tcp_listen(const char *text, uint16_t port)
{
	int fd = inet_bind(text, port, SOCK_STREAM, 0);

	if (fd >= 0 && listen(fd, 5)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Both ends of a connection over the loopback device: who connected, who accepted. */
int tcp_pair(const char *text, uint16_t port, int *ret_ends)
{
	union address address;
	socklen_t len = inet_address(text, port, &address);
	int listener = tcp_listen(text, port);
	int from = socket(address.any.sa_family, SOCK_STREAM, 0), to = -1;

	if (listener >= 0 && from >= 0 && !connect(from, &address.any, len))
		to = accept(listener, NULL, NULL);
	close(listener);
	if (to < 0) {
		close(from);
		return -1;
	}
	ret_ends[0] = from;
	ret_ends[1] = to;
	return 0;
}

static int unix_socket(const char *name, int type,
		       int (*attach)(int fd, const struct sockaddr *address, socklen_t len))
{
	union address address;
	socklen_t len = unix_address(name, &address);
	int fd = socket(AF_UNIX, type, 0);

	if (fd >= 0 && attach(fd, &address.any, len)) {
		close(fd);
		return -1;
	}
	return fd;
}

int unix_bind(const char *name, int type)
{
	return unix_socket(name, type, bind);
}

int unix_connect(const char *name, int type)
{
	return unix_socket(name, type, connect);
}
