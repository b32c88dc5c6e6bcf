#include "fs/net/inet_text.h"

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/net/sockets.h"

/* Words in the byte order of the machine, as they lie there. */
static int put_address(struct strbuf *out, struct kernel *k, uint64_t at, size_t words)
{
	unsigned char raw[16];
	int r = kernel_read(k, at, raw, 4 * words);

	for (size_t i = 0; r >= 0 && i < words; i++)
		put(out, "%08X", load_le32(raw + 4 * i));
	return r;
}

int put_inet_ends(struct strbuf *out, struct kernel *k, uint64_t sk, uint64_t family, bool number)
{
	bool six = family == FAMILY_INET6;
	uint64_t local, remote, port = 0, other = 0;
	int r = field_addr(k, sk, six ? F_sock_v6_rcv_saddr : F_sock_rcv_saddr, &local);

	if (r >= 0)
		r = field_addr(k, sk, six ? F_sock_v6_daddr : F_sock_daddr, &remote);
	if (r >= 0)
		r = field_u64(k, sk, F_sock_num, &port);
	if (r >= 0)
		r = field_u64(k, sk, F_sock_dport, &other);
	if (r >= 0)
		r = put_address(out, k, local, six ? 4 : 1);
	if (r < 0)
		return r;
	put(out, ":%04X ", (unsigned int)port & 0xffff);
	r = put_address(out, k, remote, six ? 4 : 1);
	if (r >= 0)
		put(out, ":%04X", number ? 0 : net_order16(other));
	return r;
}

int put_inet6_addr(struct strbuf *out, struct kernel *k, uint64_t at)
{
	unsigned char raw[16];
	int r = kernel_read(k, at, raw, sizeof(raw));

	for (size_t i = 0; r >= 0 && i < sizeof(raw); i++)
		put(out, "%02x", raw[i]);
	return r;
}

/* Since v6.18 each half of the machine may have its part of a number. */
int numa_drops(struct kernel *k, uint64_t counters, uint64_t *ret)
{
	uint64_t one, other;
	int r = field_u64(k, counters, F_numa_drops0, &one);

	if (r >= 0)
		r = field_u64(k, counters, F_numa_drops1, &other);
	if (r >= 0)
		*ret = one + other;
	return r;
}

int sock_drops(struct kernel *k, uint64_t sk, uint64_t *ret)
{
	uint64_t counters = 0;
	int r = field_u64(k, sk, F_sock_drops, ret);

	if (r >= 0 && field_exists(k, F_sock_drop_counters))
		r = field_u64(k, sk, F_sock_drop_counters, &counters);
	return r < 0 || !counters ? r : numa_drops(k, counters, ret);
}
