#include "kernel/walk/rbtree.h"

#include <errno.h>

#include "dump/base/err.h"

/* Push @node and all that is left of it. */
static int descend(struct rb_walk *w, uint64_t node)
{
	while (node) {
		int r;

		if (w->depth == RB_DEPTH_MAX)
			return fail(-ELOOP, "rbtree: more than %d levels at %#lx", RB_DEPTH_MAX,
				    node);
		if (node % 8)
			return fail(-EBADMSG, "rbtree: %#lx is no node", node);
		w->stack[w->depth++] = node;
		r = kernel_read_uint(w->k, node + w->left_offset, 8, &node);
		if (r < 0)
			return within(r, "rbtree");
	}
	return 0;
}

int rb_begin_at(struct rb_walk *w, struct kernel *k, uint64_t root, uint64_t offset)
{
	struct rb_walk begin = { .k = k, .offset = offset };
	uint64_t top;
	int r = field_offset(k, F_rb_left, &begin.left_offset);

	if (r >= 0)
		r = field_offset(k, F_rb_right, &begin.right_offset);
	if (r >= 0)
		r = kernel_read_uint(k, root, 8, &top);
	if (r >= 0)
		r = descend(&begin, top);
	if (r < 0)
		return r;
	*w = begin;
	return 0;
}

int rb_begin(struct rb_walk *w, struct kernel *k, uint64_t root, enum field f)
{
	uint64_t offset;
	int r = field_offset(k, f, &offset);

	return r < 0 ? r : rb_begin_at(w, k, root, offset);
}

int rb_next(struct rb_walk *w, uint64_t *ret)
{
	uint64_t node, right;
	int r;

	if (!w->depth)
		return 0;
	node = w->stack[--w->depth];
	r = guard_step(&w->guard, node);
	if (r < 0)
		return within(r, "rbtree");
	r = kernel_read_uint(w->k, node + w->right_offset, 8, &right);
	if (r < 0)
		return within(r, "rbtree");
	r = descend(w, right);
	if (r < 0)
		return r;
	*ret = node - w->offset;
	return 1;
}
