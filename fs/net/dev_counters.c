#include "fs/net/dev_counters.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

/* Add what each CPU has counted. */
static int add_parts(struct kernel *k, uint64_t parts, enum field f, uint64_t *to)
{
	uint64_t at;
	int64_t sum;
	int r = field_addr(k, parts, f, &at);

	if (r >= 0)
		r = percpu_sum(k, at, 8, &sum);
	if (r >= 0)
		*to += (uint64_t)sum;
	return r;
}

/* What its driver keeps beside the counters that all have. -EOPNOTSUPP: that is not known. */
static int add_driver_counters(struct kernel *k, uint64_t dev, uint64_t c[NR_COUNTERS])
{
	uint64_t ops, get, parts;
	struct symbol s;
	int r = field_u64(k, dev, F_net_device_ops, &ops);

	if (r >= 0)
		r = field_u64(k, ops, F_netdev_ops_get_stats64, &get);
	if (r < 0 || !get)
		return r;
	r = symbol_at(k, get, &s);
	if (r >= 0)
		r = field_u64(k, dev, F_net_device_tstats, &parts);
	if (r < 0)
		return r;
	if (!strcmp(s.name, "loopback_get_stats64")) { /* what goes out comes in */
		c[RX_PACKETS] = c[RX_BYTES] = 0;
		r = add_parts(k, parts, F_lstats_packets, &c[RX_PACKETS]);
		if (r >= 0)
			r = add_parts(k, parts, F_lstats_bytes, &c[RX_BYTES]);
		c[TX_PACKETS] = c[RX_PACKETS];
		c[TX_BYTES] = c[RX_BYTES];
		return r;
	}
	if (!strcmp(s.name, "dev_get_tstats64") || !strcmp(s.name, "br_get_stats64") ||
	    !strcmp(s.name, "ip_tunnel_get_stats64")) {
		r = add_parts(k, parts, F_tstats_rx_packets, &c[RX_PACKETS]);
		if (r >= 0)
			r = add_parts(k, parts, F_tstats_rx_bytes, &c[RX_BYTES]);
		if (r >= 0)
			r = add_parts(k, parts, F_tstats_tx_packets, &c[TX_PACKETS]);
		if (r >= 0)
			r = add_parts(k, parts, F_tstats_tx_bytes, &c[TX_BYTES]);
		return r;
	}
	return fail(-EOPNOTSUPP, "counters by %s()", s.name);
}

int net_counters(struct kernel *k, uint64_t dev, uint64_t c[NR_COUNTERS])
{
	uint64_t at, core = 0;
	int r = field_addr(k, dev, F_net_device_stats, &at);

	c[RX_NOHANDLER] = 0;
	for (size_t i = 0; r >= 0 && i < NR_OF_STATS; i++)
		r = kernel_read_uint(k, at + 8 * i, 8, &c[i]);
	if (r >= 0)
		r = add_driver_counters(k, dev, c);
	if (r >= 0 && field_exists(k, F_net_device_core_stats))
		r = field_u64(k, dev, F_net_device_core_stats, &core);
	if (r >= 0 && core)
		r = add_parts(k, core, F_core_stats_rx_dropped, &c[RX_DROPPED]);
	if (r >= 0 && core)
		r = add_parts(k, core, F_core_stats_tx_dropped, &c[TX_DROPPED]);
	if (r >= 0 && core && field_exists(k, F_core_stats_rx_nohandler))
		r = add_parts(k, core, F_core_stats_rx_nohandler, &c[RX_NOHANDLER]);
	if (r >= 0 && field_exists(k, F_net_device_rx_nohandler))
		r = field_u64(k, dev, F_net_device_rx_nohandler, &c[RX_NOHANDLER]);
	return r;
}

int net_counter(const char *name)
{
	static const char *const names[NR_COUNTERS] = {
		"rx_packets",	     "tx_packets",	  "rx_bytes",	      "tx_bytes",
		"rx_errors",	     "tx_errors",	  "rx_dropped",	      "tx_dropped",
		"multicast",	     "collisions",	  "rx_length_errors", "rx_over_errors",
		"rx_crc_errors",     "rx_frame_errors",	  "rx_fifo_errors",   "rx_missed_errors",
		"tx_aborted_errors", "tx_carrier_errors", "tx_fifo_errors",   "tx_heartbeat_errors",
		"tx_window_errors",  "rx_compressed",	  "tx_compressed",    "rx_nohandler",
	};

	for (int i = 0; i < NR_COUNTERS; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}
