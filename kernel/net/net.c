#include "kernel/net/net.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/symbol/symbols.h"

int net_init(struct kernel *k, uint64_t *ret)
{
	return symbol_addr(k, "init_net", ret);
}

int net_of_task(struct kernel *k, uint64_t task, uint64_t *ret)
{
	uint64_t nsproxy;
	int r = field_u64(k, task, F_task_nsproxy, &nsproxy);

	if (r >= 0 && !nsproxy)
		r = fail(-ENOENT, "a task that has left its namespaces");
	return r < 0 ? r : field_u64(k, nsproxy, F_nsproxy_net_ns, ret);
}

int net_inum(struct kernel *k, uint64_t net, uint64_t *ret)
{
	return field_u64(k, net, F_net_inum, ret);
}

int nets_begin(struct list_walk *w, struct kernel *k)
{
	uint64_t head;
	int r = symbol_addr(k, "net_namespace_list", &head);

	return r < 0 ? r : list_begin(w, k, head, F_net_list);
}

int net_devices_begin(struct list_walk *w, struct kernel *k, uint64_t net)
{
	uint64_t head;
	int r = field_addr(k, net, F_net_dev_base_head, &head);

	return r < 0 ? r : list_begin(w, k, head, F_net_device_list);
}

int net_device_name(struct kernel *k, uint64_t dev, char ret[NET_NAME_LEN + 1])
{
	return field_str(k, dev, F_net_device_name, ret, NET_NAME_LEN + 1);
}
