#include "kernel/net/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"

#define UNIX_PATH_OFF 2	  /* struct sockaddr_un: the family is before it */
#define UNIX_LEN_MAX  110 /* sizeof(struct sockaddr_un) */

/* Linux's numbers of families and types, whatever the host's are. */
enum { UNIX = 1, INET = 2, INET6 = 10, NETLINK = 16, PACKET = 17 };
enum { TCP_ESTABLISHED = 1, TCP_CLOSE = 7, TCP_LISTEN = 10, IPPROTO_OF_TCP = 6 };

static const char *name_of(const char *const *names, size_t n, uint64_t i)
{
	return i < n && names[i] ? names[i] : "?";
}

static const char *state_name(uint64_t state)
{
	static const char *const names[] = {
		NULL,	     "ESTABLISHED", "SYN_SENT",	    "SYN_RECV",	  "FIN_WAIT1",
		"FIN_WAIT2", "TIME_WAIT",   "CLOSE",	    "CLOSE_WAIT", "LAST_ACK",
		"LISTEN",    "CLOSING",	    "NEW_SYN_RECV",
	};

	return name_of(names, sizeof(names) / sizeof(names[0]), state);
}

static const char *type_name(uint64_t type)
{
	static const char *const names[] = { NULL, "STREAM", "DGRAM", "RAW", "RDM", "SEQPACKET" };

	return name_of(names, sizeof(names) / sizeof(names[0]), type);
}

int put_inet_address(struct strbuf *out, struct kernel *k, uint64_t family, uint64_t addr)
{
	unsigned char raw[16];
	char text[INET6_ADDRSTRLEN];
	int r = kernel_read(k, addr, raw, family == INET ? 4 : 16);

	if (r < 0)
		return r;
	inet_ntop(family == INET ? AF_INET : AF_INET6, raw, text, sizeof(text));
	put(out, family == INET ? "%s" : "[%s]", text);
	return 0;
}

/* " 10.0.0.1:22", " [::1]:22" */
static int put_end(struct strbuf *out, struct kernel *k, uint64_t family, uint64_t addr,
		   uint64_t port)
{
	int r;

	put_str(out, " ");
	r = put_inet_address(out, k, family, addr);
	if (r == 0)
		put(out, ":%lu", port);
	return r;
}

static uint64_t from_net_order(uint64_t port)
{
	return (port & 0xff) << 8 | port >> 8;
}

static int put_inet(struct strbuf *out, struct kernel *k, uint64_t sk, uint64_t family)
{
	bool is_v4 = family == INET;
	uint64_t local, remote, num, dport, protocol, state;
	int r = field_addr(k, sk, is_v4 ? F_sock_rcv_saddr : F_sock_v6_rcv_saddr, &local);

	if (r == 0)
		r = field_addr(k, sk, is_v4 ? F_sock_daddr : F_sock_v6_daddr, &remote);
	if (r == 0)
		r = field_u64(k, sk, F_sock_num, &num);
	if (r == 0)
		r = field_u64(k, sk, F_sock_dport, &dport);
	if (r == 0)
		r = field_u64(k, sk, F_sock_protocol, &protocol);
	if (r == 0)
		r = field_u64(k, sk, F_sock_state, &state);
	if (r == 0)
		r = put_end(out, k, family, local, num);
	if (r == 0 && (protocol == IPPROTO_OF_TCP ? state != TCP_LISTEN && state != TCP_CLOSE
						  : state == TCP_ESTABLISHED))
		r = put_end(out, k, family, remote, from_net_order(dport));
	if (r == 0 && protocol == IPPROTO_OF_TCP)
		put(out, " %s", state_name(state));
	return r;
}

int put_unix_name(struct strbuf *out, struct kernel *k, uint64_t sk)
{
	char name[UNIX_LEN_MAX];
	uint64_t addr, len, at;
	int r = field_u64(k, sk, F_unix_addr, &addr);

	if (r < 0 || !addr)
		return r;
	r = field_u64(k, addr, F_unix_address_len, &len);
	if (r == 0)
		r = field_addr(k, addr, F_unix_address_name, &at);
	if (r < 0)
		return r;
	if (len < UNIX_PATH_OFF || len > sizeof(name) + UNIX_PATH_OFF)
		return fail(-EBADMSG, "a socket's name of %lu bytes", len);
	len -= UNIX_PATH_OFF;
	r = kernel_read(k, at + UNIX_PATH_OFF, name, len);
	if (r < 0)
		return r;
	if (len && !name[0])
		name[0] = '@';
	else
		len = strnlen(name, len);
	put_escaped(out, name, len, "");
	return 0;
}

