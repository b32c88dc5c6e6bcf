#include "kernel/walk/list.h"

#include <errno.h>

#include "dump/base/err.h"

/* What list_del() leaves behind: LIST_POISON1 and 2, in the low half of 0xdead... */
#define POISON	    0xdead000000000000ull
#define POISON_SIZE 0x1000

/* The link at @at, which hangs on the list at @head. Both kinds of list have .next as their first
 * member. */
static int read_link(struct kernel *k, uint64_t head, uint64_t at, uint64_t *ret)
{
	int r;

	if (at - POISON < POISON_SIZE)
		r = fail(-EBADMSG, "%#lx is the poison of a deleted entry", at);
	else if (!at || at % 8)
		r = fail(-EBADMSG, "%#lx is no entry", at);
	else
		r = kernel_read_uint(k, at, 8, ret);
	return r < 0 ? within(r, "list at %#lx", head) : 0;
}

int list_begin_at(struct list_walk *w, struct kernel *k, uint64_t head, uint64_t offset)
{
	struct list_walk begin = { .k = k, .head = head, .offset = offset };
	int r = read_link(k, head, head, &begin.next);

	if (r < 0)
		return r;
	*w = begin;
	return 0;
}

int list_begin(struct list_walk *w, struct kernel *k, uint64_t head, enum field f)
{
	uint64_t offset;
	int r = field_offset(k, f, &offset);

	return r < 0 ? r : list_begin_at(w, k, head, offset);
}

/* Hand out the entry whose link .next is, which has been told from the end. */
static int take_entry(struct list_walk *w, uint64_t *ret)
{
	uint64_t at = w->next;
	int r = guard_step(&w->guard, at);

	if (r < 0)
		return within(r, "list at %#lx", w->head);
	r = read_link(w->k, w->head, at, &w->next);
	if (r < 0)
		return r;
	*ret = at - w->offset;
	return 1;
}

int list_next(struct list_walk *w, uint64_t *ret)
{
	return w->next == w->head ? 0 : take_entry(w, ret);
}

int hlist_begin_at(struct list_walk *w, struct kernel *k, uint64_t head, uint64_t offset)
{
	return list_begin_at(w, k, head, offset);
}

int hlist_begin(struct list_walk *w, struct kernel *k, uint64_t head, enum field f)
{
	return list_begin(w, k, head, f);
}

int hlist_next(struct list_walk *w, uint64_t *ret)
{
	/* a hlist_nulls ends with an odd number */
	return !w->next || w->next & 1 ? 0 : take_entry(w, ret);
}
