#include "kernel/space.h"

#include <errno.h>
#include <stdbool.h>

#include "dump/base/err.h"

void space_fini(struct space *s)
{
	strbuf_fini(&s->evidence);
}

void space_add(struct space *s, const char *name, uint64_t first, uint64_t last, uint64_t delta)
{
	if (s->nr_regions < SPACE_REGIONS)
		s->regions[s->nr_regions++] = (struct region){ name, first, last, delta };
}

static bool by_region(const struct space *s, uint64_t va, uint64_t *ret, uint64_t *ret_left)
{
	for (size_t i = 0; i < s->nr_regions; i++) {
		const struct region *region = &s->regions[i];

		if (va < region->first || va > region->last)
			continue;
		*ret = va + region->delta;
		*ret_left = region->last - va + 1;
		return true;
	}
	return false;
}

int space_translate(const struct space *s, struct dump *d, uint64_t va, uint64_t *ret,
		    uint64_t *ret_left)
{
	int r;

	/* The tables are the truth: a region is wider than what is mapped in it. */
	if (s->pt) {
		r = pgtable_walk(d, s->pt, s->root, s->clear, va, ret, ret_left);
		if (r != -ENODATA)
			return r;
	}
	if (by_region(s, va, ret, ret_left))
		return 0;
	return s->pt ? r : fail(-EFAULT, "%#lx: no page tables known", va);
}
