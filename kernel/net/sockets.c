#include "kernel/net/sockets.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/net/net.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"
#include "kernel/walk/rhashtable.h"

#define NETLINKS 32 /* MAX_LINKS */

struct walk {
	struct kernel *k;
	uint64_t net; /* 0: any */
	sock_fn *fn;
	void *arg;
	uint64_t bucket;
};

static int give(struct walk *w, uint64_t sk)
{
	uint64_t net = w->net;
	int r = w->net ? field_u64(w->k, sk, F_sock_net, &net) : 0;

	return r < 0 || net != w->net ? r : w->fn(w->arg, sk, w->bucket);
}

/* A hlist_head or hlist_nulls_head, whose ends differ in a bit. */
static int each_of_chain(struct walk *w, uint64_t head, enum field link)
{
	struct list_walk list;
	uint64_t sk;
	int r = hlist_begin(&list, w->k, head, link);

	while (r >= 0 && (r = hlist_next(&list, &sk)) > 0) {
		r = give(w, sk);
		if (r)
			break;
	}
	return r;
}

/* A table of @n heads, @size bytes apart. Most are empty: they are read many at once. */
static int each_of_table(struct walk *w, uint64_t table, uint64_t n, uint64_t size, enum field link)
{
	unsigned char raw[4096];
	size_t most = size && size <= sizeof(raw) ? sizeof(raw) / size : 1;
	int r = 0;

	if (n > LIMIT_WALK || !size || size > sizeof(raw))
		return fail(-EBADMSG, "a table of %lu sockets", n);
	for (uint64_t i = 0; r == 0 && i < n; i += most) {
		size_t some = n - i < most ? n - i : most;

		r = kernel_read(w->k, table + i * size, raw, some * size);
		for (size_t j = 0; r == 0 && j < some; j++) {
			uint64_t first = load_le64(raw + j * size);

			w->bucket = i + j;
			if (first && !(first & 1))
				r = each_of_chain(w, table + (i + j) * size, link);
		}
	}
	return r;
}

/* The listening ones: since v5.19 in lhash2 alone. */
static int each_listening(struct walk *w, uint64_t info)
{
	uint64_t table, mask = 0, size, n;
	int r;

	if (kernel_sizeof(w->k, "inet_listen_hashbucket", &size) < 0)
		return fail(-ENOENT, "no listening sockets");
	if (field_exists(w->k, F_hashinfo_listening_hash)) {
		r = field_addr(w->k, info, F_hashinfo_listening_hash, &table);
		if (r >= 0)
			r = field_count(w->k, F_hashinfo_listening_hash, &n);
	} else {
		r = field_u64(w->k, info, F_hashinfo_lhash2, &table);
		if (r >= 0)
			r = field_u64(w->k, info, F_hashinfo_lhash2_mask, &mask);
		n = mask + 1;
	}
	if (r >= 0 && n > LIMIT_WALK)
		r = fail(-EBADMSG, "%lu chains of listening sockets", n);
	for (w->bucket = 0; r == 0 && w->bucket < n; w->bucket++) {
		uint64_t head;

		r = field_addr(w->k, table + w->bucket * size, F_listen_bucket_head, &head);
		if (r >= 0)
			r = each_of_chain(w, head, F_sock_node);
	}
	return r;
}

static int each_tcp(struct walk *w, uint64_t net)
{
	uint64_t info, table, mask, size;
	int r = field_exists(w->k, F_net_tcp_hashinfo)
			? field_u64(w->k, net, F_net_tcp_hashinfo, &info)
			: symbol_addr(w->k, "tcp_hashinfo", &info);

	if (r >= 0)
		r = each_listening(w, info);
	if (r == 0)
		r = field_u64(w->k, info, F_hashinfo_ehash, &table);
	if (r == 0)
		r = field_u64(w->k, info, F_hashinfo_ehash_mask, &mask);
	if (r == 0)
		r = kernel_sizeof(w->k, "inet_ehash_bucket", &size);
	return r ? r : each_of_table(w, table, (mask & 0xffffffff) + 1, size, F_sock_node);
}

static int each_udp(struct walk *w, uint64_t net, const char *symbol)
{
	uint64_t table, hash, mask, size;
	int r = symbol_addr(w->k, symbol, &table);

	/* Since v6.2 a namespace may have one of its own. */
	if (net && field_exists(w->k, F_net_udp_table))
		r = field_u64(w->k, net, F_net_udp_table, &table);
	if (r >= 0)
		r = field_u64(w->k, table, F_udp_table_hash, &hash);
	if (r >= 0)
		r = field_u64(w->k, table, F_udp_table_mask, &mask);
	if (r >= 0)
		r = kernel_sizeof(w->k, "udp_hslot", &size);
	return r ? r : each_of_table(w, hash, (mask & 0xffffffff) + 1, size, F_sock_node);
}

/* A structure of heads alone, found by its symbol. */
static int each_hashed(struct walk *w, const char *symbol, enum field heads)
{
	uint64_t at, n;
	int r = symbol_addr(w->k, symbol, &at);

	if (r >= 0)
		r = field_addr(w->k, at, heads, &at);
	if (r >= 0)
		r = field_count(w->k, heads, &n);
	return r ? r : each_of_table(w, at, n, 8, F_sock_node);
}

