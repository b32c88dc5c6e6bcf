/* /proc/net/{igmp,igmp6,mcfilter,mcfilter6,anycast6,dev_mcast}: groups that interfaces have joined. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/net/inet_text.h"
#include "fs/net/net_key.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"

#define USER_HZ		   100
#define FORCE_IGMP_VERSION 16 /* of ipv4_devconf.data: IPV4_DEVCONF_FORCE_IGMP_VERSION - 1 */
#define MCAST_EXCLUDE	   0
#define MCAST_INCLUDE	   1
#define HW_ADDR_LEN	   32 /* MAX_ADDR_LEN */

struct groups {
	struct render *r;
	uint64_t net, jiffies, hz;
	struct guard guard;
	uint64_t dev, index; /* at hand */
	char name[NET_NAME_LEN + 1];
};

typedef int group_fn(struct groups *g, uint64_t group);

/* The chain from @first on. */
static int each_in_chain(struct groups *g, uint64_t first, enum field next, group_fn *fn)
{
	uint64_t at = first;
	int e = 0;

	while (e >= 0 && at) {
		e = guard_step(&g->guard, at);
		if (e >= 0)
			e = fn(g, at);
		if (e >= 0)
			e = field_u64(g->r->k, at, next, &at);
	}
	return e;
}

/* Each interface of the namespace that has @part, its part of one protocol: @fn gets that. */
static int each_device(struct render *r, const char *what, enum field part, group_fn *fn)
{
	struct groups g = { .r = r };
	struct list_walk w;
	uint64_t at;
	int e = key_net(r, &g.net);

	if (e >= 0)
		e = symbol_u64(r->k, "jiffies_64", 8, &g.jiffies);
	if (e >= 0)
		e = kernel_hz(r->k, &g.hz);
	if (e >= 0 && !g.hz)
		e = fail(-EBADMSG, "no ticks a second");
	if (e >= 0)
		e = net_devices_begin(&w, r->k, g.net);
	while (e >= 0 && (e = list_next(&w, &g.dev)) > 0) {
		e = net_device_name(r->k, g.dev, g.name);
		if (e >= 0)
			e = field_u64(r->k, g.dev, F_net_device_ifindex, &g.index);
		if (e >= 0)
			e = field_u64(r->k, g.dev, part, &at);
		if (e >= 0 && at)
			e = fn(&g, at);
	}
	return e < 0 ? within(e, "%s", what) : 0;
}

static uint64_t until(const struct groups *g, uint64_t expires)
{
	int64_t delta = (int64_t)(expires - g->jiffies);

	return delta < 0 ? 0 : (uint64_t)delta * USER_HZ / g->hz;
}

static int forced_version(struct kernel *k, uint64_t conf, uint64_t *ret)
{
	uint64_t at;
	int r = field_addr(k, conf, F_devconf_data, &at);

	return r < 0 ? r : kernel_read_uint(k, at + 4ul * FORCE_IGMP_VERSION, 4, ret);
}

/* The version of IGMP that the network speaks: what was set, for all or this one, or an older querier that
 * was heard not long ago. */
static int querier(struct groups *g, uint64_t in_dev, int *ret)
{
	static const enum field seen[] = { F_in_device_v1_seen, F_in_device_v2_seen };
	struct kernel *k = g->r->k;
	uint64_t conf, all, own, until_then;
	int r = field_u64(k, g->net, F_net_devconf_all, &conf);

	if (r >= 0)
		r = forced_version(k, conf, &all);
	if (r >= 0)
		r = field_addr(k, in_dev, F_in_device_cnf, &conf);
	if (r >= 0)
		r = forced_version(k, conf, &own);
	*ret = 3;
	for (int version = 1; r >= 0 && version <= 2; version++) {
		r = field_u64(k, in_dev, seen[version - 1], &until_then);
		if (r >= 0 && (all == (uint64_t)version || own == (uint64_t)version ||
			       (until_then && (int64_t)(g->jiffies - until_then) < 0))) {
			*ret = version;
			break;
		}
	}
	return r;
}

static int put_igmp_group(struct groups *g, uint64_t group)
{
	struct kernel *k = g->r->k;
	uint64_t addr, users, running, expires, reporter;
	int e = field_u64(k, group, F_ip_mc_addr, &addr);

	if (e >= 0)
		e = field_u64(k, group, F_ip_mc_users, &users);
	if (e >= 0)
		e = field_u64(k, group, F_ip_mc_tm_running, &running);
	if (e >= 0)
		e = field_u64(k, group, F_ip_mc_timer_expires, &expires);
	if (e >= 0)
		e = field_u64(k, group, F_ip_mc_reporter, &reporter);
	if (e >= 0)
		put(g->r->out, "\t\t\t\t%08X %5d %d:%08lX\t\t%d\n", (unsigned int)addr, (int)users,
		    (int)running, running ? until(g, expires) : 0, (int)reporter);
	return e;
}

