/* /proc/net/{snmp,snmp6,netstat,sockstat,sockstat6,protocols}: what protocols have counted. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/net/net_key.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"

#define NAME_LEN  64
#define ITEMS_MAX 512

/* A table of the kernel: names, and where in an array the number of each is. */
struct mib_item {
	char name[NAME_LEN];
	uint64_t i;
};

static int read_item(struct kernel *k, const char *table, size_t n, struct mib_item *ret)
{
	enum { SIZE = 16 };
	struct symbol s;
	uint64_t name;
	int r = symbol_find(k, table, &s);

	if (r < 0)
		return r;
	/* It ends with no name, or where the table does. */
	if (n >= ITEMS_MAX || (n + 1) * SIZE > s.size)
		return -ENOENT;
	r = kernel_read_uint(k, s.addr + SIZE * n, 8, &name);
	if (r >= 0 && !name)
		return -ENOENT;
	if (r >= 0)
		r = kernel_read_str(k, name, ret->name, sizeof(ret->name));
	return r < 0 ? r : kernel_read_uint(k, s.addr + SIZE * n + 8, 4, &ret->i);
}

/* The sum of what each CPU has counted of item @i; 0 when nothing has yet. */
static int read_sum(struct kernel *k, uint64_t net, enum field mib, uint64_t i, uint64_t *ret)
{
	uint64_t at;
	int64_t sum = 0;
	int r = field_u64(k, net, mib, &at);

	if (r >= 0 && at)
		r = percpu_sum(k, at + 8 * i, 8, &sum);
	*ret = (uint64_t)sum;
	return r;
}

struct counters {
	const char *label, *table;
	enum field mib;
	const char *first_names;
};

static int put_names(struct render *r, const struct counters *c)
{
	struct mib_item item;
	int e = 0;

	put(r->out, "%s:%s", c->label, c->first_names ? c->first_names : "");
	for (size_t n = 0; e >= 0; n++) {
		e = read_item(r->k, c->table, n, &item);
		if (e >= 0)
			put(r->out, " %s", item.name);
	}
	put_str(r->out, "\n");
	return e == -ENOENT ? 0 : e;
}

static int put_sums(struct render *r, const struct counters *c, uint64_t net)
{
	struct mib_item item;
	uint64_t sum;
	int e = 0;

	for (size_t n = 0; e >= 0; n++) {
		e = read_item(r->k, c->table, n, &item);
		if (e >= 0)
			e = read_sum(r->k, net, c->mib, item.i, &sum);
		/* -1: no bound */
		if (e >= 0)
			put(r->out, " %ld", (int64_t)sum);
	}
	put_str(r->out, "\n");
	return e == -ENOENT ? 0 : e;
}

static int put_counters(struct render *r, const struct counters *c, uint64_t net)
{
	int e = put_names(r, c);

	put(r->out, "%s:", c->label);
	return e < 0 ? e : put_sums(r, c, net);
}

static int put_ip(struct render *r, uint64_t net)
{
	static const struct counters ip = { "Ip", "snmp4_ipstats_list", F_mib_ip,
					    " Forwarding DefaultTTL" };
	uint64_t all, ttl, forwarding;
	int e = put_names(r, &ip);

	if (e >= 0)
		e = field_u64(r->k, net, F_net_devconf_all, &all);
	if (e >= 0)
		e = field_u64(r->k, all, F_devconf_data, &forwarding); /* its first */
	if (e >= 0)
		e = field_u64(r->k, net, F_net_default_ttl, &ttl);
	if (e < 0)
		return e;
	put(r->out, "Ip: %d %d", (unsigned int)forwarding ? 1 : 2, (int)ttl);
	return put_sums(r, &ip, net);
}

