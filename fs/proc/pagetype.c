/* /proc/pagetypeinfo: free memory, and all of it, by what kind of pages it is for. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/mem/pageblock.h"
#include "kernel/walk/list.h"

#define ZONE_NAME_LEN 32
#define ORDERS_MAX    64
#define FREE_MAX      100000 /* of a list that are counted: 93b3a674485f (v5.4) */

struct printing {
	struct render *r;
	struct migrate_types types;
	uint64_t orders, area_size;
};

static int count_free(struct render *r, uint64_t head, uint64_t *ret)
{
	struct list_walk w;
	uint64_t page;
	int e = list_begin_at(&w, r->k, head, 0);

	*ret = 0;
	while (e >= 0 && *ret < FREE_MAX && (e = list_next(&w, &page)) > 0)
		++*ret;
	return e;
}

static int put_free_of_type(struct printing *p, const struct zone *z, size_t type, const char *name)
{
	struct render *r = p->r;
	uint64_t areas, list, n;
	int e = field_addr(r->k, z->addr, F_zone_free_area, &areas);

	put(r->out, "Node %4lu, zone %8s, type %12s ", z->node_id, name, p->types.name[type]);
	for (size_t i = 0; e >= 0 && i < p->orders; i++) {
		e = field_addr(r->k, areas + i * p->area_size, F_free_area_free_list, &list);
		if (e >= 0)
			e = count_free(r, list + 16 * type, &n);
		if (e >= 0)
			put(r->out, "%s%6lu ", n == FREE_MAX ? ">" : "", n);
	}
	put_str(r->out, "\n");
	return e;
}

static int put_free(void *arg, const struct zone *z)
{
	struct printing *p = arg;
	char name[ZONE_NAME_LEN];
	int e;

	if (!z->present)
		return 0;
	e = field_str(p->r->k, z->addr, F_zone_name, name, sizeof(name));
	for (size_t i = 0; e >= 0 && i < p->types.n; i++)
		e = put_free_of_type(p, z, i, name);
	return e;
}

static int put_blocks(void *arg, const struct zone *z)
{
	struct printing *p = arg;
	uint64_t counts[MIGRATE_TYPES_MAX];
	char name[ZONE_NAME_LEN];
	int e;

	if (!z->present)
		return 0;
	e = field_str(p->r->k, z->addr, F_zone_name, name, sizeof(name));
	if (e >= 0)
		e = pageblock_counts(p->r->k, z, counts);
	if (e < 0)
		return e;
	put(p->r->out, "Node %lu, zone %8s ", z->node_id, name);
	for (size_t i = 0; i < p->types.n; i++)
		put(p->r->out, "%12lu ", counts[i]);
	put_str(p->r->out, "\n");
	return 0;
}

int gen_proc_pagetypeinfo(struct render *r)
{
	struct printing p = { .r = r };
	unsigned int order;
	int e = migrate_types(r->k, &p.types);

	if (e >= 0)
		e = pageblock_order(r->k, &order);
	if (e >= 0)
		e = field_count(r->k, F_zone_free_area, &p.orders);
	if (e >= 0)
		e = kernel_sizeof(r->k, "free_area", &p.area_size);
	if (e < 0)
		return e;
	put(r->out, "Page block order: %u\nPages per block:  %lu\n\n", order, 1ul << order);
	put(r->out, "%-43s ", "Free pages count per migrate type at order");
	for (size_t i = 0; i < p.orders && i < ORDERS_MAX; i++)
		put(r->out, "%6zu ", i);
	put_str(r->out, "\n");
	e = zones_each(r->k, put_free, &p);
	put(r->out, "\n%-23s", "Number of blocks type ");
	for (size_t i = 0; i < p.types.n; i++)
		put(r->out, "%12s ", p.types.name[i]);
	put_str(r->out, "\n");
	return e < 0 ? e : zones_each(r->k, put_blocks, &p);
}
