/* /network/sockets: of all namespaces, in the words of ss(8), with the tasks that have them open. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/net/inet_text.h"
#include "fs/usage/top.h"
#include "kernel/fields.h"
#include "kernel/file/holders.h"
#include "kernel/net/net.h"
#include "kernel/net/sock.h"
#include "kernel/net/sockets.h"

#define ETH_P_ALL 3

struct table {
	struct render *r;
	struct holders holders;
	bool *seen; /* of the first holder of each socket: it is in the table */
	enum sock_kind kind;
};

/* What a line is made of. */
struct row {
	const char *netid;
	uint64_t state;
	int64_t receive, send;
	struct strbuf local, peer;
};

static void row_fini(struct row *row)
{
	strbuf_fini(&row->local);
	strbuf_fini(&row->peer);
}

static const char *state_name(uint64_t state)
{
	static const char *const names[] = {
		"?",	      "ESTAB",	   "SYN-SENT", "SYN-RECV",   "FIN-WAIT-1",
		"FIN-WAIT-2", "TIME-WAIT", "UNCONN",   "CLOSE-WAIT", "LAST-ACK",
		"LISTEN",     "CLOSING",   "SYN-RECV",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

/* Without a port there is no other end. */
static int put_end(struct strbuf *out, struct kernel *k, uint64_t family, uint64_t at,
		   uint64_t port)
{
	int e = put_inet_address(out, k, family, at);

	put_str(out, ":");
	if (port)
		put(out, "%lu", port);
	else
		put_str(out, "*");
	return e;
}

static int read_ends(struct table *t, uint64_t sk, struct row *row)
{
	struct kernel *k = t->r->k;
	uint64_t family, local, remote, num, dport;
	bool six;
	int e = field_u64(k, sk, F_sock_family, &family);

	six = family == FAMILY_INET6;
	if (e >= 0)
		e = field_addr(k, sk, six ? F_sock_v6_rcv_saddr : F_sock_rcv_saddr, &local);
	if (e >= 0)
		e = field_addr(k, sk, six ? F_sock_v6_daddr : F_sock_daddr, &remote);
	if (e >= 0)
		e = field_u64(k, sk, F_sock_num, &num);
	if (e >= 0)
		e = field_u64(k, sk, F_sock_dport, &dport);
	if (e >= 0)
		e = put_end(&row->local, k, six ? FAMILY_INET6 : FAMILY_INET, local, num);
	return e < 0 ? e
		     : put_end(&row->peer, k, six ? FAMILY_INET6 : FAMILY_INET, remote,
			       net_order16(dport));
}

/* What waits to be read and to be sent, in bytes; of a listening one connections, and how many may. */
static int tcp_queues(struct kernel *k, uint64_t sk, struct row *row)
{
	uint64_t write_seq, una, next, copied;
	int e;

	if (row->state == SOCK_TIME_WAIT || row->state == SOCK_NEW_SYN_RECV)
		return 0;
	if (row->state == SOCK_LISTEN) {
		e = field_u64(k, sk, F_sock_ack_backlog, &next);
		if (e >= 0)
			e = field_u64(k, sk, F_sock_max_ack_backlog, &write_seq);
		if (e >= 0) {
			row->receive = (int64_t)next;
			row->send = (int64_t)write_seq;
		}
		return e;
	}
	e = field_u64(k, sk, F_tcp_write_seq, &write_seq);
	if (e >= 0)
		e = field_u64(k, sk, F_tcp_snd_una, &una);
	if (e >= 0)
		e = field_u64(k, sk, F_tcp_rcv_nxt, &next);
	if (e >= 0)
		e = field_u64(k, sk, F_tcp_copied_seq, &copied);
	if (e < 0)
		return e;
	row->send = (uint32_t)(write_seq - una);
	row->receive = (int32_t)(next - copied) < 0 ? 0 : (int32_t)(next - copied);
	return 0;
}

/* One byte of those to send is the socket's own. */
static int memory_queues(struct kernel *k, uint64_t sk, struct row *row)
{
	uint64_t rmem, wmem, deficit = 0;
	int e = field_u64(k, sk, F_sock_rmem_alloc, &rmem);

	if (e >= 0)
		e = field_u64(k, sk, F_sock_wmem_alloc, &wmem);
	if (e >= 0 && !strcmp(row->netid, "udp"))
		e = field_u64(k, sk, F_udp_forward_deficit, &deficit);
	if (e < 0)
		return e;
	row->receive = (int32_t)(rmem - deficit);
	row->send = (int32_t)(wmem - 1);
	return 0;
}

static int read_inet(struct table *t, uint64_t sk, struct row *row)
{
	int e = read_ends(t, sk, row);

	if (e < 0)
		return e;
	return !strcmp(row->netid, "tcp") ? tcp_queues(t->r->k, sk, row)
					  : memory_queues(t->r->k, sk, row);
}

/* "/run/x:4711": the inode stands for the port; what has no name is "*". */
static int put_unix_end(struct strbuf *out, struct kernel *k, uint64_t sk)
{
	STRBUF(name);
	uint64_t ino, uid;
	int e = put_unix_name(&name, k, sk);

	if (e >= 0)
		e = sock_inode(k, sk, &ino, &uid);
	if (e < 0)
		return e;
	put_escaped(out, name.len ? name.data : "*", name.len ? name.len : 1, " ");
	put(out, ":%lu", ino);
	return 0;
}

/* Queues are counted in packets. */
static int read_unix(struct table *t, uint64_t sk, struct row *row)
{
	struct kernel *k = t->r->k;
	uint64_t type, peer, queue, n = 0, most = 0;
	int e = field_u64(k, sk, F_sock_type, &type);

	row->netid = type == 1 ? "u_str" : type == 2 ? "u_dgr" : "u_seq";
	if (e >= 0)
		e = field_u64(k, sk, F_unix_peer, &peer);
	if (e >= 0)
		e = field_addr(k, sk, F_sock_receive_queue, &queue);
	if (e >= 0)
		e = field_u64(k, queue, F_skb_queue_len, &n);
	if (e >= 0 && row->state == SOCK_LISTEN)
		e = field_u64(k, sk, F_sock_max_ack_backlog, &most);
	if (e >= 0)
		e = put_unix_end(&row->local, k, sk);
	if (e >= 0 && peer)
		e = put_unix_end(&row->peer, k, peer);
	row->receive = (int32_t)n;
	row->send = (int32_t)most;
	return e;
}

static void put_netlink_protocol(struct strbuf *out, uint64_t protocol)
{
	static const char *const names[] = {
		[0] = "rtnl",	    [2] = "usersock",	[4] = "tcpdiag",     [5] = "nflog",
		[6] = "xfrm",	    [7] = "selinux",	[8] = "iscsi",	     [9] = "audit",
		[10] = "fiblookup", [11] = "connector", [12] = "nft",	     [14] = "dnrtmsg",
		[15] = "uevent",    [16] = "genl",	[18] = "scsi-trans", [19] = "ecryptfs",
	};

	if (protocol < sizeof(names) / sizeof(names[0]) && names[protocol])
		put_str(out, names[protocol]);
	else
		put(out, "%lu", protocol);
}

static int read_netlink(struct table *t, uint64_t sk, struct row *row)
{
	uint64_t protocol, port;
	int e = field_u64(t->r->k, sk, F_sock_protocol, &protocol);

	if (e >= 0)
		e = field_u64(t->r->k, sk, F_netlink_portid, &port);
	if (e >= 0)
		e = memory_queues(t->r->k, sk, row);
	if (e < 0)
		return e;
	put_netlink_protocol(&row->local, protocol);
	if (port)
		put(&row->local, ":%lu", port);
	else
		put_str(&row->local, ":kernel");
	return 0;
}

static int read_packet(struct table *t, uint64_t sk, struct row *row)
{
	uint64_t type, num, index;
	int e = field_u64(t->r->k, sk, F_sock_type, &type);

	row->netid = type == 2 ? "p_dgr" : "p_raw";
	if (e >= 0)
		e = field_u64(t->r->k, sk, F_packet_num, &num);
	if (e >= 0)
		e = field_u64(t->r->k, sk, F_packet_ifindex, &index);
	if (e >= 0)
		e = memory_queues(t->r->k, sk, row);
	if (e < 0)
		return e;
	if (net_order16(num) == ETH_P_ALL)
		put_str(&row->local, "*");
	else
		put(&row->local, "0x%04x", net_order16(num));
	if (index)
		put(&row->local, ":if%lu", index);
	else
		put_str(&row->local, ":*");
	return 0;
}

static int read_row(struct table *t, uint64_t sk, struct row *row)
{
	static const char *const netids[] = {
		[SOCK_KIND_TCP] = "tcp",   [SOCK_KIND_UDP] = "udp",    [SOCK_KIND_UDPLITE] = "udpl",
		[SOCK_KIND_PING] = "ping", [SOCK_KIND_RAW] = "raw",    [SOCK_KIND_RAW6] = "raw",
		[SOCK_KIND_UNIX] = "unix", [SOCK_KIND_NETLINK] = "nl", [SOCK_KIND_PACKET] = "pack",
	};
	int e = field_u64(t->r->k, sk, F_sock_state, &row->state);

	row->netid = netids[t->kind];
	if (e < 0)
		return e;
	switch (t->kind) {
	case SOCK_KIND_UNIX:
		return read_unix(t, sk, row);
	case SOCK_KIND_NETLINK:
		return read_netlink(t, sk, row);
	case SOCK_KIND_PACKET:
		return read_packet(t, sk, row);
	default:
		return read_inet(t, sk, row);
	}
}

static int put_row(struct table *t, uint64_t sk, const struct row *row, uint64_t socket)
{
	struct strbuf *out = t->r->out;
	uint64_t net, inum;
	size_t n;
	const struct holder *v = holders_of(&t->holders, socket, &n);
	int e = field_u64(t->r->k, sk, F_sock_net, &net);

	if (e >= 0)
		e = net_inum(t->r->k, net, &inum);
	if (e < 0)
		return e;
	put(out, "%-5s %-10s %7ld %7ld  %-27s %-27s %10lu  ", row->netid, state_name(row->state),
	    row->receive, row->send, row->local.data, row->peer.len ? row->peer.data : "*", inum);
	put_holders(out, t->r->k, &t->holders, socket);
	put_str(out, "\n");
	if (v)
		t->seen[v - t->holders.v] = true;
	return 0;
}

/* Of those without a struct socket no task has a descriptor. */
static int put_sock(void *arg, uint64_t sk, uint64_t bucket)
{
	struct table *t = arg;
	struct row row = { 0 };
	uint64_t socket = 0;
	int e = read_row(t, sk, &row);

	(void)bucket;
	if (e >= 0 && row.state != SOCK_TIME_WAIT && row.state != SOCK_NEW_SYN_RECV)
		e = field_u64(t->r->k, sk, F_sock_socket, &socket);
	if (e >= 0)
		e = put_row(t, sk, &row, socket);
	row_fini(&row);
	if (e < 0 && e != -EINTR) {
		put(t->r->out, "!! socket at %#lx: %s\n", sk, why());
		return 0;
	}
	return e;
}

/* What a task has open although no protocol's table has it: of other protocols, or closed. */
static int put_other(struct table *t, uint64_t socket)
{
	uint64_t sk, prot, state;
	char name[32];
	struct row row = { .netid = name };
	int e = field_u64(t->r->k, socket, F_socket_sk, &sk);

	if (e < 0 || !sk)
		return e;
	e = field_u64(t->r->k, sk, F_sock_state, &state);
	if (e >= 0)
		e = field_u64(t->r->k, sk, F_sock_prot, &prot);
	if (e >= 0)
		e = field_str(t->r->k, prot, F_proto_name, name, sizeof(name));
	if (e < 0)
		return e;
	for (char *p = name; *p; p++)
		if (*p <= ' ' || *p > '~')
			*p = '?';
		else if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	if (!strcmp(name, "netlink"))
		row.netid = "nl";
	row.state = state;
	put_str(&row.local, "*");
	e = put_row(t, sk, &row, socket);
	row_fini(&row);
	return e;
}

static int put_others(struct table *t)
{
	for (size_t i = 0; i < t->holders.n; i++) {
		uint64_t socket = t->holders.v[i].what;
		int e;

		if ((i && t->holders.v[i - 1].what == socket) || t->seen[i])
			continue;
		e = put_other(t, socket);
		if (e == -EINTR)
			return e;
		if (e < 0)
			put(t->r->out, "!! socket at %#lx: %s\n", socket, why());
	}
	return 0;
}

static int put_kinds(struct table *t)
{
	for (t->kind = SOCK_KIND_TCP; t->kind <= SOCK_KIND_PACKET; t->kind++) {
		int e = sockets_each(t->r->k, 0, t->kind, put_sock, t);

		if (e == -EINTR)
			return e;
		/* a kernel need not have them all */
		if (e < 0 && e != -ENOENT)
			put(t->r->out, "!! %s\n", why());
	}
	return 0;
}

int gen_network_sockets(struct render *r)
{
	struct table t = { .r = r };
	_free_ bool *seen = NULL;
	int e = holders_find(r->k, "socket_file_ops", NULL, &t.holders);

	put_str(r->out, "NETID STATE       RECV-Q  SEND-Q  LOCAL                       PEER"
			"                             NETNS  TASKS\n");
	if (e < 0)
		return e;
	t.seen = seen = calloc(t.holders.n + 1, sizeof(*seen));
	if (!seen)
		e = fail(-ENOMEM, "a table of %zu sockets", t.holders.n);
	if (e >= 0)
		e = put_kinds(&t);
	if (e >= 0)
		e = put_others(&t);
	put_problems(r->out, &t.holders.problems);
	holders_fini(&t.holders);
	return e;
}