/* The numbers of kinds of message are one for all CPUs; those that went out come after 256. */
static int icmp_types(struct render *r, uint64_t net, uint64_t out, bool names)
{
	struct mib_item item;
	uint64_t at, v;
	int e = field_u64(r->k, net, F_mib_icmpmsg, &at);

	for (size_t n = 0; e >= 0; n++) {
		e = read_item(r->k, "icmpmibmap", n, &item);
		if (e >= 0)
			e = kernel_read_uint(r->k, at + 8 * (item.i | out), 8, &v);
		if (e < 0)
			break;
		if (names)
			put(r->out, " %s%s", out ? "Out" : "In", item.name);
		else
			put(r->out, " %lu", v);
	}
	return e == -ENOENT ? 0 : e;
}

static int icmp_sums(struct render *r, uint64_t net, const char *const *items, size_t n)
{
	uint64_t i, sum;
	int e = 0;

	for (size_t k = 0; e >= 0 && k < n; k++) {
		if (kernel_enumerator(r->k, items[k], &i) < 0)
			continue;
		e = read_sum(r->k, net, F_mib_icmp, i, &sum);
		if (e >= 0)
			put(r->out, " %lu", sum);
	}
	return e;
}

static int put_icmp(struct render *r, uint64_t net)
{
	static const char *const in[] = { "ICMP_MIB_INMSGS", "ICMP_MIB_INERRORS",
					  "ICMP_MIB_CSUMERRORS" };
	static const char *const out[] = { "ICMP_MIB_OUTMSGS", "ICMP_MIB_OUTERRORS",
					   "ICMP_MIB_RATELIMITGLOBAL", "ICMP_MIB_RATELIMITHOST" };
	uint64_t v;
	int e;

	put_str(r->out, "Icmp: InMsgs InErrors InCsumErrors");
	e = icmp_types(r, net, 0, true);
	put_str(r->out, " OutMsgs OutErrors");
	if (kernel_enumerator(r->k, "ICMP_MIB_RATELIMITGLOBAL", &v) >= 0)
		put_str(r->out, " OutRateLimitGlobal OutRateLimitHost");
	if (e >= 0)
		e = icmp_types(r, net, 256, true);
	put_str(r->out, "\nIcmp:");
	if (e >= 0)
		e = icmp_sums(r, net, in, 3);
	if (e >= 0)
		e = icmp_types(r, net, 0, false);
	if (e >= 0)
		e = icmp_sums(r, net, out, 4);
	if (e >= 0)
		e = icmp_types(r, net, 256, false);
	put_str(r->out, "\n");
	return e;
}

/* Kinds of message of which there was one, by number. */
static int put_icmp_messages(struct render *r, uint64_t net)
{
	STRBUF(names);
	STRBUF(values);
	uint64_t at, v;
	int e = field_u64(r->k, net, F_mib_icmpmsg, &at);

	for (size_t i = 0; e >= 0 && i < 512; i++) {
		e = kernel_read_uint(r->k, at + 8 * i, 8, &v);
		if (e < 0 || !v)
			continue;
		put(&names, " %sType%zu", i < 256 ? "In" : "Out", i % 256);
		put(&values, " %lu", v);
	}
	if (e >= 0 && names.len)
		put(r->out, "IcmpMsg:%s\nIcmpMsg:%s\n", names.data, values.data);
	return e;
}

int gen_net_snmp(struct render *r)
{
	static const struct counters rest[] = {
		{ "Tcp", "snmp4_tcp_list", F_mib_tcp, NULL },
		{ "Udp", "snmp4_udp_list", F_mib_udp, NULL },
		{ "UdpLite", "snmp4_udp_list", F_mib_udplite, NULL },
	};
	uint64_t net;
	int e = key_net(r, &net);

	if (e >= 0)
		e = put_ip(r, net);
	if (e >= 0)
		e = put_icmp(r, net);
	if (e >= 0)
		e = put_icmp_messages(r, net);
	for (size_t i = 0; e >= 0 && i < 3; i++)
		if (field_exists(r->k, rest[i].mib))
			e = put_counters(r, &rest[i], net);
	return e;
}

