#include "kernel/lock/ring.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/walk/list.h"

struct slot {
	uint64_t link; /* 0: free */
	size_t ring;
};

struct ring {
	uint64_t head;
	bool is_good;
};

struct rings {
	struct kernel *k;
	struct slot *slots; /* by a hash of the link; a power of two of them */
	size_t nr_slots, n;
	struct ring *v;
	size_t nr, room;
};

struct rings *rings_new(struct kernel *k)
{
	struct rings *rs = calloc(1, sizeof(*rs));

	if (rs)
		rs->k = k;
	return rs;
}

void rings_free(struct rings *rs)
{
	if (!rs)
		return;
	free(rs->slots);
	free(rs->v);
	free(rs);
}

static struct slot *slot_of(struct slot *slots, size_t nr, uint64_t link)
{
	size_t i = (link >> 3) * 0x9e3779b97f4a7c15ull & (nr - 1);

	while (slots[i].link && slots[i].link != link)
		i = (i + 1) & (nr - 1);
	return &slots[i];
}

static const struct slot *find(const struct rings *rs, uint64_t link)
{
	const struct slot *s = rs->nr_slots ? slot_of(rs->slots, rs->nr_slots, link) : NULL;

	return s && s->link ? s : NULL;
}

static int grow(struct rings *rs)
{
	size_t nr = rs->nr_slots ? 2 * rs->nr_slots : 256;
	struct slot *slots;

	if (rs->n >= LIMIT_WAITERS)
		return fail(-ELOOP, "more than %u that wait", LIMIT_WAITERS);
	slots = calloc(nr, sizeof(*slots));
	if (!slots)
		return fail(-ENOMEM, "rings");
	for (size_t i = 0; i < rs->nr_slots; i++)
		if (rs->slots[i].link)
			*slot_of(slots, nr, rs->slots[i].link) = rs->slots[i];
	free(rs->slots);
	rs->slots = slots;
	rs->nr_slots = nr;
	return 0;
}

/* @link is in no ring that is known; now it is in the last. */
static int add_link(struct rings *rs, uint64_t link)
{
	int r = 2 * rs->n >= rs->nr_slots ? grow(rs) : 0;

	if (r < 0)
		return r;
	*slot_of(rs->slots, rs->nr_slots, link) = (struct slot){ link, rs->nr - 1 };
	rs->n++;
	return 0;
}

static int add_ring(struct rings *rs)
{
	if (rs->nr == rs->room) {
		size_t room = rs->room ? 2 * rs->room : 64;
		struct ring *v = realloc(rs->v, room * sizeof(*v));

		if (!v)
			return fail(-ENOMEM, "rings");
		rs->v = v;
		rs->room = room;
	}
	rs->v[rs->nr++] = (struct ring){ 0 };
	return 0;
}

/* struct list_head: .next, .prev. */
static int check_back(struct kernel *k, uint64_t at, uint64_t prev)
{
	uint64_t back;
	int r = kernel_read_uint(k, at + 8, 8, &back);

	if (r >= 0 && back != prev)
		r = fail(-EBADMSG, "%#lx does not lead back to %#lx", at, prev);
	return r;
}

/* Once around. What was seen before something is wrong leads there from wherever one begins, for it is
 * linked both ways: it is in no good ring, and stays known as that. */
static int walk(struct rings *rs, uint64_t link, is_entry_fn *is_entry, uint64_t *ret)
{
	uint64_t at, prev = link, head = 0;
	struct list_walk w;
	int r = list_begin_at(&w, rs->k, link, 0);

	while (r >= 0 && (r = list_next(&w, &at)) > 0) {
		r = check_back(rs->k, at, prev);
		if (r >= 0 && find(rs, at))
			r = fail(-EBADMSG, "%#lx is in another ring than %#lx", at, link);
		if (r >= 0)
			r = add_link(rs, at);
		if (r >= 0)
			r = is_entry(rs->k, at);
		if (r == 0 && head)
			r = fail(-EBADMSG, "a ring with two heads, %#lx and %#lx", head, at);
		else if (r == 0)
			head = at;
		prev = at;
	}
	if (r >= 0)
		r = check_back(rs->k, link, prev);
	if (r >= 0)
		*ret = head;
	return r;
}

int ring_head(struct rings *rs, uint64_t link, is_entry_fn *is_entry, uint64_t *ret)
{
	const struct slot *known = find(rs, link);
	uint64_t head;
	int r;

	if (known && !rs->v[known->ring].is_good)
		return fail(-EBADMSG, "%#lx is in no ring", link);
	if (known) {
		*ret = rs->v[known->ring].head;
		return 0;
	}
	r = add_ring(rs);
	if (r >= 0)
		r = add_link(rs, link);
	if (r >= 0)
		r = walk(rs, link, is_entry, &head);
	if (r < 0)
		return r;
	rs->v[rs->nr - 1] = (struct ring){ .head = head, .is_good = true };
	*ret = head;
	return 0;
}

bool ring_has(const struct rings *rs, uint64_t link, uint64_t other)
{
	const struct slot *a = find(rs, link), *b = find(rs, other);

	return a && b && a->ring == b->ring && rs->v[a->ring].is_good;
}
