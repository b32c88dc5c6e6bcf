/* /proc/net/{udp,udplite,raw,icmp} and their twins of IPv6, unix, netlink, packet. */
#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "fs/net/inet_text.h"
#include "fs/net/net_key.h"
#include "kernel/fields.h"
#include "kernel/net/sockets.h"
#include "kernel/symbol/symbols.h"

/* What is printed of sockets without connections: a line each. */
struct datagrams {
	struct render *r;
	uint64_t family;
	int number_width;
	bool padded;	   /* to a fixed length */
	bool local_number; /* a protocol stands for the port, and there is no other end */
};

#define LINE 127

static int put_datagram(void *arg, uint64_t sk, uint64_t bucket)
{
	const struct datagrams *d = arg;
	struct kernel *k = d->r->k;
	uint64_t family, state, wmem, rmem, deficit = 0, uid, ino, refs, drops;
	STRBUF(line);
	int e = field_u64(k, sk, F_sock_family, &family);

	if (e < 0 || family != d->family)
		return e;
	put(&line, "%*lu: ", d->number_width, bucket);
	e = put_inet_ends(&line, k, sk, family, d->local_number);
	if (e >= 0)
		e = field_u64(k, sk, F_sock_state, &state);
	if (e >= 0)
		e = field_u64(k, sk, F_sock_wmem_alloc, &wmem);
	if (e >= 0)
		e = field_u64(k, sk, F_sock_rmem_alloc, &rmem);
	if (e >= 0 && !d->local_number)
		e = field_u64(k, sk, F_udp_forward_deficit, &deficit);
	if (e >= 0)
		e = sock_inode(k, sk, &ino, &uid);
	if (e >= 0)
		e = field_u64(k, sk, F_sock_refcnt, &refs);
	if (e >= 0)
		e = sock_drops(k, sk, &drops);
	if (e < 0)
		return e;
	put(&line, " %02lX %08X:%08X 00:00000000 00000000 %5u        0 %lu %d %016lx %u", state,
	    (unsigned int)(wmem - 1), (unsigned int)(rmem - deficit), (unsigned int)uid, ino,
	    (int)refs, sk, (unsigned int)drops);
	put(d->r->out, "%-*s\n", d->padded ? LINE : 0, line.data);
	return 0;
}

static int put_datagrams(struct datagrams *d, const char *header, enum sock_kind kind)
{
	uint64_t net;
	int e = key_net(d->r, &net);

	if (e < 0)
		return e;
	put(d->r->out, "%-*s\n", d->padded ? LINE : 0, header);
	return sockets_each(d->r->k, net, kind, put_datagram, d);
}

#define WHAT "tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"

static const char inet_header[] = "  sl  local_address rem_address   st " WHAT;
static const char udp_header[] = "   sl  local_address rem_address   st " WHAT;
static const char inet6_header[] =
	"  sl  local_address                         remote_address                        st " WHAT;

int gen_net_udp(struct render *r)
{
	struct datagrams d = { r, FAMILY_INET, 5, true, false };

	return put_datagrams(&d, udp_header, SOCK_KIND_UDP);
}

int gen_net_udp6(struct render *r)
{
	struct datagrams d = { r, FAMILY_INET6, 5, false, false };

	return put_datagrams(&d, inet6_header, SOCK_KIND_UDP);
}

/* UDP-Lite went with v7.1. */
bool has_net_udplite(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "udplite_table", &va) >= 0;
}

bool has_net_udplite6(struct render *r)
{
	return has_net_udplite(r);
}

int gen_net_udplite(struct render *r)
{
	struct datagrams d = { r, FAMILY_INET, 5, true, false };

	return put_datagrams(&d, udp_header, SOCK_KIND_UDPLITE);
}

int gen_net_udplite6(struct render *r)
{
	struct datagrams d = { r, FAMILY_INET6, 5, false, false };

	return put_datagrams(&d, inet6_header, SOCK_KIND_UDPLITE);
}

int gen_net_icmp(struct render *r)
{
	struct datagrams d = { r, FAMILY_INET, 5, true, false };

	return put_datagrams(&d, inet_header, SOCK_KIND_PING);
}

int gen_net_icmp6(struct render *r)
{
	struct datagrams d = { r, FAMILY_INET6, 5, false, false };

	return put_datagrams(&d, inet6_header, SOCK_KIND_PING);
}

int gen_net_raw(struct render *r)
{
	struct datagrams d = { r, FAMILY_INET, 4, false, true };

	return put_datagrams(&d, inet_header, SOCK_KIND_RAW);
}

int gen_net_raw6(struct render *r)
{
	struct datagrams d = { r, FAMILY_INET6, 5, false, true };

	return put_datagrams(&d, inet6_header, SOCK_KIND_RAW6);
}

/* The path that it is bound to; an abstract name begins with a NUL, which shows as @. */
static int put_unix_name(struct render *r, uint64_t sk)
{
	enum { FAMILY_SIZE = 2, NAME_MAX_LEN = 110 };
	char name[NAME_MAX_LEN];
	uint64_t addr, at, len;
	int e = field_u64(r->k, sk, F_unix_addr, &addr);

	if (e < 0 || !addr)
		return e;
	e = field_u64(r->k, addr, F_unix_address_len, &len);
	if (e >= 0)
		e = field_addr(r->k, addr, F_unix_address_name, &at);
	if (e < 0 || len <= FAMILY_SIZE)
		return e;
	len -= FAMILY_SIZE;
	if (len > sizeof(name))
		return fail(-EBADMSG, "an address of %lu bytes", len);
	e = kernel_read(r->k, at + FAMILY_SIZE, name, len);
	if (e < 0)
		return e;
	if (name[0])
		len--; /* its NUL */
	for (size_t i = 0; i < len; i++)
		if (!name[i])
			name[i] = '@';
	put_str(r->out, " ");
	put_bytes(r->out, name, len);
	return 0;
}

