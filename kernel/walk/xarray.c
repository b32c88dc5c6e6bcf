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

static bool is_node(const struct xa_walk *w, uint64_t e)
{
	return (e & TAG_MASK) == (w->radix ? RADIX_INTERNAL : XA_INTERNAL) && e > XA_NODE_MIN;
}

static bool is_entry(const struct xa_walk *w, uint64_t e)
{
	return e && (e & TAG_MASK) != (w->radix ? RADIX_INTERNAL : XA_INTERNAL);
}

/* Put the node that @e leads to on top; its indices begin at @base. Levels below have less bits, so
 * that no ring is possible. */
static int push(struct xa_walk *w, uint64_t e, uint64_t base)
{
	unsigned int above = w->depth ? w->level[w->depth - 1].shift : 64;
	uint64_t node = e & ~TAG_MASK, slots, shift;
	struct xa_level *l = &w->level[w->depth];
	unsigned char raw[8 * XA_SLOTS_MAX];
	int r = field_u64(w->k, node, F_xa_node_shift, &shift);

	if (r >= 0 && (shift >= above || w->depth == XA_DEPTH_MAX))
		r = fail(-EBADMSG, "a node of shift %lu below one of %u", shift, above);
	if (r >= 0)
		r = guard_step(&w->guard, node);
	if (r >= 0)
		r = field_addr(w->k, node, F_xa_node_slots, &slots);
	if (r >= 0)
		r = kernel_read(w->k, slots, raw, 8 * (size_t)w->nr_slots);
	if (r < 0)
		return within(r, "xarray node %#lx", node);
	for (unsigned int i = 0; i < w->nr_slots; i++)
		l->slots[i] = load_le64(raw + 8 * i);
	l->base = base;
	l->shift = (unsigned int)shift;
	l->next = 0;
	w->depth++;
	return 0;
}

static int node_layout(struct xa_walk *w)
{
	const struct place *slots, *head;
	const struct type *t;
	int r = field_place(w->k, F_xa_node_slots, &slots);

	if (r >= 0)
		r = field_place(w->k, F_xa_head, &head);
	if (r < 0)
		return r;
	t = type_strip(slots->type);
	if (t->kind != TYPE_ARRAY || !t->nr || t->nr > XA_SLOTS_MAX)
		return fail(-EBADMSG, "an xarray's node has %u slots", t->nr);
	w->nr_slots = t->nr;
	w->radix = !field_is_newest(w->k, F_xa_head);
	return 0;
}

int xa_begin(struct xa_walk *w, struct kernel *k, uint64_t addr)
{
	uint64_t head;
	int r;

	*w = (struct xa_walk){ .k = k };
	r = node_layout(w);
	if (r >= 0)
		r = field_u64(k, addr, F_xa_head, &head);
	if (r < 0)
		return r;
	if (is_node(w, head))
		return push(w, head, 0);
	if (is_entry(w, head))
		w->single = head;
	return 0;
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
	int r = idr_tree(k, addr, &tree, &base);

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

int xa_find(struct kernel *k, uint64_t addr, uint64_t index, uint64_t *ret)
{
	struct xa_walk w;
	uint64_t e = 0;
	int r = xa_begin(&w, k, addr);

	if (r < 0)
		return r;
	if (!index)
		e = w.single;
	while (w.depth) {
		const struct xa_level *l = &w.level[w.depth - 1];
		uint64_t slot = (index - l->base) >> l->shift;

		e = slot < w.nr_slots ? l->slots[slot] : 0;
		if (!is_node(&w, e))
			break;
		r = push(&w, e, l->base + (slot << l->shift));
		if (r < 0)
			return r;
	}
	if (!is_entry(&w, e))
		return fail(-ENOENT, "no entry %lu in the xarray at %#lx", index, addr);
	*ret = e;
	return 0;
}

int idr_find(struct kernel *k, uint64_t addr, uint64_t index, uint64_t *ret)
{
	uint64_t base, tree;
	int r = idr_tree(k, addr, &tree, &base);

	return r < 0 ? r : xa_find(k, tree, index - base, ret);
}
