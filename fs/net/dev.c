/* /proc/net/{dev,if_inet6,arp,ptype,softnet_stat}: interfaces, addresses, neighbours. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "fs/net/dev_counters.h"
#include "fs/net/inet_text.h"
#include "fs/net/net_key.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

static int put_device(struct render *r, uint64_t dev)
{
	char name[NET_NAME_LEN + 1];
	uint64_t c[NR_COUNTERS];
	int e = net_device_name(r->k, dev, name);

	if (e < 0)
		return e;
	put(r->out, "%6s: ", name);
	e = net_counters(r->k, dev, c);
	if (e == -EOPNOTSUPP) { /* a driver's own: the line of this device alone */
		put(r->out, "<%s>\n", why());
		return 0;
	}
	if (e < 0)
		return e;
	put(r->out, "%7lu %7lu %4lu %4lu %4lu %5lu %10lu %9lu ", c[RX_BYTES], c[RX_PACKETS],
	    c[RX_ERRORS], c[RX_DROPPED] + c[RX_MISSED], c[RX_FIFO],
	    c[RX_LENGTH] + c[RX_OVER] + c[RX_CRC] + c[RX_FRAME], c[RX_COMPRESSED], c[MULTICAST]);
	put(r->out, "%8lu %7lu %4lu %4lu %4lu %5lu %7lu %10lu\n", c[TX_BYTES], c[TX_PACKETS],
	    c[TX_ERRORS], c[TX_DROPPED], c[TX_FIFO], c[COLLISIONS],
	    c[TX_CARRIER] + c[TX_ABORTED] + c[TX_WINDOW] + c[TX_HEARTBEAT], c[TX_COMPRESSED]);
	return 0;
}

int gen_net_dev(struct render *r)
{
	struct list_walk w;
	uint64_t net, dev;
	int e = key_net(r, &net);

	put_str(r->out,
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast"
		"|bytes    packets errs drop fifo colls carrier compressed\n");
	if (e >= 0)
		e = net_devices_begin(&w, r->k, net);
	while (e >= 0 && (e = list_next(&w, &dev)) > 0)
		e = put_device(r, dev);
	return e;
}

static int put_inet6(struct render *r, uint64_t ifa)
{
	char name[NET_NAME_LEN + 1];
	unsigned char addr[16];
	uint64_t at, idev, dev, index, prefix, scope, flags;
	int e = field_addr(r->k, ifa, F_ifaddr6_addr, &at);

	if (e >= 0)
		e = kernel_read(r->k, at, addr, sizeof(addr));
	if (e >= 0)
		e = field_u64(r->k, ifa, F_ifaddr6_idev, &idev);
	if (e >= 0)
		e = field_u64(r->k, idev, F_inet6_dev_dev, &dev);
	if (e >= 0)
		e = net_device_name(r->k, dev, name);
	if (e >= 0)
		e = field_u64(r->k, dev, F_net_device_ifindex, &index);
	if (e >= 0)
		e = field_u64(r->k, ifa, F_ifaddr6_prefix_len, &prefix);
	if (e >= 0)
		e = field_u64(r->k, ifa, F_ifaddr6_scope, &scope);
	if (e >= 0)
		e = field_u64(r->k, ifa, F_ifaddr6_flags, &flags);
	for (size_t i = 0; e >= 0 && i < sizeof(addr); i++)
		put(r->out, "%02x", addr[i]);
	if (e >= 0)
		put(r->out, " %02x %02x %02x %02x %8s\n", (unsigned int)index, (unsigned int)prefix,
		    (unsigned int)scope, (unsigned int)flags & 0xff, name);
	return e;
}

/* A hash table of addresses: of each namespace since v5.18, of all before. */
int gen_net_if_inet6(struct render *r)
{
	enum { IN6_ADDR_HSIZE = 256 };
	bool own = field_exists(r->k, F_net_inet6_addr_lst);
	uint64_t net, table, ifa, idev, dev, of;
	struct list_walk w;
	int e = key_net(r, &net);

	if (e >= 0)
		e = own ? field_u64(r->k, net, F_net_inet6_addr_lst, &table)
			: symbol_addr(r->k, "inet6_addr_lst", &table);
	for (size_t i = 0; e >= 0 && i < IN6_ADDR_HSIZE; i++) {
		e = hlist_begin(&w, r->k, table + 8 * i, F_ifaddr6_addr_lst);
		while (e >= 0 && (e = hlist_next(&w, &ifa)) > 0) {
			of = net;
			if (!own) {
				e = field_u64(r->k, ifa, F_ifaddr6_idev, &idev);
				if (e >= 0)
					e = field_u64(r->k, idev, F_inet6_dev_dev, &dev);
				if (e >= 0)
					e = field_u64(r->k, dev, F_net_device_net, &of);
			}
			if (e >= 0 && of == net)
				e = put_inet6(r, ifa);
		}
	}
	return e;
}

