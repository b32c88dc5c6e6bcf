/* /proc/net/route, fib_trie: the routes of IPv4. */
#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "fs/net/net_key.h"
#include "kernel/net/fib.h"
#include "kernel/fields.h"

#define KEY_BITS 32
#define LINE	 127

struct routes {
	struct render *r;
	uint64_t table_id;
	struct fib_node node; /* the leaf at hand */
	bool named;	      /* the table's name has been put out */
};

static void put_indent(struct strbuf *out, unsigned int n)
{
	put(out, "%*s", (int)(3 * n), "");
}

static void put_ip(struct strbuf *out, uint32_t ip)
{
	put(out, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

static void put_scope(struct strbuf *out, uint64_t scope)
{
	switch (scope) {
	case 0:
		put_str(out, "universe");
		break;
	case 200:
		put_str(out, "site");
		break;
	case 253:
		put_str(out, "link");
		break;
	case 254:
		put_str(out, "host");
		break;
	case 255:
		put_str(out, "nowhere");
		break;
	default:
		put(out, "scope=%lu", scope);
	}
}

static void put_type(struct strbuf *out, uint64_t type)
{
	static const char *const names[] = {
		"UNSPEC",    "UNICAST",	    "LOCAL",	"BROADCAST", "ANYCAST", "MULTICAST",
		"BLACKHOLE", "UNREACHABLE", "PROHIBIT", "THROW",     "NAT",	"XRESOLVE",
	};

	if (type < sizeof(names) / sizeof(names[0]))
		put_str(out, names[type]);
	else
		put(out, "type %lu", type);
}

static int put_alias(void *arg, uint64_t alias)
{
	struct routes *rs = arg;
	struct strbuf *out = rs->r->out;
	uint64_t info, scope, type, slen, tos = 0;
	int e = field_u64(rs->r->k, alias, F_fib_alias_info, &info);

	if (e >= 0)
		e = field_u64(rs->r->k, info, F_fib_info_scope, &scope);
	if (e >= 0)
		e = field_u64(rs->r->k, alias, F_fib_alias_type, &type);
	if (e >= 0)
		e = field_u64(rs->r->k, alias, F_fib_alias_slen, &slen);
	if (e >= 0)
		e = field_u64(rs->r->k, alias, F_fib_alias_tos, &tos);
	if (e < 0)
		return e;
	put_indent(out, rs->node.depth + 1);
	put(out, "  /%u ", KEY_BITS - (unsigned int)slen);
	put_scope(out, scope);
	put_str(out, " ");
	put_type(out, type);
	if (tos)
		put(out, " tos=%d", (int)tos);
	put_str(out, "\n");
	return 0;
}

static int put_node(void *arg, const struct fib_node *n)
{
	struct routes *rs = arg;
	struct strbuf *out = rs->r->out;

	if (!rs->named && rs->table_id == FIB_LOCAL)
		put_str(out, "Local:\n");
	else if (!rs->named && rs->table_id == FIB_MAIN)
		put_str(out, "Main:\n");
	else if (!rs->named)
		put(out, "Id %lu:\n", rs->table_id);
	rs->named = true;
	if (n->bits) {
		put_indent(out, n->depth - 1);
		put_str(out, "  +-- ");
		put_ip(out, n->key);
		put(out, "/%u %u %u %u\n", KEY_BITS - n->pos - n->bits, n->bits, n->full, n->empty);
		return 0;
	}
	put_indent(out, n->depth);
	put_str(out, "  |-- ");
	put_ip(out, n->key);
	put_str(out, "\n");
	rs->node = *n;
	return fib_aliases_each(rs->r->k, n, put_alias, rs);
}

static int put_table(void *arg, uint64_t table, uint64_t id)
{
	struct routes rs = { .r = arg, .table_id = id };

	return fib_nodes_each(rs.r->k, table, put_node, &rs);
}

int gen_net_fib_trie(struct render *r)
{
	uint64_t net;
	int e = key_net(r, &net);

	return e < 0 ? e : fib_tables_each(r->k, net, put_table, r);
}

/* What a route has been told of itself: segment size, window, round trip time. */
struct metrics {
	uint64_t mss, window, rtt;
};

static int read_metrics(struct kernel *k, uint64_t info, struct metrics *ret)
{
	enum { WINDOW = 2, RTT = 3, ADVMSS = 7 };
	uint64_t at;
	int r = field_u64(k, info, F_fib_info_metrics, &at);

	if (r >= 0)
		r = field_addr(k, at, F_dst_metrics_metrics, &at);
	if (r >= 0)
		r = kernel_read_uint(k, at + 4 * ADVMSS, 4, &ret->mss);
	if (r >= 0)
		r = kernel_read_uint(k, at + 4 * WINDOW, 4, &ret->window);
	return r < 0 ? r : kernel_read_uint(k, at + 4 * RTT, 4, &ret->rtt);
}

/* The gateway of its first hop, and the interface. */
static int read_hop(struct kernel *k, uint64_t info, uint64_t *ret_gateway,
		    char name[NET_NAME_LEN + 1])
{
	enum { INET = 2 };
	uint64_t hop, dev, family = INET, object = 0;
	int r = field_addr(k, info, F_fib_info_nh, &hop);

	if (r >= 0 && field_exists(k, F_fib_info_nexthop))
		r = field_u64(k, info, F_fib_info_nexthop, &object);
	if (r >= 0 && object)
		return fail(-EOPNOTSUPP, "a route through an object of ip nexthop");
	if (r >= 0)
		r = field_u64(k, hop, F_fib_nh_dev, &dev);
	if (r >= 0)
		r = field_u64(k, hop, F_fib_nh_gw, ret_gateway);
	if (r >= 0 && field_exists(k, F_fib_nh_gw_family))
		r = field_u64(k, hop, F_fib_nh_gw_family, &family);
	if (family != INET)
		*ret_gateway = 0;
	name[0] = '*';
	name[1] = 0;
	return r < 0 || !dev ? r : net_device_name(k, dev, name);
}

static int put_route(void *arg, uint64_t alias)
{
	enum { BROADCAST = 3, MULTICAST = 5, UNREACHABLE = 7, PROHIBIT = 8 };
	enum { UP = 1, GATEWAY = 2, HOST = 4, REJECT = 0x200 };
	struct routes *rs = arg;
	struct kernel *k = rs->r->k;
	uint64_t type, id, slen, info, gateway = 0, priority = 0;
	char name[NET_NAME_LEN + 1] = "*";
	struct metrics m = { 0 };
	unsigned int flags = UP, mask;
	STRBUF(line);
	int e = field_u64(k, alias, F_fib_alias_type, &type);

	if (e >= 0)
		e = field_u64(k, alias, F_fib_alias_tb_id, &id);
	if (e >= 0)
		e = field_u64(k, alias, F_fib_alias_slen, &slen);
	if (e >= 0)
		e = field_u64(k, alias, F_fib_alias_info, &info);
	if (e < 0 || type == BROADCAST || type == MULTICAST || id != rs->table_id)
		return e;
	if (info) {
		e = read_hop(k, info, &gateway, name);
		if (e >= 0)
			e = field_u64(k, info, F_fib_info_priority, &priority);
		if (e >= 0)
			e = read_metrics(k, info, &m);
	}
	if (e < 0)
		return e;
	mask = slen >= KEY_BITS ? 0 : ~0u << slen;
	flags |= gateway ? GATEWAY : 0;
	flags |= mask == ~0u ? HOST : 0;
	flags |= type == UNREACHABLE || type == PROHIBIT ? REJECT : 0;
	put(&line, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%d\t%08X\t%d\t%u\t%u", name,
	    __builtin_bswap32(rs->node.key), (unsigned int)gateway, flags, 0, 0, (int)priority,
	    __builtin_bswap32(mask), m.mss ? (int)m.mss + 40 : 0, (unsigned int)m.window,
	    (unsigned int)m.rtt >> 3);
	put(rs->r->out, "%-*s\n", LINE, line.data);
	return 0;
}

static int put_leaf(void *arg, const struct fib_node *n)
{
	struct routes *rs = arg;

	if (n->bits)
		return 0;
	rs->node = *n;
	return fib_aliases_each(rs->r->k, n, put_route, rs);
}

static int put_main(void *arg, uint64_t table, uint64_t id)
{
	struct routes rs = { .r = arg, .table_id = id };

	return id == FIB_MAIN ? fib_nodes_each(rs.r->k, table, put_leaf, &rs) : 0;
}

int gen_net_route(struct render *r)
{
	uint64_t net;
	int e = key_net(r, &net);

	put(r->out, "%-*s\n", LINE,
	    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
	return e < 0 ? e : fib_tables_each(r->k, net, put_main, r);
}
