/* Entries by their two lowest bits: 0 a pointer, 1 (and 3) a value, 2 the tree's own. Its own are
 * nodes, and below 4096 marks of a slot: siblings of a multi-index entry, retry, zero. Before v4.20
 * (3159f943aafd) a radix tree's nodes had 1, and values 2. */
#include "kernel/walk/xarray.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"

#define XA_INTERNAL    2
#define XA_NODE_MIN    4096
#define RADIX_INTERNAL 1
#define TAG_MASK       3ull

/* In radix_tree_node.path, which took the place of height: RADIX_TREE_HEIGHT_MASK,
 * 449dd6984d0e (v3.15). */
#define HEIGHT_MASK 0xfff

/* Forms that know the entries by their level: those of the lowest. */
static bool by_level(const struct xa_walk *w)
{
	return w->form == XA_HEIGHTS || w->form == XA_LAYERS;
}

static bool is_node(const struct xa_walk *w, uint64_t e)
{
	const uint64_t internal = w->form == XA_XARRAY ? XA_INTERNAL : RADIX_INTERNAL;

	if (by_level(w) && w->depth)
		return e && w->level[w->depth - 1].shift;
	if (w->form == XA_LAYERS)
		return e;
	return (e & TAG_MASK) == internal && e > XA_NODE_MIN;
}

/* What a slot holds that is not a node. */
static bool is_entry(const struct xa_walk *w, uint64_t e)
{
	if (w->form == XA_LAYERS)
		return e && w->depth;
	return e && (e & TAG_MASK) != (w->form == XA_XARRAY ? XA_INTERNAL : RADIX_INTERNAL);
}

/* The bits of an index below those that the node at @node looks at. */
static int node_shift(struct xa_walk *w, uint64_t node, uint64_t *ret)
{
	static const enum field levels[] = {
		[XA_XARRAY] = F_xa_node_shift,
		[XA_RADIX] = F_xa_node_shift,
		[XA_HEIGHTS] = F_radix_node_height,
		[XA_LAYERS] = F_idr_layer_layer,
	};
	uint64_t v;
	int r = field_u64(w->k, node, levels[w->form], &v);

	if (r < 0)
		return r;
	if (w->form == XA_HEIGHTS) {
		v &= HEIGHT_MASK;
		if (!v)
			return fail(-EBADMSG, "a node of no height");
		v--;
	}
	/* Beyond any index: push() refuses it. */
	if (by_level(w))
		v = v < 64 ? v * w->bits : 64;
	*ret = v;
	return 0;
}

/* Put the node that @e leads to on top; its indices begin at @base. Levels below have less bits, so
 * that no ring is possible. */
static int push(struct xa_walk *w, uint64_t e, uint64_t base)
{
	unsigned int above = w->depth ? w->level[w->depth - 1].shift : 64;
	uint64_t node = e & ~TAG_MASK, slots, shift;
	struct xa_level *l = &w->level[w->depth];
	unsigned char raw[8 * XA_SLOTS_MAX];
	int r = node_shift(w, node, &shift);

	if (r >= 0 &&
	    (shift >= above || w->depth == XA_DEPTH_MAX || (w->depth + 1) * w->nr_slots > XA_POOL))
		r = fail(-EBADMSG, "a node of shift %lu below one of %u", shift, above);
	if (r >= 0)
		r = guard_step(&w->guard, node);
	if (r >= 0)
		r = field_addr(w->k, node, w->form == XA_LAYERS ? F_idr_layer_ary : F_xa_node_slots,
			       &slots);
	if (r >= 0)
		r = kernel_read(w->k, slots, raw, 8 * (size_t)w->nr_slots);
	if (r < 0)
		return within(r, "xarray node %#lx", node);
	l->slots = w->pool + w->depth * w->nr_slots;
	for (unsigned int i = 0; i < w->nr_slots; i++)
		l->slots[i] = load_le64(raw + 8 * i);
	l->base = base;
	l->shift = (unsigned int)shift;
	l->next = 0;
	w->depth++;
	return 0;
}

/* @array: where a node has its slots. */
static int count_slots(struct xa_walk *w, enum field array)
{
	const struct place *slots;
	const struct type *t;
	int r = field_place(w->k, array, &slots);

	if (r < 0)
		return r;
	t = type_strip(slots->type);
	if (t->kind != TYPE_ARRAY || t->nr < 2 || t->nr > XA_SLOTS_MAX)
		return fail(-EBADMSG, "an xarray's node has %u slots", t->nr);
	w->nr_slots = t->nr;
	while (1u << w->bits < t->nr)
		w->bits++;
	return 0;
}

