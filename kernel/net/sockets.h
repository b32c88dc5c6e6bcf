/* The sockets of a network namespace, out of the tables of their protocols: struct sock. */
#pragma once

#include "kernel/kernel.h"

enum sock_kind {
	SOCK_KIND_TCP, /* listening ones first; also those in TIME_WAIT and half open ones */
	SOCK_KIND_UDP,
	SOCK_KIND_UDPLITE,
	SOCK_KIND_PING,
	SOCK_KIND_RAW,
	SOCK_KIND_RAW6,
	SOCK_KIND_UNIX,
	SOCK_KIND_NETLINK,
	SOCK_KIND_PACKET,
};

/* Linux's numbers of families, whatever the host's are. */
#define FAMILY_INET  2
#define FAMILY_INET6 10

/* States of TCP that others use too. */
#define SOCK_ESTABLISHED  1
#define SOCK_TIME_WAIT	  6
#define SOCK_LISTEN	  10
#define SOCK_NEW_SYN_RECV 12

/* Those in @net, 0: in all namespaces, in the kernel's order; @bucket is the one of its hash table. One in TIME_WAIT is a
 * struct inet_timewait_sock, one in NEW_SYN_RECV a struct request_sock: look at the state first. Not 0:
 * stop, and sockets_each() returns it. */
typedef int sock_fn(void *arg, uint64_t sk, uint64_t bucket);
int sockets_each(struct kernel *k, uint64_t net, enum sock_kind kind, sock_fn *fn, void *arg);

/* The inode of its struct socket; 0: none. And who owns it. */
int sock_inode(struct kernel *k, uint64_t sk, uint64_t *ret_ino, uint64_t *ret_uid);
