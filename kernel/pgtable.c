#include "kernel/pgtable.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"

int pgtable_walk(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		 uint64_t va, uint64_t *ret, uint64_t *ret_left)
{
	uint64_t table = root;

	for (const struct pt_level *l = f->level; l < f->level + f->nr_levels; l++) {
		uint64_t index = va >> l->shift & ((1ull << l->bits) - 1), entry, offset;
		unsigned char raw[8];
		int r = dump_read(d, table + 8 * index, raw, sizeof(raw));

		if (r < 0)
			return within(r, "page table of %#lx", va);
		entry = load_le64(raw);
		if (!(entry & f->present))
			return fail(-EFAULT, "%#lx is not mapped", va);
		table = entry & f->addr_mask & ~clear;
		if (!(entry & l->leaf))
			continue;
		offset = va & ((1ull << l->shift) - 1);
		/* Low address bits of a huge page's entry hold attributes (PAT). */
		*ret = (table & ~((1ull << l->shift) - 1)) + offset;
		*ret_left = (1ull << l->shift) - offset;
		return 0;
	}
	return fail(-EBADMSG, "page table of %#lx does not end", va);
}
