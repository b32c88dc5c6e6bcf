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

/* By address; of two that begin together the saved, then the longer one first. */
static int compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->paddr != y->paddr)
		return x->paddr < y->paddr ? -1 : 1;
	if (!x->saved != !y->saved)
		return x->saved ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

/* Cut the first @n bytes off. */
static void behead(struct range *range, uint64_t n)
{
	range->paddr += n;
	range->size -= n;
	if (range->saved) {
		range->off += n;
		range->saved -= n;
	}
}

/* Lay @range over the settled ones in @to; it begins at or after the last of them. */
static int lay(struct ranges *to, struct range range)
{
	struct range *last = to->n ? &to->v[to->n - 1] : NULL;
	uint64_t end = range.paddr + range.size, last_end = last ? last->paddr + last->size : 0;
	struct range rest;

	if (!last || range.paddr >= last_end)
		return append(to, &range);
	if (!range.saved || last->saved) {
		if (end <= last_end)
			return 0;
		behead(&range, last_end - range.paddr);
		return append(to, &range);
	}
	/* Bytes over a range that has none: the hole is cut, and goes on behind them. It may be such
	 * a remainder itself; what lies before it is saved already. */
	if (range.paddr < last->paddr) {
		if (end <= last->paddr)
			return 0;
		behead(&range, last->paddr - range.paddr);
	}
	rest = *last;
	last->size = range.paddr - last->paddr;
	if (!last->size)
		to->n--;
	if (append(to, &range) < 0)
		return -ENOMEM;
	if (last_end <= end)
		return 0;
	behead(&rest, end - rest.paddr);
	return append(to, &rest);
}

int ranges_settle(struct ranges *rs)
{
	struct ranges out = { .file = rs->file };
	int r = 0;

	if (rs->n)
		qsort(rs->v, rs->n, sizeof(*rs->v), compare);
	for (size_t i = 0; i < rs->n && r == 0; i++)
		r = lay(&out, rs->v[i]);
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
	const struct range *range = &rs->v[i];
	uint64_t in_file;

	*ret = (struct extent){ .start = paddr, .end = UINT64_MAX, .status = PAGE_NO_RAM };
	if (i == rs->n)
		return;
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
	const struct range *range = &rs->v[i];

	if (i == rs->n || paddr < range->paddr || !range->saved ||
	    len > range->size - (paddr - range->paddr))
		return fail(-ENODATA, "%#lx is not in the dump", paddr);
	return file_read(rs->file, range->off + (paddr - range->paddr), buf, len);
}
