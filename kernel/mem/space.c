#include "kernel/mem/space.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/mem/tlb.h"

void space_fini(struct space *s)
{
	tlb_free(s->tlb);
	free(s->made);
	strbuf_fini(&s->evidence);
}

static bool by_region(const struct region *region, uint64_t va, struct mapping *ret)
{
	/* A region may be told to begin before what it maps: phys_base can be negative. */
	if (va < region->first || va > region->last || !region->last ||
	    va + region->delta >= LIMIT_PADDR)
		return false;
	*ret = (struct mapping){ .kind = MAP_RAM,
				 .pa = va + region->delta,
				 .left = region->last - va + 1 };
	return true;
}

int space_lookup(const struct space *s, struct dump *d, uint64_t va, struct mapping *ret)
{
	int r = 0;

	/* The tables are the truth: a region is wider than what is mapped in it. */
	if (s->pt) {
		r = pgtable_walk(d, s->pt, s->root, s->clear, va, ret);
		if (r != -ENODATA)
			return r;
	}
	if (by_region(&s->image, va, ret) || by_region(&s->direct, va, ret))
		return 0;
	return s->pt ? r : fail(-EFAULT, "%#lx: no page tables known", va);
}

int space_translate(const struct space *s, struct dump *d, uint64_t va, uint64_t *ret,
		    uint64_t *ret_left)
{
	struct mapping m;
	int r;

	if (s->tlb && tlb_find(s->tlb, va, ret, ret_left))
		return 0;
	r = space_lookup(s, d, va, &m);
	if (r < 0)
		return r;
	if (m.kind == MAP_SWAPPED)
		return fail(-ENODATA, "%#lx is swapped out: device %u, page %#lx", va, m.swap_type,
			    m.swap_offset);
	if (m.kind != MAP_RAM)
		return fail(-EFAULT, "%#lx is not mapped", va);
	if (s->tlb)
		tlb_add(s->tlb, va, m.pa, m.shift);
	*ret = m.pa;
	*ret_left = m.left;
	return 0;
}

int space_read(const struct space *s, struct dump *d, uint64_t va, void *buf, size_t len)
{
	uint64_t pa, left;
	int r;

	/* What has no end reads without end: here every loop comes by. */
	if (cancelled_at_times())
		return fail(-EINTR, "interrupted");
	for (size_t n; len; va += n, buf = (char *)buf + n, len -= n) {
		r = space_translate(s, d, va, &pa, &left);
		if (r < 0)
			return r;
		n = left < len ? (size_t)left : len;
		r = dump_read(d, pa, buf, n);
		if (r < 0)
			return within(r, "%#lx", va);
	}
	return 0;
}

size_t space_read_some(const struct space *s, struct dump *d, uint64_t va, void *buf, size_t len)
{
	const size_t page = dump_facts(d)->page_size;
	size_t done = 0, n;

	if (space_read(s, d, va, buf, len) == 0)
		return len;
	for (; done < len; done += n) {
		n = page - (va + done) % page;
		if (n > len - done)
			n = len - done;
		if (space_read(s, d, va + done, (char *)buf + done, n) < 0)
			break;
	}
	return done;
}

struct space_scan {
	const struct space *s;
	mapped_fn *fn;
	void *arg;
};

/* Where page tables are missing. */
static int scan_regions(const struct space_scan *scan, const struct mapped *m)
{
	const struct region *regions[] = { &scan->s->direct, &scan->s->image };

	for (size_t i = 0; i < 2; i++) {
		uint64_t first = regions[i]->first, last = m->va + m->size - 1;
		struct mapped part;
		struct mapping at;
		int r;

		first = first < m->va ? m->va : first;
		last = last > regions[i]->last ? regions[i]->last : last;
		if (!regions[i]->last || first > last || !by_region(regions[i], first, &at))
			continue;
		if (last - first > LIMIT_PADDR - 1 - at.pa)
			last = first + (LIMIT_PADDR - 1 - at.pa);
		part = (struct mapped){ .va = first, .pa = at.pa, .size = last - first + 1 };
		r = scan->fn(scan->arg, &part);
		if (r)
			return r;
	}
	return 0;
}

static int scan_mapped(void *arg, const struct mapped *m)
{
	const struct space_scan *scan = arg;

	return m->missing ? scan_regions(scan, m) : scan->fn(scan->arg, m);
}

int space_scan(const struct space *s, struct dump *d, uint64_t first, uint64_t last, mapped_fn *fn,
	       void *arg)
{
	struct space_scan scan = { .s = s, .fn = fn, .arg = arg };
	const struct mapped all = { .va = first, .size = last - first + 1 };

	return s->pt ? pgtable_scan(d, s->pt, s->root, s->clear, first, last, scan_mapped, &scan)
		     : scan_regions(&scan, &all);
}

uint64_t space_kernel_half(const struct space *s)
{
	return s->pt ? pgtable_upper(s->pt) : 1ull << 63;
}
