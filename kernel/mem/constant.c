#include "kernel/mem/constant.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/mem/bulk.h"

bool constant_region(struct dump *d, const struct space *s, struct region *ret)
{
	struct mapping m;

	ret->last = 0;
	for (uint64_t va = s->image.first; s->pt && va < s->image.last; va += m.left) {
		if (space_lookup(s, d, va, &m) < 0)
			break;
		/* The image lies at the top: what is not mapped may end with the address space. */
		if (m.left > s->image.last - va)
			m.left = s->image.last - va + 1;
		if (m.kind != MAP_RAM || !m.constant)
			continue;
		if (!ret->last)
			ret->first = va;
		ret->last = va + m.left - 1;
	}
	return ret->last;
}

int constant_read(struct dump *d, const struct space *s, struct constant *ret)
{
	struct region region;
	uint64_t len;
	int r;

	if (!constant_region(d, s, &region))
		return fail(-ENOENT, "where the kernel's constant data is is not known");
	len = region.last - region.first + 1;
	if (len > LIMIT_CONSTANT)
		return fail(-ELOOP, "%lu bytes of constant data", len);
	*ret = (struct constant){ region.first, (size_t)len, calloc(1, (size_t)len) };
	if (!ret->bytes)
		return fail(-ENOMEM, "%lu bytes of constant data", len);
	r = bulk_read_sparse(s, d, region.first, ret->bytes, (size_t)len);
	if (r < 0)
		constant_free(ret);
	return r;
}

void constant_free(struct constant *c)
{
	free(c->bytes);
	*c = (struct constant){ 0 };
}
