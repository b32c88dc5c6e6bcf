/* The addresses of interfaces: struct in_ifaddr, struct inet6_ifaddr. */
#pragma once

#include "kernel/kernel.h"

/* One of the struct net_device at @dev: @family is Linux's number, FAMILY_INET or FAMILY_INET6, and @at
 * where its bytes are. Not 0: stop, and ifaddrs_each() returns it. */
typedef int ifaddr_fn(void *arg, uint64_t family, uint64_t at, uint64_t prefix_len);

/* Those of IPv4, then those of IPv6, in the kernel's order. */
int ifaddrs_each(struct kernel *k, uint64_t dev, ifaddr_fn *fn, void *arg);
