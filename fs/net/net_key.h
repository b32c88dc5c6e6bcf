/* Which network namespace a file is about: /proc/net/... the machine's, /proc/net/{netns}/... that one. */
#pragma once

#include "fs/gen.h"
#include "kernel/net/net.h"

static inline int key_net(const struct render *r, uint64_t *ret)
{
	if (!r->key[0].name)
		return net_init(r->k, ret);
	*ret = r->key[0].id;
	return 0;
}
