#include "kernel/net/ifaddr.h"

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/net/sockets.h"
#include "kernel/walk/list.h"

static int each_inet(struct kernel *k, uint64_t dev, ifaddr_fn *fn, void *arg)
{
	uint64_t in, ifa, at, len;
	struct guard g = { 0 };
	int r = field_u64(k, dev, F_net_device_ip_ptr, &in);

	if (r < 0 || !in)
		return r;
	r = field_u64(k, in, F_in_device_ifa_list, &ifa);
	while (r == 0 && ifa) {
		r = guard_step(&g, ifa);
		if (r >= 0)
			r = field_addr(k, ifa, F_ifaddr_local, &at);
		if (r >= 0)
			r = field_u64(k, ifa, F_ifaddr_prefix_len, &len);
		if (r >= 0)
			r = fn(arg, FAMILY_INET, at, len);
		if (r == 0)
			r = field_u64(k, ifa, F_ifaddr_next, &ifa);
	}
	return r;
}

static int each_inet6(struct kernel *k, uint64_t dev, ifaddr_fn *fn, void *arg)
{
	uint64_t in, head, ifa, at, len;
	struct list_walk w;
	int r = field_u64(k, dev, F_net_device_ip6_ptr, &in);

	if (r < 0 || !in)
		return r;
	r = field_addr(k, in, F_inet6_dev_addr_list, &head);
	if (r >= 0)
		r = list_begin(&w, k, head, F_ifaddr6_if_list);
	while (r >= 0 && (r = list_next(&w, &ifa)) > 0) {
		r = field_addr(k, ifa, F_ifaddr6_addr, &at);
		if (r >= 0)
			r = field_u64(k, ifa, F_ifaddr6_prefix_len, &len);
		if (r >= 0)
			r = fn(arg, FAMILY_INET6, at, len);
		if (r)
			break;
	}
	return r;
}

int ifaddrs_each(struct kernel *k, uint64_t dev, ifaddr_fn *fn, void *arg)
{
	int r = each_inet(k, dev, fn, arg);

	if (r == 0)
		r = each_inet6(k, dev, fn, arg);
	return r < 0 ? within(r, "addresses of the interface at %#lx", dev) : r;
}
