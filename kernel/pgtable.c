#include "kernel/pgtable.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"

static bool canonical(const struct pt_format *f, uint64_t va)
{
	uint64_t above = va >> (f->va_bits - 1);

	return !above || above == UINT64_MAX >> (f->va_bits - 1);
}

/* Place @va in the page whose base @m has. */
static void settle(struct mapping *m, uint64_t va, uint8_t shift)
{
	uint64_t offset = va & ((1ull << shift) - 1);

	m->shift = shift;
	m->left = (1ull << shift) - offset;
	if (m->kind == MAP_RAM)
		m->pa += offset;
}

int pgtable_walk(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		 uint64_t va, struct mapping *ret)
{
	struct mapping m = { .kind = MAP_NONE, .pa = root };

	if (!canonical(f, va)) {
		settle(&m, va, f->level[0].shift);
		*ret = m;
		return 0;
	}
	for (const struct pt_level *l = f->level; l < f->level + f->nr_levels; l++) {
		uint64_t index = va >> l->shift & ((1ull << l->bits) - 1), entry;
		unsigned char raw[8];
		int r = dump_read(d, m.pa + 8 * index, raw, sizeof(raw));

		if (r < 0)
			return within(r, "page table of %#lx", va);
		entry = load_le64(raw);
		m.pa = entry & f->addr_mask & ~clear;
		if (!(entry & f->present)) {
			m.pa = 0;
			f->absent(entry, l, &m);
			m.pa &= ~clear;
		} else if (entry & l->leaf) {
			m.kind = MAP_RAM;
			m.constant = (entry & f->constant_mask) == f->constant;
		} else {
			continue;
		}
		/* Low address bits of a huge page's entry hold attributes (PAT). */
		m.pa &= ~((1ull << l->shift) - 1);
		settle(&m, va, l->shift);
		*ret = m;
		return 0;
	}
	return fail(-EBADMSG, "page table of %#lx does not end", va);
}