static int put_hardware_address(struct strbuf *out, struct kernel *k, uint64_t n, uint64_t dev)
{
	unsigned char ha[32];
	uint64_t at, len;
	int r = field_addr(k, n, F_neighbour_ha, &at);

	if (r >= 0)
		r = field_u64(k, dev, F_net_device_addr_len, &len);
	if (r >= 0)
		r = kernel_read(k, at, ha, sizeof(ha));
	for (size_t i = 0; r >= 0 && i < len && i < sizeof(ha) && i < 10; i++)
		put(out, "%s%02x", i ? ":" : "", ha[i]);
	return r;
}

/* One that a device does not need to ask for is not shown. */
static int put_neighbour(struct render *r, uint64_t n, uint64_t net)
{
	enum { NOARP = 0x40, PERMANENT = 0x80, VALID = 0x40 | 0x80 | 2 | 4 | 8 | 16 };
	char name[NET_NAME_LEN + 1], ip[INET_ADDRSTRLEN];
	uint64_t dev, of, state, type, at;
	unsigned char addr[4];
	STRBUF(ha);
	int e = field_u64(r->k, n, F_neighbour_dev, &dev);

	if (e >= 0)
		e = field_u64(r->k, dev, F_net_device_net, &of);
	if (e >= 0)
		e = field_u64(r->k, n, F_neighbour_nud_state, &state);
	if (e < 0 || of != net || !(state & ~(uint64_t)NOARP))
		return e;
	e = net_device_name(r->k, dev, name);
	if (e >= 0)
		e = field_u64(r->k, dev, F_net_device_type, &type);
	if (e >= 0)
		e = field_addr(r->k, n, F_neighbour_primary_key, &at);
	if (e >= 0)
		e = kernel_read(r->k, at, addr, sizeof(addr));
	if (e >= 0)
		e = put_hardware_address(&ha, r->k, n, dev);
	if (e < 0)
		return e;
	inet_ntop(AF_INET, addr, ip, sizeof(ip));
	put(r->out, "%-16s 0x%-10x0x%-10x%-17s     *        %s\n", ip, (unsigned int)type,
	    state & PERMANENT ? 6u
	    : state & VALID   ? 2u
			      : 0u,
	    ha.data ? ha.data : "", name);
	return 0;
}

int gen_net_arp(struct render *r)
{
	bool hlists = field_exists(r->k, F_neigh_hash_heads); /* v6.13 */
	uint64_t net, table, hash, shift, heads, n;
	struct guard guard = { 0 };
	struct list_walk w;
	int e = key_net(r, &net);

	put_str(r->out, "IP address       HW type     Flags       HW address            Mask     "
			"Device\n");
	if (e >= 0)
		e = symbol_addr(r->k, "arp_tbl", &table);
	if (e >= 0)
		e = field_u64(r->k, table, F_neigh_table_nht, &hash);
	if (e >= 0)
		e = field_u64(r->k, hash, F_neigh_hash_shift, &shift);
	if (e >= 0)
		e = field_u64(r->k, hash, hlists ? F_neigh_hash_heads : F_neigh_hash_buckets,
			      &heads);
	if (e >= 0 && shift > 24)
		e = fail(-EBADMSG, "2^%lu lists of neighbours", shift);
	for (uint64_t i = 0; e >= 0 && i < 1ull << shift; i++) {
		if (hlists) {
			e = hlist_begin(&w, r->k, heads + 8 * i, F_neighbour_hash);
			while (e >= 0 && (e = hlist_next(&w, &n)) > 0)
				e = put_neighbour(r, n, net);
			continue;
		}
		e = kernel_read_uint(r->k, heads + 8 * i, 8, &n);
		while (e >= 0 && n) {
			e = guard_step(&guard, n);
			if (e >= 0)
				e = put_neighbour(r, n, net);
			if (e >= 0)
				e = field_u64(r->k, n, F_neighbour_next, &n);
		}
	}
	return e;
}

