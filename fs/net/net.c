/* /proc/net: the namespaces; /proc/<pid>/net. */
#include <errno.h>
#include <stdio.h>

#include "dump/base/err.h"
#include "fs/net/net_key.h"
#include "fs/task/task_key.h"

/* All but the machine's own, whose files stand beside them. */
static int add_nets(struct render *r, struct names *names)
{
	uint64_t net, first, inum;
	struct list_walk w;
	int e = nets_begin(&w, r->k);

	if (e >= 0)
		e = net_init(r->k, &first);
	while (e >= 0 && (e = list_next(&w, &net)) > 0) {
		char name[24];

		if (net == first)
			continue;
		e = net_inum(r->k, net, &inum);
		if (e < 0)
			break;
		snprintf(name, sizeof(name), "%lu", inum);
		names_add(names, name, net);
	}
	return e;
}

const struct lister list_nets = { .list = add_nets, .like = "/proc/net" };

int gen_task_net(struct render *r)
{
	const char *up = key_is_thread(r, 0) ? "../../../" : "../";
	uint64_t net, first, inum;
	int e = net_of_task(r->k, key_task(r), &net);

	if (e >= 0)
		e = net_init(r->k, &first);
	if (e >= 0)
		e = net_inum(r->k, net, &inum);
	if (e < 0)
		return e;
	if (net == first)
		put(r->out, "%snet", up);
	else
		put(r->out, "%snet/%lu", up, inum);
	return 0;
}