int gen_net_netstat(struct render *r)
{
	static const struct counters all[] = {
		{ "TcpExt", "snmp4_net_list", F_mib_net, NULL },
		{ "IpExt", "snmp4_ipextstats_list", F_mib_ip, NULL },
		{ "MPTcpExt", "mptcp_snmp_list", F_mib_mptcp, NULL },
	};
	uint64_t net, va;
	int e = key_net(r, &net);

	for (size_t i = 0; e >= 0 && i < 3; i++)
		if (field_exists(r->k, all[i].mib) && symbol_addr(r->k, all[i].table, &va) >= 0)
			e = put_counters(r, &all[i], net);
	return e;
}

/* How many sockets of a protocol the namespace has. */
static int in_use(struct kernel *k, uint64_t net, uint64_t proto, int64_t *ret)
{
	uint64_t i, inuse;
	int r = field_u64(k, proto, F_proto_inuse_idx, &i);

	if (r >= 0)
		r = field_u64(k, net, F_net_prot_inuse, &inuse);
	if (r >= 0)
		r = field_addr(k, inuse, F_prot_inuse_val, &inuse);
	return r < 0 ? r : percpu_sum(k, inuse + 4 * i, 4, ret);
}

static int in_use_of(struct kernel *k, uint64_t net, const char *proto, int64_t *ret)
{
	uint64_t at;
	int r = symbol_addr(k, proto, &at);

	return r < 0 ? r : in_use(k, net, at, ret);
}

/* Pages of its queues; -1: not counted. */
static int memory_of(struct kernel *k, uint64_t proto, int64_t *ret)
{
	uint64_t at, v;
	int r = field_u64(k, proto, F_proto_memory_allocated, &at);

	*ret = -1;
	if (r < 0 || !at)
		return r;
	r = kernel_read_uint(k, at, 8, &v);
	*ret = (int64_t)v < 0 ? 0 : (int64_t)v;
	return r;
}

static int put_fragments(struct render *r, uint64_t net, const char *label, enum field dir)
{
	uint64_t fqdir, queues, memory;
	int e = field_u64(r->k, net, dir, &fqdir);

	if (e >= 0)
		e = field_u64(r->k, fqdir, F_fqdir_nelems, &queues);
	if (e >= 0)
		e = field_u64(r->k, fqdir, F_fqdir_mem, &memory);
	if (e >= 0)
		put(r->out, "%s: inuse %u memory %lu\n", label, (unsigned int)queues, memory);
	return e;
}

/* TCP's line: also those that no process has any more, and those of all namespaces. */
static int put_tcp(struct render *r, uint64_t net)
{
	uint64_t proto, at, waits, count;
	int64_t inuse, orphans, parts, memory;
	int e = symbol_addr(r->k, "tcp_prot", &proto);

	if (e >= 0)
		e = in_use(r->k, net, proto, &inuse);
	if (e >= 0)
		e = symbol_addr(r->k, "tcp_orphan_count", &at);
	if (e >= 0)
		e = percpu_sum(r->k, at, 4, &orphans);
	if (e >= 0)
		e = field_u64(r->k, net, F_net_tw_count, &waits);
	if (e >= 0)
		e = field_u64(r->k, proto, F_proto_sockets_allocated, &at);
	if (e >= 0)
		e = field_u64(r->k, at, F_percpu_counter_count, &count);
	if (e >= 0)
		e = field_u64(r->k, at, F_percpu_counter_counters, &at);
	if (e >= 0)
		e = percpu_sum(r->k, at, 4, &parts);
	if (e >= 0)
		e = memory_of(r->k, proto, &memory);
	if (e < 0)
		return e;
	/* a count of references is one more */
	if (field_is_newest(r->k, F_net_tw_count))
		waits--;
	put(r->out, "TCP: inuse %d orphan %d tw %d alloc %d mem %ld\n", (int)inuse,
	    orphans > 0 ? (int)orphans : 0, (int)waits, (int)(parts + (int64_t)count), memory);
	return 0;
}

static int put_used(struct render *r, uint64_t net)
{
	uint64_t at;
	int64_t n;
	int e;

	if (field_exists(r->k, F_prot_inuse_all)) { /* d477eb900484 (v5.17) */
		e = field_u64(r->k, net, F_net_prot_inuse, &at);
		if (e >= 0)
			e = field_addr(r->k, at, F_prot_inuse_all, &at);
	} else {
		e = field_u64(r->k, net, F_net_sock_inuse, &at);
	}
	if (e >= 0)
		e = percpu_sum(r->k, at, 4, &n);
	if (e >= 0)
		put(r->out, "sockets: used %d\n", (int)n);
	return e;
}