static int put_after_blank(struct strbuf *out, struct kernel *k, uint64_t sk)
{
	STRBUF(name);
	int r = put_unix_name(&name, k, sk);

	if (name.len)
		put(out, " %s", name.data);
	return r;
}

static int put_unix(struct strbuf *out, struct kernel *k, uint64_t sk)
{
	uint64_t peer, type, state;
	int r = field_u64(k, sk, F_sock_type, &type);

	if (r == 0)
		r = field_u64(k, sk, F_sock_state, &state);
	if (r == 0)
		r = field_u64(k, sk, F_unix_peer, &peer);
	if (r < 0)
		return r;
	put(out, " %s", type_name(type));
	r = put_after_blank(out, k, sk);
	if (r == 0 && peer) {
		put(out, " ->");
		r = put_after_blank(out, k, peer);
	}
	if (r == 0 && state != TCP_CLOSE)
		put(out, " %s", state_name(state));
	return r;
}

static int put_netlink(struct strbuf *out, struct kernel *k, uint64_t sk)
{
	uint64_t protocol, port;
	int r = field_u64(k, sk, F_sock_protocol, &protocol);

	if (r == 0)
		r = field_u64(k, sk, F_netlink_portid, &port);
	if (r == 0)
		put(out, " protocol %lu port %lu", protocol, port);
	return r;
}

static int put_packet(struct strbuf *out, struct kernel *k, uint64_t sk)
{
	uint64_t num, ifindex, type;
	int r = field_u64(k, sk, F_packet_num, &num);

	if (r == 0)
		r = field_u64(k, sk, F_packet_ifindex, &ifindex);
	if (r == 0)
		r = field_u64(k, sk, F_sock_type, &type);
	if (r == 0)
		put(out, " %s protocol 0x%04lx interface %lu", type_name(type), from_net_order(num),
		    ifindex);
	return r;
}

int put_socket(struct strbuf *out, struct kernel *k, uint64_t socket)
{
	uint64_t sk, prot, family;
	char name[32];
	int r = field_u64(k, socket, F_socket_sk, &sk);

	if (r < 0)
		return r;
	if (!sk) {
		put_str(out, "closed");
		return 0;
	}
	r = field_u64(k, sk, F_sock_family, &family);
	if (r == 0)
		r = field_u64(k, sk, F_sock_prot, &prot);
	if (r == 0)
		r = field_str(k, prot, F_proto_name, name, sizeof(name));
	if (r < 0)
		return r;
	put_escaped(out, name, strlen(name), "");
	switch (family) {
	case UNIX:
		return put_unix(out, k, sk);
	case INET:
	case INET6:
		return put_inet(out, k, sk, family);
	case NETLINK:
		return put_netlink(out, k, sk);
	case PACKET:
		return put_packet(out, k, sk);
	}
	return 0;
}

int sock_struct(struct kernel *k, uint64_t sk, const char **ret)
{
	enum { UDP = 17, UDPLITE = 136, STREAM = 1, RAW = 3, ANY = 0 };
	static const struct {
		uint8_t family, type, protocol; /* ANY: whatever it is */
		const char *name;
	} kinds[] = {
		{ UNIX, ANY, ANY, "unix_sock" },
		{ NETLINK, ANY, ANY, "netlink_sock" },
		{ PACKET, ANY, ANY, "packet_sock" },
		{ INET, RAW, ANY, "raw_sock" },
		{ INET6, RAW, ANY, "raw6_sock" },
		{ INET, STREAM, IPPROTO_OF_TCP, "tcp_sock" },
		{ INET6, STREAM, IPPROTO_OF_TCP, "tcp6_sock" },
		{ INET, ANY, UDP, "udp_sock" },
		{ INET6, ANY, UDP, "udp6_sock" },
		{ INET, ANY, UDPLITE, "udp_sock" },
		{ INET6, ANY, UDPLITE, "udp6_sock" },
		{ INET, ANY, ANY, "inet_sock" },
		{ INET6, ANY, ANY, "inet_sock" },
	};
	uint64_t family, type, protocol;
	int r = field_u64(k, sk, F_sock_family, &family);

	if (r >= 0)
		r = field_u64(k, sk, F_sock_type, &type);
	if (r >= 0)
		r = field_u64(k, sk, F_sock_protocol, &protocol);
	if (r < 0)
		return r;
	*ret = "sock";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].family != family || (kinds[i].type && kinds[i].type != type) ||
		    (kinds[i].protocol && kinds[i].protocol != protocol))
			continue;
		*ret = kinds[i].name;
		break;
	}
	return 0;
}
