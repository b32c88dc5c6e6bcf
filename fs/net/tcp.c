/* /proc/net/tcp, tcp6. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/net/inet_text.h"
#include "fs/net/net_key.h"
#include "kernel/fields.h"
#include "kernel/net/sockets.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"

#define USER_HZ		 100
#define LINE		 149
#define INFINITE_THRESH	 0x7fffffff
#define TIMER_RETRANS	 1 /* ICSK_TIME_* */
#define TIMER_PROBE0	 3
#define TIMER_LOSS_PROBE 5
#define TIMER_REO	 6

struct tcp_table {
	struct render *r;
	uint64_t net, family, jiffies, hz, line;
};

struct tcp_timer {
	unsigned int kind;
	uint64_t expires; /* jiffies */
};

/* Jiffies until then, in USER_HZ. */
static uint64_t until(const struct tcp_table *t, uint64_t expires)
{
	int64_t delta = (int64_t)(expires - t->jiffies);

	return delta < 0 ? 0 : (uint64_t)delta * USER_HZ / t->hz;
}

static void put_line(struct tcp_table *t, struct strbuf *line)
{
	put(t->r->out, "%-*s\n", t->family == FAMILY_INET ? LINE : 0, line->data ? line->data : "");
	t->line++;
}

/* Which of its timers runs. That which keeps a connection alive may be one of its own. */
static int read_timer(struct tcp_table *t, uint64_t sk, struct tcp_timer *ret)
{
	struct kernel *k = t->r->k;
	bool own = field_exists(k, F_icsk_timeout);
	bool third = field_exists(k, F_icsk_keepalive_pprev);
	uint64_t kind, pending;
	int e = field_u64(k, sk, F_icsk_pending, &kind);

	*ret = (struct tcp_timer){ 0, t->jiffies };
	if (e >= 0)
		e = field_u64(k, sk, third ? F_icsk_keepalive_pprev : F_sock_timer_pprev, &pending);
	if (e < 0)
		return e;
	if (kind == TIMER_RETRANS || kind == TIMER_LOSS_PROBE || kind == TIMER_REO)
		ret->kind = 1;
	else if (kind == TIMER_PROBE0)
		ret->kind = 4;
	if (ret->kind) /* since v6.19 its time is the timer's own */
		return field_u64(k, sk, own ? F_icsk_timeout : F_sock_timer_expires, &ret->expires);
	if (!pending)
		return 0;
	ret->kind = 2;
	return field_u64(k, sk, third ? F_icsk_keepalive_expires : F_sock_timer_expires,
			 &ret->expires);
}

static int queue_lengths(struct kernel *k, uint64_t sk, uint64_t state, uint32_t *ret_tx,
			 uint32_t *ret_rx)
{
	uint64_t write_seq, una, next, copied = 0;
	bool listens = state == SOCK_LISTEN;
	int r = field_u64(k, sk, F_tcp_write_seq, &write_seq);

	if (r >= 0)
		r = field_u64(k, sk, F_tcp_snd_una, &una);
	if (r >= 0)
		r = field_u64(k, sk, listens ? F_sock_ack_backlog : F_tcp_rcv_nxt, &next);
	if (r >= 0 && !listens)
		r = field_u64(k, sk, F_tcp_copied_seq, &copied);
	if (r < 0)
		return r;
	*ret_tx = (uint32_t)(write_seq - una);
	*ret_rx = (int32_t)(next - copied) < 0 ? 0 : (uint32_t)(next - copied);
	return 0;
}

/* Exchanges that make a connection an interactive one: 3 for a while, then 1, then to be set. */
static uint64_t pingpong_threshold(const struct tcp_table *t)
{
	uint64_t v;

	if (field_u64(t->r->k, t->net, F_net_pingpong_thresh, &v) >= 0)
		return v;
	return field_exists(t->r->k, F_net_tcp_hashinfo) ? 1 : 3;
}

static int put_congestion(struct tcp_table *t, uint64_t sk, uint64_t state, struct strbuf *line)
{
	struct kernel *k = t->r->k;
	uint64_t rto, ato, quick, pingpong, cwnd, thresh;
	int last;
	int e = field_u64(k, sk, F_icsk_rto, &rto);

	if (e >= 0)
		e = field_u64(k, sk, F_icsk_ato, &ato);
	if (e >= 0)
		e = field_u64(k, sk, F_icsk_quick, &quick);
	if (e >= 0)
		e = field_u64(k, sk, F_icsk_pingpong, &pingpong);
	if (e >= 0)
		e = field_u64(k, sk, F_tcp_snd_cwnd, &cwnd);
	if (e >= 0)
		e = field_u64(k, sk,
			      state == SOCK_LISTEN ? F_icsk_fastopen_max : F_tcp_snd_ssthresh,
			      &thresh);
	if (e < 0)
		return e;
	last = state != SOCK_LISTEN && thresh >= INFINITE_THRESH ? -1 : (int)thresh;
	put(line, " %lu %lu %u %u %d", rto * USER_HZ / t->hz, ato * USER_HZ / t->hz,
	    (unsigned int)(quick << 1 | (pingpong >= pingpong_threshold(t))), (unsigned int)cwnd,
	    last);
	return 0;
}

