/* Files of a network interface: net/core/net-sysfs.c. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/net/dev_counters.h"
#include "fs/sys/attr.h"
#include "kernel/symbol/symbols.h"

enum { STARTED, PRESENT, NO_CARRIER, LINKWATCH, DORMANT, TESTING }; /* bits of net_device.state */

static const struct attr_member members[] = {
	{ "addr_assign_type", ATTR_DEC, F_net_device_addr_assign_type },
	{ "addr_len", ATTR_DEC, F_net_device_addr_len },
	{ "carrier_down_count", ATTR_DEC, F_net_device_carrier_down },
	{ "carrier_up_count", ATTR_DEC, F_net_device_carrier_up },
	{ "dev_id", ATTR_HEX, F_net_device_dev_id },
	{ "dev_port", ATTR_DEC, F_net_device_dev_port },
	{ "flags", ATTR_HEX, F_net_device_flags },
	{ "gro_flush_timeout", ATTR_UDEC, F_net_device_gro_flush_timeout },
	{ "ifindex", ATTR_DEC, F_net_device_ifindex },
	{ "link_mode", ATTR_DEC, F_net_device_link_mode },
	{ "mtu", ATTR_DEC, F_net_device_mtu },
	{ "napi_defer_hard_irqs", ATTR_DEC, F_net_device_defer_hard_irqs },
	{ "netdev_group", ATTR_DEC, F_net_device_group },
	{ "proto_down", ATTR_DEC, F_net_device_proto_down },
	{ "threaded", ATTR_DEC, F_net_device_threaded },
	{ "tx_queue_len", ATTR_DEC, F_net_device_tx_queue_len },
	{ "type", ATTR_DEC, F_net_device_type },
};

/* Files that are empty, for reading them fails. */
static int unanswered(struct sysfile *a)
{
	put_str(a->out, "");
	return 1;
}

static int put_state_bit(struct sysfile *a, unsigned int bit, bool inverse)
{
	uint64_t state;
	int r = field_u64(a->k, a->of, F_net_device_state, &state);

	if (r < 0)
		return r;
	if (!(state >> STARTED & 1))
		return unanswered(a);
	return put_attr_number(a, ATTR_DEC, (state >> bit & 1) != inverse);
}

static int put_carrier(struct sysfile *a)
{
	return put_state_bit(a, NO_CARRIER, true);
}

static int put_dormant(struct sysfile *a)
{
	return put_state_bit(a, DORMANT, false);
}

static int put_testing(struct sysfile *a)
{
	return put_state_bit(a, TESTING, false);
}

static int put_carrier_changes(struct sysfile *a)
{
	uint64_t up, down;
	int r = field_u64(a->k, a->of, F_net_device_carrier_up, &up);

	if (r >= 0)
		r = field_u64(a->k, a->of, F_net_device_carrier_down, &down);
	return r < 0 ? r : put_attr_number(a, ATTR_DEC, up + down);
}

static int put_operstate(struct sysfile *a)
{
	static const char *const states[] = { "unknown", "notpresent", "down", "lowerlayerdown",
					      "testing", "dormant",    "up" };
	enum { DOWN = 2 };
	uint64_t oper, state;
	int r = field_u64(a->k, a->of, F_net_device_operstate, &oper);

	if (r >= 0)
		r = field_u64(a->k, a->of, F_net_device_state, &state);
	if (r < 0)
		return r;
	if (!(state >> STARTED & 1))
		oper = DOWN;
	put(a->out, "%s\n", oper < sizeof(states) / sizeof(states[0]) ? states[oper] : "");
	return 1;
}

static int put_name_assign_type(struct sysfile *a)
{
	uint64_t v;
	int r = field_u64(a->k, a->of, F_net_device_name_assign_type, &v);

	if (r < 0)
		return r;
	return v ? put_attr_number(a, ATTR_DEC, v) : unanswered(a);
}

/* Of what lies on another one, its driver knows. */
static int put_iflink(struct sysfile *a)
{
	uint64_t ops, fn = 0, index;
	int r = field_u64(a->k, a->of, F_net_device_ops, &ops);

	if (r >= 0 && ops)
		r = field_u64(a->k, ops, F_netdev_ops_get_iflink, &fn);
	if (r >= 0)
		r = field_u64(a->k, a->of, F_net_device_ifindex, &index);
	if (r < 0)
		return r;
	return fn ? 0 : put_attr_number(a, ATTR_DEC, index);
}

static int put_ifalias(struct sysfile *a)
{
	char text[257];
	uint64_t at;
	int r = field_u64(a->k, a->of, F_net_device_ifalias, &at);

	if (r < 0 || !at)
		return r < 0 ? r : unanswered(a);
	r = field_str(a->k, at, F_ifalias_text, text, sizeof(text));
	if (r < 0)
		return r;
	put_escaped(a->out, text, strlen(text), "");
	put_str(a->out, "\n");
	return 1;
}

static int put_mac(struct sysfile *a, uint64_t at)
{
	unsigned char bytes[32];
	uint64_t len;
	int r = field_u64(a->k, a->of, F_net_device_addr_len, &len);

	if (r >= 0 && len > sizeof(bytes))
		r = fail(-EBADMSG, "an address of %lu bytes", len);
	if (r >= 0)
		r = kernel_read(a->k, at, bytes, len);
	for (size_t i = 0; r >= 0 && i < len; i++)
		put(a->out, "%s%02x", i ? ":" : "", bytes[i]);
	put_str(a->out, r < 0 ? "" : "\n");
	return r < 0 ? r : 1;
}

static int put_address(struct sysfile *a)
{
	uint64_t at;
	int r = field_u64(a->k, a->of, F_net_device_dev_addr, &at);

	return r < 0 ? r : put_mac(a, at);
}

static int put_broadcast(struct sysfile *a)
{
	uint64_t at;
	int r = field_addr(a->k, a->of, F_net_device_broadcast, &at);

	return r < 0 ? r : put_mac(a, at);
}

static const struct {
	const char *name;
	attr_fn *put;
} others[] = {
	{ "address", put_address },	{ "broadcast", put_broadcast },
	{ "carrier", put_carrier },	{ "carrier_changes", put_carrier_changes },
	{ "dormant", put_dormant },	{ "ifalias", put_ifalias },
	{ "iflink", put_iflink },	{ "name_assign_type", put_name_assign_type },
	{ "operstate", put_operstate }, { "testing", put_testing },
};

static int put_statistic(struct sysfile *a)
{
	uint64_t c[NR_COUNTERS];
	int i = net_counter(a->name);
	int r = i < 0 ? 0 : net_counters(a->k, a->of, c);

	if (r < 0 || i < 0)
		return r;
	return put_attr_number(a, ATTR_UDEC, c[i]);
}

int put_net_attr(struct sysfile *a)
{
	if (a->group)
		return strcmp(a->dir, "statistics") ? 0 : put_statistic(a);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(others[i].name, a->name))
			return others[i].put(a);
	return put_attr_member(a, a->of, members, sizeof(members) / sizeof(members[0]));
}
