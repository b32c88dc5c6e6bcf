#include "fs/dump/pieces.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"

#define ALIGNMENT   4096
#define EXTENTS_MAX 64	       /* joined to one piece: what a read may have to walk */
#define EVERY_MIN   16	       /* pieces between two that are remembered */
#define POINTS_MAX  (1u << 19) /* remembered; beyond, every second is forgotten: 12 MiB */

struct pieces {
	struct dump *dump;
	struct segment *map; /* by .paddr, not overlapping */
	size_t nr_map;
	struct alias *aliases;
	size_t nr_aliases;
	struct cursor *points; /* before piece 0, every, 2 * every... */
	size_t nr_points, room;
	uint64_t every;
	struct cursor end;
};

static int compare_segments(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	if (x->paddr != y->paddr)
		return x->paddr < y->paddr ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

/* Is there anything to read between the two? */
static bool gap_is_empty(struct dump *d, uint64_t from, uint64_t to)
{
	struct extent e;

	for (; from < to; from = e.end)
		if (cancelled() || dump_extent(d, from, &e) < 0 || extent_readable(&e))
			return false;
	return true;
}

/* makedumpfile -E writes thousands of segments where there is one mapping. */
static bool extend(struct dump *d, struct segment *s, const struct segment *by)
{
	if (s->vaddr - s->paddr != by->vaddr - by->paddr || by->paddr < s->paddr + s->size ||
	    !gap_is_empty(d, s->paddr + s->size, by->paddr))
		return false;
	s->size = by->paddr + by->size - s->paddr;
	return true;
}

static int add_alias(struct pieces *p, const struct segment *s)
{
	struct alias *aliases;

	if (p->nr_aliases && extend(p->dump, &p->aliases[p->nr_aliases - 1].range, s))
		return 0;
	aliases = realloc(p->aliases, (p->nr_aliases + 1) * sizeof(*aliases));
	if (!aliases)
		return fail(-ENOMEM, "%zu segments", p->nr_aliases);
	p->aliases = aliases;
	p->aliases[p->nr_aliases++] = (struct alias){ .range = *s };
	return 0;
}

/* Memory may be mapped twice: the kernel image lies in the direct map as well. The wider mapping of
 * two that begin at one address is the map, the other the alias. */
static int sort_segments(struct pieces *p, const struct segment *segments, size_t n)
{
	struct segment *last;
	int r = 0;

	p->map = malloc((n + 1) * sizeof(*p->map));
	if (!p->map)
		return fail(-ENOMEM, "%zu segments", n);
	if (n)
		memcpy(p->map, segments, n * sizeof(*p->map));
	qsort(p->map, n, sizeof(*p->map), compare_segments);
	for (size_t i = 0; i < n && r == 0; i++) {
		last = p->nr_map ? &p->map[p->nr_map - 1] : NULL;
		if (last && p->map[i].paddr - last->paddr < last->size)
			r = add_alias(p, &p->map[i]);
		else if (!last || !extend(p->dump, last, &p->map[i]))
			p->map[p->nr_map++] = p->map[i];
	}
	return r;
}

/* The virtual address of @paddr, and up to where it grows with it. */
static uint64_t vaddr_of(const struct pieces *p, uint64_t paddr, uint64_t *ret_until)
{
	size_t low = 0, high = p->nr_map;
	const struct segment *s;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (p->map[mid].paddr <= paddr)
			low = mid + 1;
		else
			high = mid;
	}
	*ret_until = low < p->nr_map ? p->map[low].paddr : UINT64_MAX;
	s = low ? &p->map[low - 1] : NULL;
	if (!s || paddr - s->paddr >= s->size)
		return 0;
	if (s->paddr + s->size < *ret_until)
		*ret_until = s->paddr + s->size;
	return s->vaddr + (paddr - s->paddr);
}

/* The first thing to read at or after @paddr. 1; 0: there is none. */
static int next_readable(const struct pieces *p, uint64_t paddr, struct extent *ret)
{
	uint64_t end = dump_facts(p->dump)->end;

	for (; paddr < end; paddr = ret->end) {
		int r = dump_extent(p->dump, paddr, ret);

		if (r < 0)
			return r;
		if (cancelled())
			return fail(-EINTR, "interrupted");
		if (ret->end > end)
			ret->end = end;
		if (extent_readable(ret))
			return 1;
	}
	return 0;
}

