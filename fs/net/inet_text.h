/* Ends of connections as /proc/net prints them. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

static inline unsigned int net_order16(uint64_t v)
{
	return (v & 0xff) << 8 | (v >> 8 & 0xff);
}

/* "LOCAL:PORT REMOTE:PORT" of the struct sock at @sk, which is of @family; also of one in TIME_WAIT or
 * half open. @number: skc_num stands for the local port, and there is no other end's. */
int put_inet_ends(struct strbuf *out, struct kernel *k, uint64_t sk, uint64_t family, bool number);

/* The 16 bytes at @at, an address of IPv6, without colons. */
int put_inet6_addr(struct strbuf *out, struct kernel *k, uint64_t at);

/* The sum of a struct numa_drop_counters. */
int numa_drops(struct kernel *k, uint64_t counters, uint64_t *ret);

/* Packets that it had no room for. */
int sock_drops(struct kernel *k, uint64_t sk, uint64_t *ret);
