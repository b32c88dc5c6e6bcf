/* Values below /proc/sys/net that the kernel makes when they are read. As all there, they are those of
 * the initial namespace. */
#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/mask.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/net/net.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/sysctl.h"
#include "kernel/walk/list.h"

#define NAME_LEN 64
#define ALL	 ~0ull

/* The member of the network namespace. */
static int of_net(struct kernel *k, enum field f, uint64_t *ret)
{
	uint64_t net;
	int r = net_init(k, &net);

	return r < 0 ? r : field_u64(k, net, f, ret);
}

static int put_port_range(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			  const char *name)
{
	uint64_t net, at, n, low, high;
	int r = net_init(k, &net);

	(void)s;
	(void)name;
	if (r >= 0)
		r = field_addr(k, net, F_net_local_ports, &at);
	if (r >= 0)
		r = field_count(k, F_net_local_ports, &n);
	if (r >= 0)
		r = kernel_read_uint(k, at, 4, &low);
	if (r >= 0 && n > 1)
		r = kernel_read_uint(k, at + 4, 4, &high);
	if (r >= 0 && n <= 1) {
		high = low >> 16;
		low &= 0xffff;
	}
	if (r >= 0)
		put(out, "%d\t%d\n", (int)low, (int)high);
	return r;
}

static int put_ping_groups(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			   const char *name)
{
	uint64_t net, at, low, high;
	int r = net_init(k, &net);

	(void)s;
	(void)name;
	if (r >= 0)
		r = field_addr(k, net, F_net_ping_groups, &at);
	if (r >= 0)
		r = kernel_read_uint(k, at, 4, &low);
	if (r >= 0)
		r = kernel_read_uint(k, at + 4, 4, &high);
	if (r >= 0)
		put(out, "%d\t%d\n", (int)low, (int)high);
	return r;
}

/* The names of the entries of a list, those with one of the flags in @mask. */
struct named {
	enum field list, name, flags;
	uint64_t mask; /* ALL: whatever they are */
};

static int put_names(struct strbuf *out, struct kernel *k, const char *head, const struct named *n)
{
	char name[NAME_LEN];
	const char *sep = "";
	struct list_walk w;
	uint64_t at, flags = ALL;
	int r = symbol_addr(k, head, &at);

	if (r >= 0)
		r = list_begin(&w, k, at, n->list);
	while (r >= 0 && (r = list_next(&w, &at)) > 0) {
		if (n->mask != ALL)
			r = field_u64(k, at, n->flags, &flags);
		if (r >= 0)
			r = field_str(k, at, n->name, name, sizeof(name));
		if (r < 0 || !(flags & n->mask))
			continue;
		put(out, "%s%s", sep, name);
		sep = " ";
	}
	if (*sep || r >= 0)
		put_str(out, "\n");
	return r < 0 ? within(r, "%s", head) : 0;
}

static int put_congestions(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			   const char *name)
{
	static const struct named all = { F_congestion_list, F_congestion_name, F_congestion_flags,
					  ALL };

	(void)s;
	return put_names(out, k, name, &all);
}

static int put_allowed_congestions(struct strbuf *out, struct kernel *k, const struct sysctl *s,
				   const char *name)
{
	enum { NON_RESTRICTED = 1 };
	static const struct named allowed = { F_congestion_list, F_congestion_name,
					      F_congestion_flags, NON_RESTRICTED };

	(void)s;
	return put_names(out, k, name, &allowed);
}

static int put_ulps(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name)
{
	static const struct named all = { F_ulp_list, F_ulp_name, F_ulp_name, ALL };

	(void)s;
	return put_names(out, k, name, &all);
}

static int put_schedulers(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			  const char *name)
{
	static const struct named all = { F_mptcp_sched_list, F_mptcp_sched_name,
					  F_mptcp_sched_name, ALL };

	(void)s;
	return put_names(out, k, name, &all);
}

/* The name that the structure at @at has, or that there is none. */
static int put_name_at(struct strbuf *out, struct kernel *k, uint64_t at, enum field f,
		       const char *none)
{
	char name[NAME_LEN];
	int r = at ? field_str(k, at, f, name, sizeof(name)) : 0;

	if (r >= 0)
		put(out, "%s\n", at ? name : none);
	return r;
}