/* cf2f225e2653 (v6.0): each namespace has its own table. */
static int each_unix(struct walk *w, uint64_t net)
{
	enum { UNIX_HASH_SIZE = 512 };
	uint64_t table;
	int r = field_exists(w->k, F_net_unix_buckets)
			? field_u64(w->k, net, F_net_unix_buckets, &table)
			: symbol_addr(w->k, "unix_socket_table", &table);

	return r ? r : each_of_table(w, table, UNIX_HASH_SIZE, 8, F_sock_node);
}

static int give_netlink(void *arg, uint64_t sk)
{
	return give(arg, sk);
}

static int each_netlink(struct walk *w)
{
	uint64_t table, size, offset, hash;
	int r = symbol_u64(w->k, "nl_table", 8, &table);

	if (r >= 0)
		r = kernel_sizeof(w->k, "netlink_table", &size);
	if (r >= 0)
		r = field_offset(w->k, F_netlink_node, &offset);
	for (w->bucket = 0; r == 0 && w->bucket < NETLINKS; w->bucket++) {
		r = field_addr(w->k, table + w->bucket * size, F_netlink_table_hash, &hash);
		if (r >= 0)
			r = rhashtable_each(w->k, hash, offset, give_netlink, w);
	}
	return r;
}

static int each_packet(struct walk *w, uint64_t net)
{
	uint64_t head;
	int r = field_addr(w->k, net, F_net_packet_sklist, &head);

	return r ? r : each_of_chain(w, head, F_sock_node);
}

/* By the tables that @net has, whether its own or not. */
static int each_of_kind(struct walk *w, uint64_t net, enum sock_kind kind)
{
	switch (kind) {
	case SOCK_KIND_TCP:
		return each_tcp(w, net);
	case SOCK_KIND_UDP:
		return each_udp(w, net, "udp_table");
	case SOCK_KIND_UDPLITE:
		return each_udp(w, 0, "udplite_table");
	case SOCK_KIND_PING:
		return each_hashed(w, "ping_table", F_ping_table_hash);
	case SOCK_KIND_RAW:
		return each_hashed(w, "raw_v4_hashinfo", F_raw_hashinfo_ht);
	case SOCK_KIND_RAW6:
		return each_hashed(w, "raw_v6_hashinfo", F_raw_hashinfo_ht);
	case SOCK_KIND_UNIX:
		return each_unix(w, net);
	case SOCK_KIND_NETLINK:
		return each_netlink(w);
	case SOCK_KIND_PACKET:
		return each_packet(w, net);
	}
	return -EINVAL;
}

/* The table that @net has for itself, or shares with some; 0: all share one. */
static int table_of(struct kernel *k, uint64_t net, enum sock_kind kind, uint64_t *ret)
{
	static const struct {
		enum sock_kind kind;
		enum field f;
	} own[] = {
		{ SOCK_KIND_TCP, F_net_tcp_hashinfo }, /* d1e5e6408b30 (v6.1) */
		{ SOCK_KIND_UDP, F_net_udp_table },
		{ SOCK_KIND_UNIX, F_net_unix_buckets },
	};

	*ret = kind == SOCK_KIND_PACKET ? net : 0;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (own[i].kind == kind && field_exists(k, own[i].f))
			return field_u64(k, net, own[i].f, ret);
	return 0;
}

/* One table after the other: that which many share is gone through once. */
static int each_everywhere(struct walk *w, enum sock_kind kind)
{
	uint64_t first, net, shared, table;
	struct list_walk nets;
	int r = net_init(w->k, &first);

	if (r >= 0)
		r = table_of(w->k, first, kind, &shared);
	if (r >= 0)
		r = each_of_kind(w, first, kind);
	if (r)
		return r;
	r = nets_begin(&nets, w->k);
	while (r >= 0 && (r = list_next(&nets, &net)) > 0) {
		r = table_of(w->k, net, kind, &table);
		if (r == 0 && table != shared)
			r = each_of_kind(w, net, kind);
		if (r)
			break;
	}
	return r;
}

int sockets_each(struct kernel *k, uint64_t net, enum sock_kind kind, sock_fn *fn, void *arg)
{
	struct walk w = { .k = k, .net = net, .fn = fn, .arg = arg };
	int r = net ? each_of_kind(&w, net, kind) : each_everywhere(&w, kind);

	return r < 0 ? within(r, "sockets") : r;
}

int sock_inode(struct kernel *k, uint64_t sk, uint64_t *ret_ino, uint64_t *ret_uid)
{
	uint64_t socket, alloc, inode;
	int r = field_u64(k, sk, F_sock_socket, &socket);

	*ret_ino = *ret_uid = 0;
	if (r < 0 || !socket)
		return r;
	r = field_owner(k, socket, F_socket_alloc_socket, &alloc);
	if (r >= 0)
		r = field_addr(k, alloc, F_socket_alloc_inode, &inode);
	if (r >= 0)
		r = field_u64(k, inode, F_inode_ino, ret_ino);
	return r < 0 ? r : field_u64(k, inode, F_inode_uid, ret_uid);
}