static int put_full(struct tcp_table *t, uint64_t sk, uint64_t state, struct strbuf *line)
{
	struct kernel *k = t->r->k;
	uint64_t retransmits, probes, ino, uid, refs;
	struct tcp_timer timer;
	uint32_t tx, rx;
	int e = queue_lengths(k, sk, state, &tx, &rx);

	if (e >= 0)
		e = read_timer(t, sk, &timer);
	if (e >= 0)
		e = field_u64(k, sk, F_icsk_retransmits, &retransmits);
	if (e >= 0)
		e = field_u64(k, sk, F_icsk_probes_out, &probes);
	if (e >= 0)
		e = sock_inode(k, sk, &ino, &uid);
	if (e >= 0)
		e = field_u64(k, sk, F_sock_refcnt, &refs);
	if (e < 0)
		return e;
	put(line, " %02lX %08X:%08X %02X:%08lX %08X %5u %8d %lu %d %016lx", state, tx, rx,
	    timer.kind, until(t, timer.expires), (unsigned int)retransmits, (unsigned int)uid,
	    (int)probes, ino, (int)refs, sk);
	return put_congestion(t, sk, state, line);
}

static int put_time_wait(struct tcp_table *t, uint64_t tw, struct strbuf *line)
{
	uint64_t state, expires, refs;
	int e = field_u64(t->r->k, tw, F_tw_substate, &state);

	if (e >= 0)
		e = field_u64(t->r->k, tw, F_tw_timer_expires, &expires);
	if (e >= 0)
		e = field_u64(t->r->k, tw, F_sock_refcnt, &refs);
	if (e >= 0)
		put(line, " %02lX %08X:%08X %02X:%08lX %08X %5d %8d %d %d %016lx", state, 0, 0, 3,
		    until(t, expires), 0, 0, 0, 0, (int)refs, tw);
	return e;
}

static int put_half_open(struct tcp_table *t, uint64_t req, struct strbuf *line)
{
	enum { SYN_RECV = 3 };
	uint64_t expires, tries, listener, ino, uid, refs;
	int e = field_u64(t->r->k, req, F_req_timer_expires, &expires);

	if (e >= 0)
		e = field_u64(t->r->k, req, F_req_num_timeout, &tries);
	if (e >= 0)
		e = field_u64(t->r->k, req, F_req_listener, &listener);
	if (e >= 0)
		e = sock_inode(t->r->k, listener, &ino, &uid);
	if (e >= 0)
		e = field_u64(t->r->k, req, F_sock_refcnt, &refs);
	if (e >= 0)
		put(line, " %02X %08X:%08X %02X:%08lX %08X %5u %8d %u %d %016lx", SYN_RECV, 0, 0, 1,
		    until(t, expires), (unsigned int)tries, (unsigned int)uid, 0, 0, 0, req);
	return e;
}

static int put_tcp(void *arg, uint64_t sk, uint64_t bucket)
{
	struct tcp_table *t = arg;
	uint64_t family, state;
	STRBUF(line);
	int e = field_u64(t->r->k, sk, F_sock_family, &family);

	(void)bucket;
	if (e < 0 || family != t->family)
		return e;
	e = field_u64(t->r->k, sk, F_sock_state, &state);
	put(&line, "%4lu: ", t->line);
	if (e >= 0)
		e = put_inet_ends(&line, t->r->k, sk, family, false);
	if (e < 0)
		return e;
	if (state == SOCK_TIME_WAIT)
		e = put_time_wait(t, sk, &line);
	else if (state == SOCK_NEW_SYN_RECV)
		e = put_half_open(t, sk, &line);
	else
		e = put_full(t, sk, state, &line);
	if (e >= 0)
		put_line(t, &line);
	return e;
}

static int put_table(struct render *r, uint64_t family, const char *header)
{
	struct tcp_table t = { .r = r, .family = family };
	int e = key_net(r, &t.net);

	if (e >= 0)
		e = symbol_u64(r->k, "jiffies_64", 8, &t.jiffies);
	if (e >= 0)
		e = kernel_hz(r->k, &t.hz);
	if (e < 0)
		return e;
	put(r->out, "%-*s\n", family == FAMILY_INET ? LINE : 0, header);
	return sockets_each(r->k, t.net, SOCK_KIND_TCP, put_tcp, &t);
}

int gen_net_tcp(struct render *r)
{
	return put_table(r, FAMILY_INET,
			 "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
			 "retrnsmt   uid  timeout inode");
}

int gen_net_tcp6(struct render *r)
{
	return put_table(r, FAMILY_INET6,
			 "  sl  local_address                         "
			 "remote_address                        st tx_queue rx_queue tr tm->when "
			 "retrnsmt   uid  timeout inode");
}
