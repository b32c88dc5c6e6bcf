/* A pointer to a node holds its type in bits 3 to 6; nodes are aligned to 256 bytes. Three types are
 * in use for trees of ranges:
 *
 *   leaf_64, range_64   parent, pivot[15], slot[16]             the last slot's room may hold meta
 *   arange_64           parent, pivot[9], slot[10], gap[10], meta
 *
 * Slot i is the range after pivot i - 1 up to and with pivot i; the last one goes up to the maximum
 * of the node. Where pivots end, meta.end tells. 54a611b60590 (v6.1); unchanged in v7.2. */
#include "kernel/walk/maple.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"

enum { MAPLE_DENSE, MAPLE_LEAF_64, MAPLE_RANGE_64, MAPLE_ARANGE_64 };

#define TAG_MASK     3ull
#define TAG_INTERNAL 2
#define INTERNAL_MIN 4096
#define NODE_MASK    (MAPLE_NODE_SIZE - 1ull)

/* Where a kind of node has its parts. */
struct parts {
	enum field pivot, slot, end;
};

static const struct parts range_parts = { F_maple_range_pivot, F_maple_range_slot,
					  F_maple_range_meta_end };
static const struct parts arange_parts = { F_maple_arange_pivot, F_maple_arange_slot,
					   F_maple_arange_meta_end };

/* Of a root, which may be an entry as well; a child has no tag. */
static bool is_root_node(uint64_t e)
{
	return (e & TAG_MASK) == TAG_INTERNAL && e > INTERNAL_MIN;
}

/* An array of numbers in the node whose bytes are @raw: how many there are. */
static int take_array(struct kernel *k, enum field f, const unsigned char *raw, uint64_t *ret,
		      unsigned int *ret_nr)
{
	const struct place *p;
	const struct type *t;
	uint64_t at;
	int r = field_place(k, f, &p);

	if (r < 0)
		return r;
	t = type_strip(p->type);
	at = place_offset(p);
	if (t->kind != TYPE_ARRAY || t->nr > MAPLE_SLOTS_MAX || at + 8ull * t->nr > MAPLE_NODE_SIZE)
		return fail(-EBADMSG, "no array of a maple node");
	for (unsigned int i = 0; i < t->nr; i++)
		ret[i] = load_le64(raw + at + 8 * i);
	*ret_nr = t->nr;
	return 0;
}

/* The last slot in use. Only a full range node has no meta, for a slot lies there. */
static int find_end(struct kernel *k, const struct parts *parts, const unsigned char *raw,
		    unsigned int nr_pivots, struct maple_level *l)
{
	uint64_t last = l->pivot[nr_pivots - 1], at;
	int r = field_offset(k, parts->end, &at);

	if (r < 0)
		return r;
	if (at >= MAPLE_NODE_SIZE)
		return fail(-EBADMSG, "meta.end of a maple node at %lu", at);
	if (parts == &arange_parts || !last)
		l->end = raw[at];
	else
		l->end = last == l->max ? nr_pivots - 1 : nr_pivots;
	return 0;
}

/* Make the pivots the last index of each slot, checked: they ascend within the node's range. */
static int check_pivots(struct maple_level *l, unsigned int nr_pivots, unsigned int nr_slots)
{
	uint64_t min = l->min;

	if (l->end >= nr_slots)
		return fail(-EBADMSG, "%u slots in use of %u", l->end + 1, nr_slots);
	for (unsigned int i = 0; i <= l->end; i++) {
		/* a node may end before its meta.end says: a pivot of 0 behind the first */
		if (i == l->end || i >= nr_pivots || (!l->pivot[i] && i))
			l->pivot[i] = l->max;
		if (l->pivot[i] < min || l->pivot[i] > l->max)
			return fail(-EBADMSG, "pivot %u is %#lx, not in %#lx to %#lx", i,
				    l->pivot[i], min, l->max);
		if (l->pivot[i] == l->max) {
			l->end = i;
			break;
		}
		min = l->pivot[i] + 1;
	}
	return 0;
}

static int read_node(struct kernel *k, uint64_t node, const struct parts *parts,
		     struct maple_level *l)
{
	unsigned char raw[MAPLE_NODE_SIZE];
	unsigned int nr_pivots, nr_slots;
	int r = kernel_read(k, node, raw, sizeof(raw));

	if (r >= 0 && load_le64(raw) == node)
		r = fail(-EBADMSG, "it was freed");
	if (r >= 0)
		r = take_array(k, parts->pivot, raw, l->pivot, &nr_pivots);
	if (r >= 0)
		r = take_array(k, parts->slot, raw, l->slot, &nr_slots);
	if (r >= 0 && (!nr_pivots || nr_slots != nr_pivots + 1))
		r = fail(-EBADMSG, "%u pivots for %u slots", nr_pivots, nr_slots);
	if (r >= 0)
		r = find_end(k, parts, raw, nr_pivots, l);
	return r < 0 ? r : check_pivots(l, nr_pivots, nr_slots);
}

static int push(struct maple_walk *w, uint64_t e, uint64_t min, uint64_t max)
{
	struct maple_level *l = &w->level[w->depth];
	unsigned int type = e >> 3 & 0xf;
	uint64_t node = e & ~NODE_MASK;
	int r = guard_step(&w->guard, node);

	if (r >= 0 && w->depth == MAPLE_DEPTH_MAX)
		r = fail(-ELOOP, "more than %d levels", MAPLE_DEPTH_MAX);
	if (r >= 0 && type != MAPLE_LEAF_64 && type != MAPLE_RANGE_64 && type != MAPLE_ARANGE_64)
		r = fail(-EBADMSG, "type %u", type);
	if (r >= 0) {
		l->min = min;
		l->max = max;
		l->next = 0;
		l->leaf = type == MAPLE_LEAF_64;
		r = read_node(w->k, node, type == MAPLE_ARANGE_64 ? &arange_parts : &range_parts,
			      l);
	}
	if (r < 0)
		return within(r, "maple node %#lx", node);
	w->depth++;
	return 0;
}

int maple_begin(struct maple_walk *w, struct kernel *k, uint64_t addr)
{
	uint64_t root;
	int r = field_u64(k, addr, F_maple_root, &root);

	w->k = k;
	w->single = 0;
	w->depth = 0;
	w->guard = (struct guard){ 0 };
	if (r < 0)
		return r;
	if (is_root_node(root))
		return push(w, root, 0, UINT64_MAX);
	w->single = root;
	return 0;
}

int maple_next(struct maple_walk *w, struct maple_entry *ret)
{
	if (w->single) {
		*ret = (struct maple_entry){ .entry = w->single };
		w->single = 0;
		return 1;
	}
	while (w->depth) {
		struct maple_level *l = &w->level[w->depth - 1];
		uint64_t e, first;
		unsigned int i = l->next++;
		int r;

		if (i > l->end) {
			w->depth--;
			continue;
		}
		e = l->slot[i];
		first = i ? l->pivot[i - 1] + 1 : l->min;
		if (l->leaf && e && !(e < INTERNAL_MIN && (e & TAG_MASK) == TAG_INTERNAL)) {
			*ret = (struct maple_entry){ first, l->pivot[i], e };
			return 1;
		}
		if (l->leaf)
			continue;
		r = e > INTERNAL_MIN ? push(w, e, first, l->pivot[i])
				     : fail(-EBADMSG, "maple tree: %#lx is no node", e);
		if (r < 0)
			return r;
	}
	return 0;
}
