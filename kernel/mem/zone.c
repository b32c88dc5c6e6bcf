#include "kernel/mem/zone.h"

#include <errno.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

static int each_of_node(struct kernel *k, uint64_t node, zone_fn *fn, void *arg)
{
	struct zone z = { .node = node };
	uint64_t zones, size, n;
	int r = field_addr(k, node, F_pgdat_node_zones, &zones);

	if (r >= 0)
		r = field_count(k, F_pgdat_node_zones, &n);
	if (r >= 0)
		r = kernel_sizeof(k, "zone", &size);
	if (r >= 0)
		r = field_u64(k, node, F_pgdat_node_id, &z.node_id);
	for (; r == 0 && z.i < n; z.i++) {
		z.addr = zones + z.i * size;
		r = field_u64(k, z.addr, F_zone_present_pages, &z.present);
		if (r >= 0)
			r = fn(arg, &z);
	}
	return r < 0 ? within(r, "node at %#lx", node) : r;
}

int zones_each(struct kernel *k, zone_fn *fn, void *arg)
{
	uint64_t table, node, n = 1;
	int r = symbol_addr(k, "node_data", &table);

	/* Without CONFIG_NUMA there is one. */
	if (r == -ENOENT && symbol_addr(k, "contig_page_data", &node) >= 0)
		return each_of_node(k, node, fn, arg);
	if (r >= 0 && symbol_u64(k, "nr_node_ids", 4, &n) < 0)
		n = 1;
	for (uint64_t i = 0; r == 0 && i < n && i < LIMIT_NODES; i++) {
		r = kernel_read_uint(k, table + 8 * i, 8, &node);
		if (r >= 0 && node)
			r = each_of_node(k, node, fn, arg);
	}
	return r;
}

int zone_low_watermark(struct kernel *k, const struct zone *z, uint64_t *ret)
{
	enum { WMARK_LOW = 1 };
	uint64_t at, boost = 0;
	int r = field_addr(k, z->addr, F_zone_watermark, &at);

	if (r >= 0)
		r = kernel_read_uint(k, at + 8 * WMARK_LOW, 8, ret);
	if (r >= 0 && field_exists(k, F_zone_watermark_boost))
		r = field_u64(k, z->addr, F_zone_watermark_boost, &boost);
	if (r >= 0)
		*ret += boost;
	return r;
}
