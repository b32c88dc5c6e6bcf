#include "kernel/space.h"

#include <errno.h>
#include <stdbool.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/tlb.h"

void space_fini(struct space *s)
{
	tlb_free(s->tlb);
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