int pieces_next(const struct pieces *p, struct cursor *c, struct piece *ret)
{
	struct extent e, more;
	uint64_t until;
	int r = next_readable(p, c->at[BY_PADDR], &e);

	if (r <= 0)
		return r;
	ret->paddr = e.start;
	ret->vaddr = vaddr_of(p, e.start, &until);
	for (int i = 1; i < EXTENTS_MAX && e.end < until; i++) {
		if (e.end >= dump_facts(p->dump)->end)
			break;
		r = dump_extent(p->dump, e.end, &more);
		if (r < 0)
			return r;
		if (!extent_readable(&more))
			break;
		e.end = more.end;
	}
	if (e.end > until)
		e.end = until;
	if (e.end > dump_facts(p->dump)->end)
		e.end = dump_facts(p->dump)->end;
	ret->size = e.end - ret->paddr;
	ret->offset =
		(c->at[BY_OFFSET] + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ret->paddr % ALIGNMENT;
	c->at[BY_INDEX]++;
	c->at[BY_PADDR] = e.end;
	c->at[BY_OFFSET] = ret->offset + ret->size;
	return 1;
}

static int remember(struct pieces *p, const struct cursor *c)
{
	struct cursor *points;

	if (c->at[BY_INDEX] % p->every)
		return 0;
	if (p->nr_points == POINTS_MAX) {
		p->nr_points /= 2;
		for (size_t i = 0; i < p->nr_points; i++)
			p->points[i] = p->points[2 * i];
		p->every *= 2;
	}
	if (p->nr_points == p->room) {
		p->room = p->room ? 2 * p->room : 16;
		points = realloc(p->points, p->room * sizeof(*points));
		if (!points)
			return fail(-ENOMEM, "%zu places", p->room);
		p->points = points;
	}
	p->points[p->nr_points++] = *c;
	return 0;
}

static int walk_all(struct pieces *p)
{
	struct cursor c = { { 0 } };
	struct piece piece;
	int r;

	do {
		r = remember(p, &c);
		if (r < 0)
			return r;
		r = pieces_next(p, &c, &piece);
	} while (r == 1);
	p->end = c;
	return r;
}

static int place_aliases(struct pieces *p)
{
	struct cursor from, to;

	for (size_t i = 0; i < p->nr_aliases; i++) {
		struct alias *a = &p->aliases[i];
		int r = pieces_seek(p, BY_PADDR, a->range.paddr, &from);

		if (r == 0)
			r = pieces_seek(p, BY_PADDR, a->range.paddr + a->range.size - 1, &to);
		if (r < 0)
			return r;
		a->first = from.at[BY_INDEX];
		a->count = to.at[BY_INDEX] - a->first;
		/* The last one counts if it begins in the range. */
		if (to.at[BY_INDEX] < p->end.at[BY_INDEX]) {
			struct piece piece;

			r = pieces_next(p, &to, &piece);
			if (r < 0)
				return r;
			a->count += piece.paddr < a->range.paddr + a->range.size;
		}
	}
	return 0;
}

int pieces_new(struct dump *d, const struct segment *segments, size_t n, struct pieces **ret)
{
	struct pieces *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return fail(-ENOMEM, "pieces of memory");
	p->dump = d;
	p->every = EVERY_MIN;
	r = sort_segments(p, segments, n);
	if (r == 0)
		r = walk_all(p);
	if (r == 0)
		r = place_aliases(p);
	if (r < 0) {
		pieces_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void pieces_free(struct pieces *p)
{
	if (!p)
		return;
	free(p->map);
	free(p->aliases);
	free(p->points);
	free(p);
}

uint64_t pieces_count(const struct pieces *p)
{
	return p->end.at[BY_INDEX];
}

uint64_t pieces_end(const struct pieces *p)
{
	return p->end.at[BY_OFFSET];
}

size_t pieces_weight(const struct pieces *p)
{
	return sizeof(*p) + p->nr_map * sizeof(*p->map) + p->nr_aliases * sizeof(*p->aliases) +
	       p->room * sizeof(*p->points);
}

size_t pieces_aliases(const struct pieces *p, const struct alias **ret)
{
	*ret = p->aliases;
	return p->nr_aliases;
}

int pieces_seek(const struct pieces *p, enum piece_key key, uint64_t value, struct cursor *ret)
{
	size_t low = 1, high = p->nr_points;
	struct cursor c;
	struct piece piece;
	int r;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (p->points[mid].at[key] <= value)
			low = mid + 1;
		else
			high = mid;
	}
	c = p->points[low - 1];
	do {
		*ret = c;
		r = pieces_next(p, &c, &piece);
	} while (r == 1 && c.at[key] <= value);
	return r < 0 ? r : 0;
}