/* Before 6670e1524477 (v4.15) the first one of them all. */
static int put_congestion(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			  const char *name)
{
	struct list_walk w;
	uint64_t at;
	int r;

	(void)s;
	if (field_exists(k, F_net_congestion)) {
		r = of_net(k, F_net_congestion, &at);
		return r < 0 ? r : put_name_at(out, k, at, F_congestion_name, "");
	}
	r = symbol_addr(k, name, &at);
	if (r >= 0)
		r = list_begin(&w, k, at, F_congestion_list);
	if (r >= 0)
		r = list_next(&w, &at);
	return r < 0 ? r : put_name_at(out, k, r ? at : 0, F_congestion_name, "");
}

static int put_qdisc(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name)
{
	uint64_t ops;
	int r = symbol_u64(k, name, 8, &ops);

	(void)s;
	return r < 0 ? r : put_name_at(out, k, ops, F_qdisc_ops_id, "");
}

/* The table's extra1 is the number of the protocol. */
static int put_logger(struct strbuf *out, struct kernel *k, const struct sysctl *s,
		      const char *name)
{
	uint64_t net, loggers, n, i, logger;
	int r = net_init(k, &net);

	if (r >= 0)
		r = field_addr(k, net, F_net_loggers, &loggers);
	if (r >= 0)
		r = field_count(k, F_net_loggers, &n);
	if (r >= 0)
		r = field_u64(k, s->table, F_ctl_extra1, &i);
	if (r >= 0 && i >= n)
		r = fail(-EBADMSG, "no logger %lu", i);
	if (r >= 0)
		r = kernel_read_uint(k, loggers + 8 * i, 8, &logger);
	return r < 0 ? r : put_name_at(out, k, logger, F_nf_logger_name, name);
}

