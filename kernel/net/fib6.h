/* The routing tables of IPv6: binary trees of prefixes, struct fib6_info since v4.18. */
#pragma once

#include "kernel/kernel.h"

/* Each route of the namespace, in the order in which the kernel lists them: struct fib6_info. Not 0: stop,
 * and fib6_routes_each() returns it. */
typedef int fib6_route_fn(void *arg, uint64_t route);
int fib6_routes_each(struct kernel *k, uint64_t net, fib6_route_fn *fn, void *arg);

/* Where it leads: its first struct fib6_nh. -EOPNOTSUPP: a group of several. */
int fib6_next_hop(struct kernel *k, uint64_t route, uint64_t *ret);