static int put_unix(void *arg, uint64_t sk, uint64_t bucket)
{
	enum { ACCEPTS = 1 << 16 };
	struct render *r = arg;
	uint64_t refs, state, type, socket, ino, uid;
	unsigned int shown;
	int e = field_u64(r->k, sk, F_sock_refcnt, &refs);

	(void)bucket;
	if (e >= 0)
		e = field_u64(r->k, sk, F_sock_state, &state);
	if (e >= 0)
		e = field_u64(r->k, sk, F_sock_type, &type);
	if (e >= 0)
		e = field_u64(r->k, sk, F_sock_socket, &socket);
	if (e >= 0)
		e = sock_inode(r->k, sk, &ino, &uid);
	if (e < 0)
		return e;
	/* SS_CONNECTED and so on */
	shown = socket ? (state == SOCK_ESTABLISHED ? 3 : 1) : (state == SOCK_ESTABLISHED ? 2 : 4);
	put(r->out, "%016lx: %08X %08X %08X %04X %02X %5lu", sk, (unsigned int)refs, 0,
	    state == SOCK_LISTEN ? ACCEPTS : 0, (unsigned int)type, shown, ino);
	e = put_unix_name(r, sk);
	put_str(r->out, "\n");
	return e;
}

int gen_net_unix(struct render *r)
{
	uint64_t net;
	int e = key_net(r, &net);

	put_str(r->out, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	return e < 0 ? e : sockets_each(r->k, net, SOCK_KIND_UNIX, put_unix, r);
}

static int put_netlink(void *arg, uint64_t sk, uint64_t bucket)
{
	struct render *r = arg;
	uint64_t protocol, portid, at, rmem, wmem, dump, refs, drops, ino, uid, groups = 0;
	int e = field_u64(r->k, sk, F_sock_protocol, &protocol);

	(void)bucket;
	if (e >= 0)
		e = field_u64(r->k, sk, F_netlink_portid, &portid);
	if (e >= 0)
		e = field_u64(r->k, sk, F_netlink_groups, &at);
	if (e >= 0 && at)
		e = kernel_read_uint(r->k, at, 8, &groups);
	if (e >= 0)
		e = field_u64(r->k, sk, F_sock_rmem_alloc, &rmem);
	if (e >= 0)
		e = field_u64(r->k, sk, F_sock_wmem_alloc, &wmem);
	if (e >= 0)
		e = field_u64(r->k, sk, F_netlink_cb_running, &dump);
	if (e >= 0)
		e = field_u64(r->k, sk, F_sock_refcnt, &refs);
	if (e >= 0)
		e = sock_drops(r->k, sk, &drops);
	if (e >= 0)
		e = sock_inode(r->k, sk, &ino, &uid);
	if (e >= 0)
		put(r->out, "%016lx %-3d %-10u %08x %-8d %-8d %-5d %-8d %-8u %-8lu\n", sk,
		    (int)protocol, (unsigned int)portid, (unsigned int)groups, (int)rmem,
		    (int)wmem - 1, (int)dump, (int)refs, (unsigned int)drops, ino);
	return e;
}

int gen_net_netlink(struct render *r)
{
	uint64_t net;
	int e = key_net(r, &net);

	put_str(r->out, "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks"
			"    Drops    Inode\n");
	return e < 0 ? e : sockets_each(r->k, net, SOCK_KIND_NETLINK, put_netlink, r);
}

/* Does it receive? A bit whose number an enumerator tells since v6.1, a member before. */
static int is_running(struct kernel *k, uint64_t sk, bool *ret)
{
	uint64_t v, bit;
	int r;

	if (field_exists(k, F_packet_running)) {
		r = field_u64(k, sk, F_packet_running, &v);
		*ret = v;
		return r;
	}
	r = field_u64(k, sk, F_packet_flags, &v);
	if (r >= 0)
		r = kernel_enumerator(k, "PACKET_SOCK_RUNNING", &bit);
	*ret = r >= 0 && v >> (bit & 63) & 1;
	return r;
}

static int put_packet(void *arg, uint64_t sk, uint64_t bucket)
{
	struct render *r = arg;
	uint64_t refs, type, num, ifindex, rmem, ino, uid;
	bool running;
	int e = field_u64(r->k, sk, F_sock_refcnt, &refs);

	(void)bucket;
	if (e >= 0)
		e = field_u64(r->k, sk, F_sock_type, &type);
	if (e >= 0)
		e = field_u64(r->k, sk, F_packet_num, &num);
	if (e >= 0)
		e = field_u64(r->k, sk, F_packet_ifindex, &ifindex);
	if (e >= 0)
		e = is_running(r->k, sk, &running);
	if (e >= 0)
		e = field_u64(r->k, sk, F_sock_rmem_alloc, &rmem);
	if (e >= 0)
		e = sock_inode(r->k, sk, &ino, &uid);
	if (e >= 0)
		put(r->out, "%016lx %-6d %-4d %04x   %-5d %1d %-6u %-6u %-6lu\n", sk, (int)refs,
		    (int)type, net_order16(num), (int)ifindex, running, (unsigned int)rmem,
		    (unsigned int)uid, ino);
	return e;
}

int gen_net_packet(struct render *r)
{
	uint64_t net;
	int e = key_net(r, &net);

	/* The column is as wide as a pointer since its flags are bits. */
	put(r->out, "%-*sRefCnt Type Proto  Iface R Rmem   User   Inode\n",
	    field_exists(r->k, F_packet_running) ? 9 : 17, "sk");
	return e < 0 ? e : sockets_each(r->k, net, SOCK_KIND_PACKET, put_packet, r);
}