/* A line of what is in use; not when the kernel has no such protocol. */
static int put_in_use(struct render *r, uint64_t net, const char *label, const char *proto)
{
	int64_t n;
	int e = in_use_of(r->k, net, proto, &n);

	if (e >= 0)
		put(r->out, "%s: inuse %d\n", label, (int)n);
	return e == -ENOENT ? 0 : e;
}

int gen_net_sockstat(struct render *r)
{
	uint64_t net, udp;
	int64_t n, memory;
	int e = key_net(r, &net);

	if (e >= 0)
		e = put_used(r, net);
	if (e >= 0)
		e = put_tcp(r, net);
	if (e >= 0)
		e = symbol_addr(r->k, "udp_prot", &udp);
	if (e >= 0)
		e = in_use(r->k, net, udp, &n);
	if (e >= 0)
		e = memory_of(r->k, udp, &memory);
	if (e >= 0)
		put(r->out, "UDP: inuse %d mem %ld\n", (int)n, memory);
	if (e >= 0)
		e = put_in_use(r, net, "UDPLITE", "udplite_prot");
	if (e >= 0)
		e = put_in_use(r, net, "RAW", "raw_prot");
	return e < 0 ? e : put_fragments(r, net, "FRAG", F_net_ipv4_fqdir);
}

int gen_net_sockstat6(struct render *r)
{
	static const char *const lines[][2] = {
		{ "TCP6", "tcpv6_prot" },
		{ "UDP6", "udpv6_prot" },
		{ "UDPLITE6", "udplitev6_prot" },
		{ "RAW6", "rawv6_prot" },
	};
	uint64_t net;
	int e = key_net(r, &net);

	for (size_t i = 0; e >= 0 && i < 4; i++)
		e = put_in_use(r, net, lines[i][0], lines[i][1]);
	return e < 0 ? e : put_fragments(r, net, "FRAG6", F_net_ipv6_fqdir);
}

static int put_protocol(struct render *r, uint64_t net, uint64_t proto)
{
	static const enum field calls[] = {
		F_proto_close,
		F_proto_connect,
		F_proto_disconnect,
		F_proto_accept,
		F_proto_ioctl,
		F_proto_init,
		F_proto_destroy,
		F_proto_shutdown,
		F_proto_setsockopt,
		F_proto_getsockopt,
		F_proto_sendmsg,
		F_proto_recvmsg,
		F_proto_sendpage,
		F_proto_bind,
		F_proto_backlog_rcv,
		F_proto_hash,
		F_proto_unhash,
		F_proto_get_port,
		F_proto_enter_memory_pressure,
	};
	char name[NAME_LEN], module[NAME_LEN] = "kernel";
	uint64_t size, pressure, header, slab, owner, v = 0;
	int64_t n, memory;
	int e = field_str(r->k, proto, F_proto_name, name, sizeof(name));

	if (e >= 0)
		e = field_u64(r->k, proto, F_proto_obj_size, &size);
	if (e >= 0)
		e = in_use(r->k, net, proto, &n);
	if (e >= 0)
		e = memory_of(r->k, proto, &memory);
	if (e >= 0)
		e = field_u64(r->k, proto, F_proto_memory_pressure, &pressure);
	if (e >= 0 && pressure)
		e = kernel_read_uint(r->k, pressure, 8, &v);
	if (e >= 0)
		e = field_u64(r->k, proto, F_proto_max_header, &header);
	if (e >= 0)
		e = field_u64(r->k, proto, F_proto_slab, &slab);
	if (e >= 0)
		e = field_u64(r->k, proto, F_proto_owner, &owner);
	if (e >= 0 && owner)
		e = field_str(r->k, owner, F_module_name, module, sizeof(module));
	if (e < 0)
		return e;
	put(r->out, "%-9s %4u %6d  %6ld   %-3s %6u   %-3s  %-10s ", name, (unsigned int)size,
	    (int)n, memory,
	    !pressure ? "NI"
	    : v	      ? "yes"
		      : "no",
	    (unsigned int)header, slab ? "yes" : "no", module);
	for (size_t i = 0; e >= 0 && i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (!field_exists(r->k, calls[i]))
			continue;
		e = field_u64(r->k, proto, calls[i], &v);
		put(r->out, "%2c%s", v ? 'y' : 'n',
		    i + 1 < sizeof(calls) / sizeof(calls[0]) ? " " : "\n");
	}
	return e;
}

