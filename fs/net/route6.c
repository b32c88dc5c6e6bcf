/* /proc/net/{ipv6_route,rt6_stats,ip6_flowlabel}: routes of IPv6, flow labels. */
#include <arpa/inet.h>
#include <errno.h>

#include "dump/base/err.h"
#include "fs/net/inet_text.h"
#include "fs/net/net_key.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/net/fib6.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"
#include "kernel/task/pid.h"

#define NO_ADDRESS "00000000000000000000000000000000"

/* CONFIG_IPV6 as a part of the kernel. */
bool has_net_ipv6(struct render *r)
{
	return field_exists(r->k, F_net_fib6_table_hash);
}

static int put_addr_of(struct render *r, uint64_t at, enum field f)
{
	uint64_t addr;
	int e = field_addr(r->k, at, f, &addr);

	return e < 0 ? e : put_inet6_addr(r->out, r->k, addr);
}

/* "ADDRESS LENGTH " */
static int put_prefix(struct render *r, uint64_t route, enum field addr, enum field len)
{
	uint64_t n;
	int e = put_addr_of(r, route, addr);

	if (e >= 0)
		e = field_u64(r->k, route, len, &n);
	if (e >= 0)
		put(r->out, " %02x ", (unsigned int)n);
	return e;
}

static int put_route(void *arg, uint64_t route)
{
	enum { GATEWAY = 2 };
	struct render *r = arg;
	uint64_t hop, gateway, dev, metric, refs, flags;
	char name[NET_NAME_LEN + 1] = "";
	int e = put_prefix(r, route, F_fib6_dst, F_fib6_dst_len);

	if (e >= 0 && field_exists(r->k, F_fib6_node_subtree))
		e = put_prefix(r, route, F_fib6_src, F_fib6_src_len);
	else if (e >= 0)
		put_str(r->out, NO_ADDRESS " 00 ");
	if (e >= 0)
		e = fib6_next_hop(r->k, route, &hop);
	if (e >= 0)
		e = field_u64(r->k, hop, F_fib6_nh_gw_family, &gateway);
	if (e >= 0 && gateway)
		e = put_addr_of(r, hop, F_fib6_nh_gw);
	else if (e >= 0)
		put_str(r->out, NO_ADDRESS);
	if (e >= 0)
		e = field_u64(r->k, hop, F_fib6_nh_dev, &dev);
	if (e >= 0 && dev)
		e = net_device_name(r->k, dev, name);
	if (e >= 0)
		e = field_u64(r->k, route, F_fib6_metric, &metric);
	if (e >= 0)
		e = field_u64(r->k, route, F_fib6_ref, &refs);
	if (e >= 0)
		e = field_u64(r->k, route, F_fib6_flags, &flags);
	if (e < 0) {
		put_str(r->out, "\n");
		return within(e, "route at %#lx", route);
	}
	put(r->out, " %08x %08x %08x %08x %8s\n", (unsigned int)metric, (unsigned int)refs, 0u,
	    (unsigned int)flags | (gateway ? GATEWAY : 0), name);
	return 0;
}

int gen_net_ipv6_route(struct render *r)
{
	uint64_t net;
	int e = key_net(r, &net);

	return e < 0 ? e : fib6_routes_each(r->k, net, put_route, r);
}

/* Entries of the cache that the namespace has, as all CPUs have counted them. */
static int count_entries(struct kernel *k, uint64_t net, unsigned int *ret)
{
	uint64_t counter, sum = 0;
	int r = field_addr(k, net, F_net_dst6_entries, &counter);

	if (r >= 0)
		r = percpu_counter_sum(k, counter, &sum);
	*ret = (unsigned int)sum;
	return r;
}