static int put_igmp_device(struct groups *g, uint64_t in_dev)
{
	uint64_t first, count;
	int version;
	int e = field_u64(g->r->k, in_dev, F_in_device_mc_list, &first);

	if (e < 0 || !first)
		return e;
	e = field_u64(g->r->k, in_dev, F_in_device_mc_count, &count);
	if (e >= 0)
		e = querier(g, in_dev, &version);
	if (e < 0)
		return e;
	put(g->r->out, "%d\t%-10s: %5d %6s%d\n", (int)g->index, g->name, (int)count, "V", version);
	return each_in_chain(g, first, F_ip_mc_next, put_igmp_group);
}

int gen_net_igmp(struct render *r)
{
	put_str(r->out, "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n");
	return each_device(r, "groups of IPv4", F_net_device_ip, put_igmp_device);
}

/* How often the source was let in and kept out: unsigned long[2] at @counts. */
static int put_counts(struct groups *g, uint64_t source, enum field counts)
{
	uint64_t at, in, out;
	int e = field_addr(g->r->k, source, counts, &at);

	if (e >= 0)
		e = kernel_read_uint(g->r->k, at + 8 * MCAST_INCLUDE, 8, &in);
	if (e >= 0)
		e = kernel_read_uint(g->r->k, at + 8 * MCAST_EXCLUDE, 8, &out);
	if (e >= 0)
		put(g->r->out, " %6lu %6lu\n", in, out);
	return e;
}

static int put_filters(struct groups *g, uint64_t group)
{
	uint64_t addr, source, from;
	struct guard guard = { 0 };
	int e = field_u64(g->r->k, group, F_ip_mc_addr, &addr);

	if (e >= 0)
		e = field_u64(g->r->k, group, F_ip_mc_sources, &source);
	while (e >= 0 && source) {
		e = guard_step(&guard, source);
		if (e >= 0)
			e = field_u64(g->r->k, source, F_ip_sf_addr, &from);
		if (e < 0)
			break;
		put(g->r->out, "%3d %6.6s 0x%08x 0x%08x", (int)g->index, g->name,
		    ntohl((uint32_t)addr), ntohl((uint32_t)from));
		e = put_counts(g, source, F_ip_sf_count);
		if (e >= 0)
			e = field_u64(g->r->k, source, F_ip_sf_next, &source);
	}
	return e;
}

static int put_filters_of_device(struct groups *g, uint64_t in_dev)
{
	uint64_t first;
	int e = field_u64(g->r->k, in_dev, F_in_device_mc_list, &first);

	return e < 0 ? e : each_in_chain(g, first, F_ip_mc_next, put_filters);
}

int gen_net_mcfilter(struct render *r)
{
	put(r->out, "%3s %6s %10s %10s %6s %6s\n", "Idx", "Device", "MCA", "SRC", "INC", "EXC");
	return each_device(r, "groups of IPv4", F_net_device_ip, put_filters_of_device);
}

static int put_igmp6_group(struct groups *g, uint64_t group)
{
	enum { TIMER_RUNNING = 1 };
	struct render *r = g->r;
	uint64_t addr, users, flags, expires;
	int e = field_addr(r->k, group, F_ip6_mc_addr, &addr);

	if (e >= 0)
		e = field_u64(r->k, group, F_ip6_mc_users, &users);
	if (e >= 0)
		e = field_u64(r->k, group, F_ip6_mc_flags, &flags);
	if (e >= 0)
		e = field_u64(r->k, group, F_ip6_mc_timer_expires, &expires);
	if (e < 0)
		return e;
	put(r->out, "%-4d %-15s ", (int)g->index, g->name);
	e = put_inet6_addr(r->out, r->k, addr);
	put(r->out, " %5d %08X %ld\n", (int)users, (unsigned int)flags,
	    flags & TIMER_RUNNING ? until(g, expires) : 0);
	return e;
}

static int put_igmp6_device(struct groups *g, uint64_t idev)
{
	uint64_t first;
	int e = field_u64(g->r->k, idev, F_inet6_dev_mc_list, &first);

	return e < 0 ? e : each_in_chain(g, first, F_ip6_mc_next, put_igmp6_group);
}

int gen_net_igmp6(struct render *r)
{
	return each_device(r, "groups of IPv6", F_net_device_ip6, put_igmp6_device);
}

