/* /network/interfaces: of all namespaces, one a line, with their addresses. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/net/ifaddr.h"
#include "kernel/net/net.h"
#include "kernel/net/sock.h"

#define MAC_MAX 32 /* MAX_ADDR_LEN */

struct device {
	uint64_t index, mtu, flags, state, addr_len;
	unsigned char mac[MAC_MAX];
	char name[NET_NAME_LEN + 1], kind[32];
};

/* RFC 2863, as ip(8) spells them. */
static const char *state_name(uint64_t state)
{
	static const char *const names[] = { "UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN",
					     "TESTING", "DORMANT",    "UP" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void put_flags(struct strbuf *out, uint64_t flags)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} names[] = {
		{ 0x1, "UP" },		 { 0x2, "BROADCAST" }, { 0x8, "LOOPBACK" },
		{ 0x10, "POINTOPOINT" }, { 0x80, "NOARP" },    { 0x100, "PROMISC" },
		{ 0x200, "ALLMULTI" },	 { 0x400, "MASTER" },  { 0x800, "SLAVE" },
		{ 0x1000, "MULTICAST" },
	};
	STRBUF(text);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bit)
			put(&text, "%s%s", text.len ? "," : "", names[i].name);
	put(out, "  %-28s", text.len ? text.data : "-");
}

/* What drivers that make interfaces call theirs: "veth", "bridge"; others have none. */
static int read_kind(struct kernel *k, uint64_t dev, struct device *d)
{
	uint64_t ops;
	int r = field_u64(k, dev, F_net_device_rtnl_link_ops, &ops);

	return r < 0 || !ops ? r
			     : field_str(k, ops, F_rtnl_link_ops_kind, d->kind, sizeof(d->kind));
}

static int read_device(struct kernel *k, uint64_t dev, struct device *ret)
{
	struct device d = { 0 };
	uint64_t mac;
	int r = net_device_name(k, dev, d.name);

	if (r >= 0)
		r = field_u64(k, dev, F_net_device_ifindex, &d.index);
	if (r >= 0)
		r = field_u64(k, dev, F_net_device_mtu, &d.mtu);
	if (r >= 0)
		r = field_u64(k, dev, F_net_device_flags, &d.flags);
	if (r >= 0)
		r = field_u64(k, dev, F_net_device_operstate, &d.state);
	if (r >= 0)
		r = field_u64(k, dev, F_net_device_addr_len, &d.addr_len);
	if (r >= 0)
		r = field_u64(k, dev, F_net_device_dev_addr, &mac);
	if (r >= 0 && d.addr_len > MAC_MAX)
		r = fail(-EBADMSG, "an address of %lu bytes", d.addr_len);
	if (r >= 0)
		r = kernel_read(k, mac, d.mac, d.addr_len);
	if (r >= 0)
		r = read_kind(k, dev, &d);
	if (r >= 0)
		*ret = d;
	return r;
}

struct addresses {
	struct kernel *k;
	struct strbuf *out;
};

static int put_address(void *arg, uint64_t family, uint64_t at, uint64_t prefix_len)
{
	struct addresses *a = arg;
	STRBUF(text);
	int r = put_inet_address(&text, a->k, family, at);
	/* a mask comes after: no brackets */
	size_t bracket = text.len && text.data[0] == '[';

	if (r < 0)
		return r;
	put(a->out, "%s%.*s/%lu", a->out->len ? " " : "", (int)(text.len - 2 * bracket),
	    text.data + bracket, prefix_len);
	return 0;
}

static int put_device(struct render *r, uint64_t dev, uint64_t inum)
{
	struct device d;
	STRBUF(mac);
	STRBUF(name);
	STRBUF(addresses);
	int e = read_device(r->k, dev, &d);

	if (e < 0) {
		put(r->out, "!! interface at %#lx: %s\n", dev, why());
		return e == -EINTR ? e : 0;
	}
	for (size_t i = 0; i < d.addr_len; i++)
		put(&mac, "%s%02x", i ? ":" : "", d.mac[i]);
	put_escaped(&name, d.name, strlen(d.name), " ");
	e = ifaddrs_each(r->k, dev, put_address, &(struct addresses){ r->k, &addresses });
	put(r->out, "%10lu %7lu  %-15s  %-10s %6lu  %-8s  %-17s", inum, d.index,
	    name.len ? name.data : "-", state_name(d.state), d.mtu, *d.kind ? d.kind : "-",
	    mac.len ? mac.data : "-");
	put_flags(r->out, d.flags);
	put(r->out, "  %s", addresses.len ? addresses.data : "-");
	if (e < 0)
		put(r->out, " !! %s", why());
	put_str(r->out, "\n");
	return e == -EINTR ? e : 0;
}

int gen_network_interfaces(struct render *r)
{
	struct list_walk nets, devices;
	uint64_t net, dev, inum;
	int e = nets_begin(&nets, r->k), d = 0;

	put_str(r->out, "     NETNS IFINDEX  NAME             STATE         MTU  KIND      MAC"
			"                FLAGS                         ADDRESSES\n");
	while (e >= 0 && d >= 0 && (e = list_next(&nets, &net)) > 0) {
		d = net_inum(r->k, net, &inum);
		if (d >= 0)
			d = net_devices_begin(&devices, r->k, net);
		while (d >= 0 && (d = list_next(&devices, &dev)) > 0)
			d = put_device(r, dev, inum);
		if (d < 0 && d != -EINTR) {
			put(r->out, "!! namespace at %#lx: %s\n", net, why());
			d = 0;
		}
	}
	return e < 0 ? e : d;
}