/* Bytes that are kept, as packets of a frame of Ethernet: SKB_TRUESIZE(ETH_FRAME_LEN). */
static int put_queue_length(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			    const char *name)
{
	enum { FRAME = 1514, CACHE_LINE = 64 };
	uint64_t skb, shared, bytes, size;
	int r = kernel_sizeof(k, "sk_buff", &skb);

	(void)name;
	if (r >= 0)
		r = kernel_sizeof(k, "skb_shared_info", &shared);
	if (r >= 0)
		r = kernel_read_uint(k, s->data, 4, &bytes);
	if (r < 0)
		return r;
	size = FRAME + (skb + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE +
	       (shared + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	put(out, "%d\n", (int)bytes / (int)size);
	return 0;
}

static int put_cpu_mask(struct strbuf *out, struct kernel *k, const struct cpu_mask *mask)
{
	const struct cpus *cpus;
	int r = cpus_get(k, &cpus);

	if (r < 0)
		return r;
	put_mask(out, mask->bits, cpus->nr);
	put_str(out, "\n");
	return 0;
}

/* The CPUs that have such a thing. */
static int put_flow_limits(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			   const char *name)
{
	struct cpu_mask mask = { 0 };
	const struct cpus *cpus;
	uint64_t at, limit;
	int r = cpus_get(k, &cpus);

	(void)s;
	for (size_t i = 0; r >= 0 && i < cpus->nr; i++) {
		if (!cpu_is_in(&cpus->possible, i))
			continue;
		r = percpu_symbol(k, name, i, &at);
		if (r >= 0)
			r = field_u64(k, at, F_softnet_flow_limit, &limit);
		if (r >= 0 && limit)
			mask.bits[i / 64] |= 1ull << i % 64;
	}
	return r < 0 ? r : put_cpu_mask(out, k, &mask);
}

static int put_rps_mask(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			const char *name)
{
	struct cpu_mask mask = { 0 };
	uint64_t at;
	int r = of_net(k, F_net_rps_default, &at);

	(void)s;
	(void)name;
	if (r >= 0 && at)
		r = cpu_mask_read(k, at, &mask);
	return r < 0 ? r : put_cpu_mask(out, k, &mask);
}

/* The entries of a table, one more than its mask; without a table there are none. */
static int put_entries(struct strbuf *out, struct kernel *k, uint64_t table, enum field mask)
{
	uint64_t v;
	int r = table ? field_u64(k, table, mask, &v) : 0;

	if (r >= 0)
		put(out, "%d\n", table ? (int)v + 1 : 0);
	return r;
}

static int put_rps_entries(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			   const char *name)
{
	uint64_t table;
	int r;

	(void)s;
	if (field_exists(k, F_hotdata_rps_table)) {
		r = symbol_addr(k, "net_hotdata", &table);
		if (r >= 0)
			r = field_u64(k, table, F_hotdata_rps_table, &table);
	} else {
		r = symbol_u64(k, name, 8, &table);
	}
	return r < 0 ? r : put_entries(out, k, table, F_rps_table_mask);
}

static int put_tcp_entries(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			   const char *name)
{
	uint64_t table;
	int r = symbol_addr(k, name, &table);

	(void)s;
	return r < 0 ? r : put_entries(out, k, table, F_hashinfo_ehash_mask);
}

static int put_udp_entries(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			   const char *name)
{
	uint64_t table;
	int r = symbol_addr(k, name, &table);

	(void)s;
	return r < 0 ? r : put_entries(out, k, table, F_udp_table_mask);
}

/* 52 bytes; a kernel that has more prints them in another way. */
static int put_rss_key(struct strbuf *out, struct kernel *k, const struct sysctl *s,
		       const char *name)
{
	enum { LEN = 52, MORE = 256 };
	unsigned char key[LEN];
	struct symbol symbol;
	int r = symbol_find(k, name, &symbol);

	(void)s;
	if (r >= 0 && symbol.size >= MORE)
		r = fail(-EOPNOTSUPP, "a key of %lu bytes", symbol.size);
	if (r >= 0)
		r = kernel_read(k, symbol.addr, key, sizeof(key));
	for (size_t i = 0; r >= 0 && i < sizeof(key); i++)
		put(out, "%02x%s", key[i], i + 1 < sizeof(key) ? ":" : "\n");
	return r;
}

/* One key or two, each of four words; without any, one of zeros. */
static int put_fastopen_keys(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			     const char *name)
{
	enum { KEY = 16, KEYS = 2 };
	unsigned char keys[KEY * KEYS] = { 0 };
	uint64_t context, at, size, n = 1;
	int r = of_net(k, F_net_fastopen, &context);

	(void)s;
	(void)name;
	if (r >= 0 && context) {
		r = field_addr(k, context, F_fastopen_key, &at);
		if (r >= 0)
			r = field_u64(k, context, F_fastopen_num, &n);
		if (r >= 0)
			r = field_size(k, F_fastopen_key, &size);
		if (r >= 0 && (!n || n > KEYS || n * KEY > size))
			r = fail(-EBADMSG, "%lu keys", n);
		if (r >= 0)
			r = kernel_read(k, at, keys, n * KEY);
	}
	for (size_t i = 0; r >= 0 && i < 4 * n; i++)
		put(out, "%08x%s", load_le32(keys + 4 * i),
		    i % 4 < 3	    ? "-"
		    : i + 1 < 4 * n ? ","
				    : "\n");
	return r;
}

static int put_multipath_seed(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			      const char *name)
{
	uint64_t seed;
	int r = of_net(k, F_net_multipath_seed, &seed);

	(void)s;
	(void)name;
	if (r >= 0)
		put(out, "%u\n", (unsigned int)seed);
	return r;
}

const struct sysctl_made sysctls_of_net[] = {
	{ "flow_limit_cpu_sysctl", put_flow_limits, "softnet_data" },
	{ "ipv4_local_port_range", put_port_range, NULL },
	{ "ipv4_ping_group_range", put_ping_groups, NULL },
	{ "neigh_proc_dointvec_unres_qlen", put_queue_length, NULL },
	{ "nf_log_proc_dostring", put_logger, "NONE" },
	{ "proc_allowed_congestion_control", put_allowed_congestions, "tcp_cong_list" },
	{ "proc_available_schedulers", put_schedulers, "mptcp_sched_list" },
	{ "proc_do_rss_key", put_rss_key, "netdev_rss_key" },
	{ "proc_fib_multipath_hash_seed", put_multipath_seed, NULL },
	{ "proc_tcp_available_congestion_control", put_congestions, "tcp_cong_list" },
	{ "proc_tcp_available_ulp", put_ulps, "tcp_ulp_list" },
	{ "proc_tcp_congestion_control", put_congestion, "tcp_cong_list" },
	{ "proc_tcp_ehash_entries", put_tcp_entries, "tcp_hashinfo" },
	{ "proc_tcp_fastopen_key", put_fastopen_keys, NULL },
	{ "proc_udp_hash_entries", put_udp_entries, "udp_table" },
	{ "rps_default_mask_sysctl", put_rps_mask, NULL },
	{ "rps_sock_flow_sysctl", put_rps_entries, "rps_sock_flow_table" },
	{ "set_default_qdisc", put_qdisc, "default_qdisc_ops" },
	{ 0 },
};
