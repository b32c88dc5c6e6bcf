/* What an interface has carried. */
#pragma once

#include "kernel/kernel.h"

/* Counters of struct net_device_stats, in its order; and one more. */
enum {
	RX_PACKETS,
	TX_PACKETS,
	RX_BYTES,
	TX_BYTES,
	RX_ERRORS,
	TX_ERRORS,
	RX_DROPPED,
	TX_DROPPED,
	MULTICAST,
	COLLISIONS,
	RX_LENGTH,
	RX_OVER,
	RX_CRC,
	RX_FRAME,
	RX_FIFO,
	RX_MISSED,
	TX_ABORTED,
	TX_CARRIER,
	TX_FIFO,
	TX_HEARTBEAT,
	TX_WINDOW,
	RX_COMPRESSED,
	TX_COMPRESSED,
	NR_OF_STATS,
	RX_NOHANDLER = NR_OF_STATS,
	NR_COUNTERS
};

/* Of the struct net_device at @dev. -EOPNOTSUPP: its driver counts in a way of its own. */
int net_counters(struct kernel *k, uint64_t dev, uint64_t ret[NR_COUNTERS]);

/* The one that sysfs calls @name; -1: none. */
int net_counter(const char *name);
