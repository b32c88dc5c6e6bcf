/* One process with sockets of every family and state; the facts say which number is which. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "load.h"
#include "net.h"

static void note(struct slot *slot, const char *kind, int fd)
{
	char key[80];

	snprintf(key, sizeof(key), "fd %s", kind);
	if (fd < 0)
		fact_errno(slot, key);
	else
		fact_num(slot, key, fd);
}

static void note_pair(struct slot *slot, const char *kind, const int *ends, int r)
{
	char key[64];

	snprintf(key, sizeof(key), "%s from", kind);
	note(slot, key, r ? -1 : ends[0]);
	snprintf(key, sizeof(key), "%s to", kind);
	note(slot, key, r ? -1 : ends[1]);
}

/* Connections in every state that lasts. */
static void hold_tcp(struct slot *slot)
{
	int ends[2], one = 1;

	note(slot, "tcp_listen", tcp_listen("0.0.0.0", 7101));
	note(slot, "tcp6_listen", tcp_listen("::", 7102));
	note_pair(slot, "tcp", ends, tcp_pair("127.0.0.1", 7103, ends));
	setsockopt(ends[0], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	note_pair(slot, "tcp6", ends, tcp_pair("::1", 7104, ends));
	/* FIN_WAIT2 and CLOSE_WAIT */
	note_pair(slot, "tcp_half", ends, tcp_pair("127.0.0.1", 7105, ends));
	shutdown(ends[0], SHUT_WR);
	/* Bytes that nobody reads stay in the receive queue. */
	note_pair(slot, "tcp_full", ends, tcp_pair("192.0.2.1", 7106, ends));
	if (write(ends[0], "twelve bytes", 12) != 12)
		broken(slot, "tcp_full");
	note(slot, "tcp_closed", socket(AF_INET, SOCK_STREAM, 0));
}

static void hold_udp(struct slot *slot)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(7201) };
	int fd = inet_bind("0.0.0.0", 7201, SOCK_DGRAM, 0), connected;

	note(slot, "udp", fd);
	note(slot, "udp6", inet_bind("::", 7202, SOCK_DGRAM, 0));
	note(slot, "udplite", inet_bind("127.0.0.1", 7203, SOCK_DGRAM, IPPROTO_UDPLITE));
	connected = inet_bind("127.0.0.1", 7204, SOCK_DGRAM, 0);
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	if (connect(connected, (struct sockaddr *)&to, sizeof(to)) ||
	    send(connected, "x", 1, 0) != 1)
		broken(slot, "udp connect");
	note(slot, "udp_connected", connected);
	note(slot, "raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	note(slot, "raw6", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
	note(slot, "ping", socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
}

static void hold_unix(struct slot *slot)
{
	int fd = unix_bind("/tmp/socket name", SOCK_STREAM), pair[2];

	if (fd >= 0)
		listen(fd, 4);
	note(slot, "unix_listen", fd);
	note(slot, "unix_client", unix_connect("/tmp/socket name", SOCK_STREAM));
	note(slot, "unix_server", accept(fd, NULL, NULL));
	note(slot, "unix_waiting", unix_connect("/tmp/socket name", SOCK_STREAM));
	note(slot, "unix_abstract", unix_bind("@lab abstract", SOCK_DGRAM));
	note(slot, "unix_dgram", unix_bind("/tmp/dgram", SOCK_DGRAM));
	note(slot, "unix_unbound", socket(AF_UNIX, SOCK_STREAM, 0));
	note_pair(slot, "unix_pair", pair, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	note_pair(slot, "unix_seqpacket", pair, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
}

/* A descriptor that is only in flight, in a message nobody has read. */
static void hold_in_flight(struct slot *slot)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	char letter = 'f';
	struct iovec text = { &letter, 1 };
	struct msghdr message = {
		.msg_iov = &text,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	int pair[2], sent = open("/dev/null", O_RDWR);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &sent, sizeof(sent));
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) || sendmsg(pair[0], &message, 0) != 1)
		broken(slot, "SCM_RIGHTS");
	close(sent);
	note(slot, "in_flight", pair[1]);
}

static void hold_netlink(struct slot *slot)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)))
		broken(slot, "netlink");
	note(slot, "netlink", fd);
	note(slot, "netlink_uevent", socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT));
	note(slot, "packet", socket(AF_PACKET, SOCK_RAW, htons(0x88b5)));
	note(slot, "packet_dgram", socket(AF_PACKET, SOCK_DGRAM, 0));
	note(slot, "vsock", socket(40, SOCK_STREAM, 0));
	note(slot, "alg", socket(38, SOCK_SEQPACKET, 0));
	note(slot, "key", socket(15, SOCK_RAW, 2));
	note(slot, "xdp", socket(44, SOCK_RAW, 0));
}

/* A group that is joined is in net/igmp or net/igmp6, one with a source of its own in net/mcfilter
 * or net/mcfilter6 too. The first device is the loopback.
 */
static void join(struct slot *slot, const char *kind, int fd, int level, int option,
		 const void *what, size_t len)
{
	int r = setsockopt(fd, level, option, what, len);

	note(slot, kind, r ? -1 : fd);
}

static void hold_multicast(struct slot *slot)
{
	struct ip_mreqn group = { .imr_ifindex = 1 };
	struct group_source_req of_source = { .gsr_interface = 1 };
	struct sockaddr_in *to = (struct sockaddr_in *)&of_source.gsr_group;
	struct sockaddr_in *from = (struct sockaddr_in *)&of_source.gsr_source;

	inet_pton(AF_INET, "239.1.2.3", &group.imr_multiaddr);
	join(slot, "multicast", inet_bind("0.0.0.0", 7205, SOCK_DGRAM, 0), IPPROTO_IP,
	     IP_ADD_MEMBERSHIP, &group, sizeof(group));
	to->sin_family = from->sin_family = AF_INET;
	inet_pton(AF_INET, "232.1.2.3", &to->sin_addr);
	inet_pton(AF_INET, "192.0.2.77", &from->sin_addr);
	join(slot, "multicast_source", inet_bind("0.0.0.0", 7206, SOCK_DGRAM, 0), IPPROTO_IP,
	     MCAST_JOIN_SOURCE_GROUP, &of_source, sizeof(of_source));
}

static void hold_multicast6(struct slot *slot)
{
	struct ipv6_mreq group = { .ipv6mr_interface = 1 };
	struct group_source_req of_source = { .gsr_interface = 1 };
	struct sockaddr_in6 *to = (struct sockaddr_in6 *)&of_source.gsr_group;
	struct sockaddr_in6 *from = (struct sockaddr_in6 *)&of_source.gsr_source;

	inet_pton(AF_INET6, "ff15::1:2:3", &group.ipv6mr_multiaddr);
	join(slot, "multicast6", inet_bind("::", 7207, SOCK_DGRAM, 0), IPPROTO_IPV6,
	     IPV6_JOIN_GROUP, &group, sizeof(group));
	to->sin6_family = from->sin6_family = AF_INET6;
	inet_pton(AF_INET6, "ff35::1:2:3", &to->sin6_addr);
	inet_pton(AF_INET6, "2001:db8::77", &from->sin6_addr);
	join(slot, "multicast6_source", inet_bind("::", 7208, SOCK_DGRAM, 0), IPPROTO_IPV6,
	     MCAST_JOIN_SOURCE_GROUP, &of_source, sizeof(of_source));
}

void hold_sockets(struct slot *slot)
{
	hold_tcp(slot);
	hold_udp(slot);
	hold_unix(slot);
	hold_in_flight(slot);
	hold_netlink(slot);
	hold_multicast(slot);
	hold_multicast6(slot);
}