static int put_ptype(struct render *r, uint64_t pt, uint64_t net)
{
	enum { ETH_P_ALL = 3 };
	char name[NET_NAME_LEN + 1] = "";
	uint64_t type, dev, func, of = 0;
	struct symbol s;
	int e = field_u64(r->k, pt, F_packet_type_type, &type);

	if (e >= 0 && field_exists(r->k, F_packet_type_net))
		e = field_u64(r->k, pt, F_packet_type_net, &of);
	if (e >= 0)
		e = field_u64(r->k, pt, F_packet_type_dev, &dev);
	if (e >= 0)
		e = field_u64(r->k, pt, F_packet_type_func, &func);
	if (e < 0 || (of && of != net))
		return e;
	if (dev)
		e = net_device_name(r->k, dev, name);
	if (e < 0)
		return e;
	if (net_order16(type) == ETH_P_ALL)
		put_str(r->out, "ALL ");
	else
		put(r->out, "%04x", net_order16(type));
	put(r->out, " %-8s ", name);
	if (symbol_at(r->k, func, &s) >= 0)
		put(r->out, s.module ? "%s [%s]\n" : "%s\n", s.name, s.module);
	else
		put(r->out, "0x%lx\n", func);
	return 0;
}

static int put_ptypes(struct render *r, uint64_t head, uint64_t net)
{
	struct list_walk w;
	uint64_t pt;
	int e = list_begin(&w, r->k, head, F_packet_type_list);

	while (e >= 0 && (e = list_next(&w, &pt)) > 0)
		e = put_ptype(r, pt, net);
	return e;
}

int gen_net_ptype(struct render *r)
{
	enum { PTYPE_HASH_SIZE = 16 };
	uint64_t net, dev, head;
	struct list_walk w;
	int e = key_net(r, &net);

	put_str(r->out, "Type Device      Function\n");
	if (e >= 0)
		e = net_devices_begin(&w, r->k, net);
	while (e >= 0 && (e = list_next(&w, &dev)) > 0) {
		e = field_addr(r->k, dev, F_net_device_ptype_all, &head);
		if (e >= 0)
			e = put_ptypes(r, head, net);
	}
	/* Each namespace has its own since v6.16. */
	if (e >= 0 && symbol_addr(r->k, "ptype_all", &head) >= 0)
		e = put_ptypes(r, head, net);
	else if (e >= 0 && field_addr(r->k, net, F_net_ptype_all, &head) >= 0)
		e = put_ptypes(r, head, net);
	if (e >= 0 && field_addr(r->k, net, F_net_ptype_specific, &head) >= 0)
		e = put_ptypes(r, head, net);
	if (e >= 0)
		e = symbol_addr(r->k, "ptype_base", &head);
	for (size_t i = 0; e >= 0 && i < PTYPE_HASH_SIZE; i++)
		e = put_ptypes(r, head + 16 * i, net);
	return e;
}

static int put_softnet(struct render *r, size_t cpu)
{
	static const enum field shown[] = { F_softnet_processed, F_softnet_time_squeeze,
					    F_softnet_received_rps };
	uint64_t sd, v[3], dropped, at, limit = 0, count = 0, input, process;
	int e = percpu_symbol(r->k, "softnet_data", cpu, &sd);

	for (size_t i = 0; e >= 0 && i < 3; i++)
		e = field_u64(r->k, sd, shown[i], &v[i]);
	if (e >= 0 && field_exists(r->k, F_softnet_drop_counters)) {
		e = field_addr(r->k, sd, F_softnet_drop_counters, &at);
		if (e >= 0)
			e = numa_drops(r->k, at, &dropped);
	} else if (e >= 0) {
		e = field_u64(r->k, sd, F_softnet_dropped, &dropped);
	}
	if (e >= 0)
		e = field_u64(r->k, sd, F_softnet_input_qlen, &input);
	if (e >= 0)
		e = field_u64(r->k, sd, F_softnet_process_qlen, &process);
	if (e >= 0 && field_exists(r->k, F_softnet_flow_limit))
		e = field_u64(r->k, sd, F_softnet_flow_limit, &limit);
	if (e >= 0 && limit)
		e = field_u64(r->k, limit, F_flow_limit_count, &count);
	if (e < 0)
		return e;
	put(r->out,
	    "%08x %08x %08x 00000000 00000000 00000000 00000000 00000000 00000000 %08x %08x",
	    (unsigned int)v[0], (unsigned int)dropped, (unsigned int)v[1], (unsigned int)v[2],
	    (unsigned int)count);
	put(r->out, " %08x %08zx", (unsigned int)(input + process), cpu);
	/* two columns more since the queue has a lock of its own, about v6.10 */
	if (field_exists(r->k, F_softnet_process_lock))
		put(r->out, " %08x %08x", (unsigned int)input, (unsigned int)process);
	put_str(r->out, "\n");
	return 0;
}

int gen_net_softnet_stat(struct render *r)
{
	const struct cpus *c;
	bool up;
	int e = cpus_get(r->k, &c);

	for (size_t cpu = 0; e >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		e = cpu_was_online(r->k, cpu, &up);
		if (e >= 0 && up)
			e = put_softnet(r, cpu);
	}
	return e;
}