int gen_net_rt6_stats(struct render *r)
{
	static const enum field before[] = { F_rt6_stats_nodes, F_rt6_stats_route_nodes,
					     F_rt6_stats_alloc, F_rt6_stats_entries,
					     F_rt6_stats_cache };
	uint64_t net, stats, v;
	unsigned int entries;
	int e = key_net(r, &net);

	if (e >= 0)
		e = field_u64(r->k, net, F_net_rt6_stats, &stats);
	for (size_t i = 0; e >= 0 && i < sizeof(before) / sizeof(before[0]); i++) {
		e = field_u64(r->k, stats, before[i], &v);
		if (e >= 0)
			put(r->out, "%04x ", (unsigned int)v);
	}
	if (e >= 0)
		e = count_entries(r->k, net, &entries);
	if (e >= 0)
		e = field_u64(r->k, stats, F_rt6_stats_discarded, &v);
	if (e >= 0)
		put(r->out, "%04x %04x\n", entries, (unsigned int)v);
	return e;
}

/* Whom it is for: a process or a user. */
static int flow_owner(struct kernel *k, uint64_t label, uint64_t share, int *ret)
{
	enum { BY_PROCESS = 2, BY_USER = 3 };
	struct pid_numbers numbers;
	uint64_t v = 0;
	int r = 0;

	if (share == BY_USER) {
		r = field_u64(k, label, F_flowlabel_uid, &v);
	} else if (share == BY_PROCESS) {
		r = field_u64(k, label, F_flowlabel_pid, &v);
		if (r >= 0 && v)
			r = pid_numbers(k, v, &numbers);
		if (r >= 0 && v)
			v = numbers.n ? numbers.number[0] : 0;
	}
	*ret = (int)v;
	return r;
}

static int put_flow_label(struct render *r, uint64_t label, uint64_t jiffies, uint64_t hz)
{
	uint64_t number, share, users, linger, expires, options, n = 0;
	int owner;
	int e = field_u64(r->k, label, F_flowlabel_label, &number);

	if (e >= 0)
		e = field_u64(r->k, label, F_flowlabel_share, &share);
	if (e >= 0)
		e = flow_owner(r->k, label, share, &owner);
	if (e >= 0)
		e = field_u64(r->k, label, F_flowlabel_users, &users);
	if (e >= 0)
		e = field_u64(r->k, label, F_flowlabel_linger, &linger);
	if (e >= 0)
		e = field_u64(r->k, label, F_flowlabel_expires, &expires);
	if (e >= 0)
		e = field_u64(r->k, label, F_flowlabel_opt, &options);
	if (e >= 0 && options)
		e = field_u64(r->k, options, F_ipv6_opt_nflen, &n);
	if (e < 0)
		return e;
	put(r->out, "%05X %-1d %-6d %-6d %-6ld %-8ld ", ntohl((uint32_t)number), (int)share, owner,
	    (int)users, linger / hz, (int64_t)(expires - jiffies) / (int64_t)hz);
	e = put_addr_of(r, label, F_flowlabel_dst);
	put(r->out, " %-4d\n", (int)n);
	return e;
}

int gen_net_ip6_flowlabel(struct render *r)
{
	enum { FL_HASH = 256 };
	uint64_t net, table, label, of, jiffies, hz;
	struct guard guard = { 0 };
	int e = key_net(r, &net);

	put(r->out, "%-5s %-1s %-6s %-6s %-6s %-8s %-32s %s\n", "Label", "S", "Owner", "Users",
	    "Linger", "Expires", "Dst", "Opt");
	if (e >= 0)
		e = symbol_addr(r->k, "fl_ht", &table);
	if (e >= 0)
		e = symbol_u64(r->k, "jiffies_64", 8, &jiffies);
	if (e >= 0)
		e = kernel_hz(r->k, &hz);
	if (e >= 0 && !hz)
		e = fail(-EBADMSG, "no ticks a second");
	for (size_t i = 0; e >= 0 && i < FL_HASH; i++) {
		e = kernel_read_uint(r->k, table + 8 * i, 8, &label);
		while (e >= 0 && label) {
			e = guard_step(&guard, label);
			if (e >= 0)
				e = field_u64(r->k, label, F_flowlabel_net, &of);
			if (e >= 0 && of == net)
				e = put_flow_label(r, label, jiffies, hz);
			if (e >= 0)
				e = field_u64(r->k, label, F_flowlabel_next, &label);
		}
	}
	return e < 0 ? within(e, "flow labels") : 0;
}
