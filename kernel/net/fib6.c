#include "kernel/net/fib6.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/walk/list.h"

#define TABLES_HASH 256 /* FIB6_TABLE_HASHSZ */
#define RTN_RTINFO  4	/* a node that has routes */
#define DEPTH_MAX   300 /* prefixes of 128 bits, by destination and by source */

struct walk {
	struct kernel *k;
	fib6_route_fn *fn;
	void *arg;
	struct guard nodes, routes;
};

static int give_routes(struct walk *w, uint64_t node)
{
	uint64_t flags, route;
	int r = field_u64(w->k, node, F_fib6_node_flags, &flags);

	if (r < 0 || !(flags & RTN_RTINFO))
		return r;
	r = field_u64(w->k, node, F_fib6_node_leaf, &route);
	while (r >= 0 && route) {
		r = guard_step(&w->routes, route);
		if (r >= 0)
			r = w->fn(w->arg, route);
		if (r)
			break;
		r = field_u64(w->k, route, F_fib6_next, &route);
	}
	return r;
}

/* What is below a node goes before it: by source address, then left, then right. */
static const enum field below[] = { F_fib6_node_subtree, F_fib6_node_left, F_fib6_node_right };

static int walk_tree(struct walk *w, uint64_t root)
{
	struct {
		uint64_t node;
		size_t next; /* of .below */
	} stack[DEPTH_MAX];
	size_t depth = 0, first = field_exists(w->k, F_fib6_node_subtree) ? 0 : 1;
	uint64_t child;
	int r = 0;

	stack[depth].node = root;
	stack[depth++].next = first;
	while (r == 0 && depth) {
		size_t i = stack[depth - 1].next++;

		if (i == sizeof(below) / sizeof(below[0])) {
			r = give_routes(w, stack[--depth].node);
			continue;
		}
		r = field_u64(w->k, stack[depth - 1].node, below[i], &child);
		if (r < 0 || !child)
			continue;
		r = guard_step(&w->nodes, child);
		if (r >= 0 && depth == DEPTH_MAX)
			r = fail(-ELOOP, "a tree deeper than %d", DEPTH_MAX);
		if (r < 0)
			continue;
		stack[depth].node = child;
		stack[depth++].next = first;
	}
	return r;
}

int fib6_routes_each(struct kernel *k, uint64_t net, fib6_route_fn *fn, void *arg)
{
	struct walk w = { .k = k, .fn = fn, .arg = arg };
	uint64_t tables, table, root;
	struct list_walk l;
	int r = field_u64(k, net, F_net_fib6_table_hash, &tables);

	for (size_t i = 0; r == 0 && i < TABLES_HASH; i++) {
		r = hlist_begin(&l, k, tables + 8 * i, F_fib6_table_hlist);
		while (r >= 0 && (r = hlist_next(&l, &table)) > 0) {
			r = field_addr(k, table, F_fib6_table_root, &root);
			if (r >= 0)
				r = walk_tree(&w, root);
			if (r)
				break;
		}
	}
	return r < 0 ? within(r, "routes of IPv6") : r;
}

int fib6_next_hop(struct kernel *k, uint64_t route, uint64_t *ret)
{
	uint64_t object = 0, group, info;
	int r = 0;

	if (field_exists(k, F_fib6_nexthop))
		r = field_u64(k, route, F_fib6_nexthop, &object);
	if (r < 0 || !object)
		return r < 0 ? r : field_addr(k, route, F_fib6_nh, ret);
	r = field_u64(k, object, F_nexthop_is_group, &group);
	if (r >= 0 && group)
		return fail(-EOPNOTSUPP, "a route through a group of ip nexthop");
	if (r >= 0)
		r = field_u64(k, object, F_nexthop_info, &info);
	return r < 0 ? r : field_addr(k, info, F_nh_info_fib6_nh, ret);
}
