/* Memory by nodes and zones: struct pglist_data, struct zone. */
#pragma once

#include "kernel/kernel.h"

struct zone {
	uint64_t addr; /* of the struct zone */
	uint64_t node; /* of its pglist_data */
	uint64_t node_id;
	size_t i;	  /* of the zones of its node */
	uint64_t present; /* pages; 0: no memory of this kind */
};

/* All zones, node by node, those without memory too. Not 0: stop, and zones_each() returns it. */
typedef int zone_fn(void *arg, const struct zone *z);
int zones_each(struct kernel *k, zone_fn *fn, void *arg);

/* The low watermark, in pages. */
int zone_low_watermark(struct kernel *k, const struct zone *z, uint64_t *ret);
