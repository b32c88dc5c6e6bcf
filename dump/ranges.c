#include "dump/ranges.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"

static int append(struct ranges *rs, const struct range *range)
{
	struct range *more;
	size_t room = rs->room ? 2 * rs->room : 16;

	if (rs->n == rs->room) {
		more = realloc(rs->v, room * sizeof(*more));
		if (!more)
			return fail(-ENOMEM, "%zu ranges", room);
		rs->v = more;
		rs->room = room;
	}
	rs->v[rs->n++] = *range;
	return 0;
}

int ranges_add(struct ranges *rs, const struct range *range)
{
	if (!range->size)
		return 0;
	if (range->size > LIMIT_PADDR || range->paddr > LIMIT_PADDR - range->size)
		return fail(-EBADMSG, "%#lx bytes at %#lx leave the physical address space",
			    range->size, range->paddr);
	if (range->off > INT64_MAX)
		return fail(-EBADMSG, "no file has an offset %#lx", range->off);
	/* What was saved and what was not are ranges of their own: they overlap differently. */
	if (range->saved && range->saved < range->size) {
		struct range head = *range, tail = *range;
		int r;

		head.size = head.saved;
		tail.paddr += head.size;
		tail.size -= head.size;
		tail.saved = 0;
		r = append(rs, &head);
		return r < 0 ? r : append(rs, &tail);
	}
	return append(rs, range);
}

/* By address; of two that begin together the longer one first. */
static int compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->paddr != y->paddr)
		return x->paddr < y->paddr ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

static uint64_t end_of(const struct range *range)
{
	return range->paddr + range->size;
}

/* What is left of @range from address @at on; false: nothing. */
static bool behead(struct range *range, uint64_t at)
{
	uint64_t n = at > range->paddr ? at - range->paddr : 0;

	if (n >= range->size)
		return false;
	range->paddr += n;
	range->size -= n;
	if (range->saved) {
		range->off += n;
		range->saved -= n;
	}
	return true;
}

/* Append the parts of @hole that none of @n settled ranges, from @i on, covers. */
static int add_hole(struct ranges *to, struct range hole, size_t i, size_t n)
{
	int r = 0;

	for (; r == 0 && i < n && to->v[i].paddr < end_of(&hole); i++) {
		struct range gap = hole;
		uint64_t end = end_of(&to->v[i]);

		if (to->v[i].paddr > hole.paddr) {
			gap.size = to->v[i].paddr - hole.paddr;
			r = append(to, &gap);
		}
		if (!behead(&hole, end))
			return r;
	}
	return r < 0 ? r : append(to, &hole);
}

/* Append those of @from that have bytes (or have none), without what an earlier one of them covers:
 * the saved ones first, then the holes between them. */
static int lay(struct ranges *to, const struct ranges *from, bool saved)
{
	const size_t n = to->n;
	uint64_t at = 0;
	size_t under = 0;
	int r = 0;

	for (size_t i = 0; i < from->n && r == 0; i++) {
		struct range range = from->v[i];

		if (!range.saved == saved || !behead(&range, at))
			continue;
		at = end_of(&range);
		while (under < n && end_of(&to->v[under]) <= range.paddr)
			under++;
		r = saved ? append(to, &range) : add_hole(to, range, under, n);
	}
	return r;
}

int ranges_settle(struct ranges *rs)
{
	struct ranges out = { .file = rs->file };
	int r;

	if (rs->n)
		qsort(rs->v, rs->n, sizeof(*rs->v), compare);
	r = lay(&out, rs, true);
	if (r == 0)
		r = lay(&out, rs, false);
	if (out.n)
		qsort(out.v, out.n, sizeof(*out.v), compare);
	ranges_fini(rs);
	*rs = out;
	return r;
}

void ranges_fini(struct ranges *rs)
{
	free(rs->v);
	rs->v = NULL;
	rs->n = rs->room = 0;
}

uint64_t ranges_end(const struct ranges *rs)
{
	return rs->n ? rs->v[rs->n - 1].paddr + rs->v[rs->n - 1].size : 0;
}

/* Index of the first range that ends after @paddr, or n. */
static size_t locate(const struct ranges *rs, uint64_t paddr)
{
	size_t lo = 0, hi = rs->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (rs->v[mid].paddr + rs->v[mid].size <= paddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void ranges_extent(const struct ranges *rs, uint64_t paddr, struct extent *ret)
{
	size_t i = locate(rs, paddr);
	const struct range *range;
	uint64_t in_file;

	*ret = (struct extent){ .start = paddr, .end = UINT64_MAX, .status = PAGE_NO_RAM };
	if (i == rs->n)
		return;
	range = &rs->v[i];
	ret->end = range->paddr;
	if (paddr < range->paddr)
		return;
	ret->end = range->paddr + range->size;
	ret->status = range->saved ? PAGE_PRESENT : PAGE_EXCLUDED;
	if (!range->saved)
		return;
	in_file = range->off < rs->file->size ? rs->file->size - range->off : 0;
	if (paddr - range->paddr >= in_file)
		ret->status = PAGE_TRUNCATED;
	else if (range->size > in_file)
		ret->end = range->paddr + in_file;
}

int ranges_read(const struct ranges *rs, uint64_t paddr, void *buf, size_t len)
{
	size_t i = locate(rs, paddr);
	const struct range *range = i < rs->n ? &rs->v[i] : NULL;

	if (!range || paddr < range->paddr || !range->saved ||
	    len > range->size - (paddr - range->paddr))
		return fail(-ENODATA, "%#lx is not in the dump", paddr);
	return file_read(rs->file, range->off + (paddr - range->paddr), buf, len);
}