static int begin_at_root(struct xa_walk *w, uint64_t addr, enum field root)
{
	uint64_t head;
	int r = field_u64(w->k, addr, root, &head);

	if (r < 0)
		return r;
	if (is_node(w, head))
		return push(w, head, 0);
	if (is_entry(w, head))
		w->single = head;
	return 0;
}

int xa_begin(struct xa_walk *w, struct kernel *k, uint64_t addr)
{
	int r;

	w->k = k;
	w->bits = 0;
	w->single = w->index_base = w->depth = 0;
	w->guard = (struct guard){ 0 };
	w->form = field_is_newest(k, F_xa_head)	     ? XA_XARRAY
		  : field_exists(k, F_xa_node_shift) ? XA_RADIX
						     : XA_HEIGHTS;
	r = count_slots(w, F_xa_node_slots);
	return r < 0 ? r : begin_at_root(w, addr, F_xa_head);
}

/* 0a835c4f090a (v4.11) made an idr a radix tree; before, its nodes were of a kind of their own. */
static bool is_layered(struct kernel *k)
{
	return !field_exists(k, F_idr_root) && field_exists(k, F_idr_top);
}

static int layers_begin(struct xa_walk *w, struct kernel *k, uint64_t addr)
{
	int r;

	w->k = k;
	w->bits = 0;
	w->single = w->index_base = w->depth = 0;
	w->guard = (struct guard){ 0 };
	w->form = XA_LAYERS;
	r = count_slots(w, F_idr_layer_ary);
	return r < 0 ? r : begin_at_root(w, addr, F_idr_top);
}

/* The tree of the idr at @addr, and the number that its index 0 stands for. */
static int idr_tree(struct kernel *k, uint64_t addr, uint64_t *ret, uint64_t *ret_base)
{
	uint64_t base = 0;
	int r;

	/* 6ce711f27500 (v4.16) */
	if (field_exists(k, F_idr_base)) {
		r = field_u64(k, addr, F_idr_base, &base);
		if (r < 0)
			return r;
	}
	r = field_addr(k, addr, F_idr_root, ret);
	if (r < 0)
		return r;
	*ret_base = base;
	return 0;
}

int idr_begin(struct xa_walk *w, struct kernel *k, uint64_t addr)
{
	uint64_t base, tree;
	int r;

	if (is_layered(k))
		return layers_begin(w, k, addr);
	r = idr_tree(k, addr, &tree, &base);
	if (r < 0)
		return r;
	r = xa_begin(w, k, tree);
	w->index_base = base;
	return r;
}

int xa_next(struct xa_walk *w, uint64_t *ret_index, uint64_t *ret_entry)
{
	if (w->single) {
		*ret_index = w->index_base;
		*ret_entry = w->single;
		w->single = 0;
		return 1;
	}
	while (w->depth) {
		struct xa_level *l = &w->level[w->depth - 1];
		uint64_t e, index;
		int r;

		if (l->next == w->nr_slots) {
			w->depth--;
			continue;
		}
		index = l->base + ((uint64_t)l->next << l->shift);
		e = l->slots[l->next++];
		if (is_node(w, e)) {
			r = push(w, e, index);
			if (r < 0)
				return r;
		} else if (is_entry(w, e)) {
			*ret_index = w->index_base + index;
			*ret_entry = e;
			return 1;
		}
	}
	return 0;
}

/* Go down from where a walk began. */
static int find(struct xa_walk *w, uint64_t addr, uint64_t index, uint64_t *ret)
{
	uint64_t e = index ? 0 : w->single;

	while (w->depth) {
		const struct xa_level *l = &w->level[w->depth - 1];
		uint64_t slot = (index - l->base) >> l->shift;
		int r;

		e = slot < w->nr_slots ? l->slots[slot] : 0;
		if (!is_node(w, e))
			break;
		r = push(w, e, l->base + (slot << l->shift));
		if (r < 0)
			return r;
	}
	if (!e || (e != w->single && !is_entry(w, e)))
		return fail(-ENOENT, "no entry %lu in the xarray at %#lx", index, addr);
	*ret = e;
	return 0;
}

int xa_find(struct kernel *k, uint64_t addr, uint64_t index, uint64_t *ret)
{
	struct xa_walk w;
	int r = xa_begin(&w, k, addr);

	return r < 0 ? r : find(&w, addr, index, ret);
}

int idr_find(struct kernel *k, uint64_t addr, uint64_t index, uint64_t *ret)
{
	struct xa_walk w;
	int r = idr_begin(&w, k, addr);

	return r < 0 ? r : find(&w, addr, index - w.index_base, ret);
}