static int put_filters6(struct groups *g, uint64_t group)
{
	struct render *r = g->r;
	uint64_t addr, source, from;
	struct guard guard = { 0 };
	int e = field_addr(r->k, group, F_ip6_mc_addr, &addr);

	if (e >= 0)
		e = field_u64(r->k, group, F_ip6_mc_sources, &source);
	while (e >= 0 && source) {
		e = guard_step(&guard, source);
		if (e >= 0)
			e = field_addr(r->k, source, F_ip6_sf_addr, &from);
		if (e < 0)
			break;
		put(r->out, "%3d %6.6s ", (int)g->index, g->name);
		e = put_inet6_addr(r->out, r->k, addr);
		put_str(r->out, " ");
		if (e >= 0)
			e = put_inet6_addr(r->out, r->k, from);
		if (e >= 0)
			e = put_counts(g, source, F_ip6_sf_count);
		if (e >= 0)
			e = field_u64(r->k, source, F_ip6_sf_next, &source);
	}
	return e;
}

static int put_filters6_of_device(struct groups *g, uint64_t idev)
{
	uint64_t first;
	int e = field_u64(g->r->k, idev, F_inet6_dev_mc_list, &first);

	return e < 0 ? e : each_in_chain(g, first, F_ip6_mc_next, put_filters6);
}

int gen_net_mcfilter6(struct render *r)
{
	put(r->out, "%3s %6s %32s %32s %6s %6s\n", "Idx", "Device", "Multicast Address",
	    "Source Address", "INC", "EXC");
	return each_device(r, "groups of IPv6", F_net_device_ip6, put_filters6_of_device);
}

static int put_anycast(struct groups *g, uint64_t entry)
{
	uint64_t addr, users;
	int e = field_addr(g->r->k, entry, F_ip6_ac_addr, &addr);

	if (e >= 0)
		e = field_u64(g->r->k, entry, F_ip6_ac_users, &users);
	if (e < 0)
		return e;
	put(g->r->out, "%-4d %-15s ", (int)g->index, g->name);
	e = put_inet6_addr(g->r->out, g->r->k, addr);
	put(g->r->out, " %5d\n", (int)users);
	return e;
}

static int put_anycast_device(struct groups *g, uint64_t idev)
{
	uint64_t first;
	int e = field_u64(g->r->k, idev, F_inet6_dev_ac_list, &first);

	return e < 0 ? e : each_in_chain(g, first, F_ip6_ac_next, put_anycast);
}

int gen_net_anycast6(struct render *r)
{
	return each_device(r, "anycast addresses", F_net_device_ip6, put_anycast_device);
}

static int put_hardware_group(struct render *r, uint64_t dev, uint64_t entry)
{
	unsigned char addr[HW_ADDR_LEN];
	char name[NET_NAME_LEN + 1];
	uint64_t index, len, at, refs, global;
	int e = net_device_name(r->k, dev, name);

	if (e >= 0)
		e = field_u64(r->k, dev, F_net_device_ifindex, &index);
	if (e >= 0)
		e = field_u64(r->k, dev, F_net_device_addr_len, &len);
	if (e >= 0)
		e = field_u64(r->k, entry, F_hw_addr_refcount, &refs);
	if (e >= 0)
		e = field_u64(r->k, entry, F_hw_addr_global_use, &global);
	if (e >= 0)
		e = field_addr(r->k, entry, F_hw_addr_addr, &at);
	if (e >= 0)
		e = kernel_read(r->k, at, addr, sizeof(addr));
	if (e < 0)
		return e;
	put(r->out, "%-4d %-15s %-5d %-5d ", (int)index, name, (int)refs, (int)global);
	for (size_t i = 0; i < len && i < sizeof(addr); i++)
		put(r->out, "%02x", addr[i]);
	put_str(r->out, "\n");
	return 0;
}

int gen_net_dev_mcast(struct render *r)
{
	struct list_walk devices, groups;
	uint64_t net, dev, head, entry;
	int e = key_net(r, &net);

	if (e >= 0)
		e = net_devices_begin(&devices, r->k, net);
	while (e >= 0 && (e = list_next(&devices, &dev)) > 0) {
		e = field_addr(r->k, dev, F_net_device_mc, &head);
		if (e >= 0)
			e = list_begin(&groups, r->k, head, F_hw_addr_list);
		while (e >= 0 && (e = list_next(&groups, &entry)) > 0)
			e = put_hardware_group(r, dev, entry);
	}
	return e < 0 ? within(e, "groups of interfaces") : 0;
}