int gen_net_protocols(struct render *r)
{
	uint64_t net, head, proto;
	struct list_walk w;
	int e = key_net(r, &net);

	put(r->out,
	    "%-9s %-4s %-8s %-6s %-5s %-7s %-4s %-10s cl co di ac io in de sh ss gs se re %s"
	    "bi br ha uh gp em\n",
	    "protocol", "size", "sockets", "memory", "press", "maxhdr", "slab", "module",
	    field_exists(r->k, F_proto_sendpage) ? "sp " : "");
	if (e >= 0)
		e = symbol_addr(r->k, "proto_list", &head);
	if (e >= 0)
		e = list_begin(&w, r->k, head, F_proto_node);
	while (e >= 0 && (e = list_next(&w, &proto)) > 0)
		e = put_protocol(r, net, proto);
	return e;
}

static int put_list6(struct render *r, uint64_t net, const char *table, enum field mib)
{
	struct mib_item item;
	uint64_t sum;
	int e = 0;

	for (size_t n = 0; e >= 0; n++) {
		e = read_item(r->k, table, n, &item);
		if (e >= 0)
			e = read_sum(r->k, net, mib, item.i, &sum);
		if (e >= 0)
			put(r->out, "%-32s\t%lu\n", item.name, sum);
	}
	return e == -ENOENT ? 0 : e;
}

/* Those that have a name, then all that there were. */
static int put_messages6(struct render *r, uint64_t net)
{
	static const char *const names[256] = {
		[1] = "DestUnreachs",
		[2] = "PktTooBigs",
		[3] = "TimeExcds",
		[4] = "ParmProblems",
		[128] = "Echos",
		[129] = "EchoReplies",
		[130] = "GroupMembQueries",
		[131] = "GroupMembResponses",
		[132] = "GroupMembReductions",
		[133] = "RouterSolicits",
		[134] = "RouterAdvertisements",
		[135] = "NeighborSolicits",
		[136] = "NeighborAdvertisements",
		[137] = "Redirects",
		[143] = "MLDv2Reports",
	};
	uint64_t at, v;
	int e = field_u64(r->k, net, F_mib_icmpv6msg, &at);

	for (size_t i = 0; e >= 0 && i < 1024; i++) {
		STRBUF(label);

		e = kernel_read_uint(r->k, at + 8 * (i % 512), 8, &v);
		if (e < 0 || (i < 512 ? !names[i % 256] : !v))
			continue;
		put(&label, "Icmp6%s", i & 256 ? "Out" : "In");
		if (i < 512)
			put_str(&label, names[i % 256]);
		else
			put(&label, "Type%zu", i % 256);
		put(r->out, "%-32s\t%lu\n", label.data, v);
	}
	return e;
}

int gen_net_snmp6(struct render *r)
{
	uint64_t net;
	int e = key_net(r, &net);

	if (e >= 0)
		e = put_list6(r, net, "snmp6_ipstats_list", F_mib_ipv6);
	if (e >= 0)
		e = put_list6(r, net, "snmp6_icmp6_list", F_mib_icmpv6);
	if (e >= 0)
		e = put_messages6(r, net);
	if (e >= 0)
		e = put_list6(r, net, "snmp6_udp6_list", F_mib_udp6);
	if (e >= 0 && field_exists(r->k, F_mib_udplite6))
		e = put_list6(r, net, "snmp6_udplite6_list", F_mib_udplite6);
	return e;
}
