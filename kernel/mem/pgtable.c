#include "kernel/mem/pgtable.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"

/* @va without a tag, as the tables know it. */
static uint64_t untag(const struct pt_format *f, uint64_t va)
{
	/* Bit 55 chooses between the halves. */
	return f->half == PT_BOTH ? va : (uint64_t)((int64_t)(va << 8) >> 8);
}

bool pgtable_serves(const struct pt_format *f, uint64_t va)
{
	const unsigned int bits = f->half == PT_BOTH ? f->va_bits - 1u : f->va_bits;
	uint64_t above = untag(f, va) >> bits;

	return (!above && f->half != PT_UPPER) ||
	       (above == UINT64_MAX >> bits && f->half != PT_LOWER);
}

uint64_t pgtable_upper(const struct pt_format *f)
{
	return -(1ull << (f->half == PT_BOTH ? f->va_bits - 1 : f->va_bits));
}

uint64_t pgtable_address(const struct pt_format *f, uint64_t entry)
{
	return (entry & f->addr_mask) | (entry & f->high_mask) << f->high_shift;
}

static bool is_leaf(const struct pt_format *f, const struct pt_level *l, uint64_t entry)
{
	return (entry ^ f->table) & l->leaf;
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

int pgtable_trace(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		  uint64_t va, pgtable_fn *fn, void *arg, struct mapping *ret)
{
	struct mapping m = { .kind = MAP_NONE, .pa = root };

	if (!pgtable_serves(f, va)) {
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
		if (fn)
			fn(arg, l, m.pa + 8 * index, entry);
		m.pa = pgtable_address(f, entry) & ~clear;
		m.entry = entry;
		if (!(entry & f->present)) {
			m.pa = 0;
			f->absent(f, entry, l, &m);
			m.pa &= ~clear;
		} else if (is_leaf(f, l, entry)) {
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

int pgtable_walk(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		 uint64_t va, struct mapping *ret)
{
	return pgtable_trace(d, f, root, clear, va, NULL, NULL, ret);
}

#define ENTRIES 512 /* read at once */

struct scan {
	struct dump *dump;
	const struct pt_format *f;
	uint64_t clear, first, last;
	mapped_fn *fn;
	void *arg;
	uint64_t tables; /* looked at */
};

static int scan_table(struct scan *s, const struct pt_level *l, uint64_t table, uint64_t base);

/* Cut what lies outside of the scan. */
static void clip(const struct scan *s, struct mapped *m)
{
	if (m->va < s->first) {
		m->pa += s->first - m->va;
		m->size -= s->first - m->va;
		m->va = s->first;
	}
	if (m->size - 1 > s->last - m->va)
		m->size = s->last - m->va + 1;
}

/* The entry for the addresses from @va on; @before: the one before it. */
static int scan_entry(struct scan *s, const struct pt_level *l, uint64_t entry, uint64_t before,
		      uint64_t va)
{
	const uint64_t size = 1ull << l->shift;
	struct mapping m = { .pa = pgtable_address(s->f, entry) & ~s->clear };
	struct mapped at = { .va = va, .size = size };

	if (!(entry & s->f->present)) {
		m.pa = 0;
		s->f->absent(s->f, entry, l, &m);
		m.pa &= ~s->clear;
	} else if (is_leaf(s->f, l, entry)) {
		m.kind = MAP_RAM;
	} else {
		return entry == before ? 0 : scan_table(s, l + 1, m.pa, va);
	}
	if (m.kind != MAP_RAM)
		return 0;
	at.pa = m.pa & ~(size - 1);
	clip(s, &at);
	return s->fn(s->arg, &at);
}

/* What is behind a table that is damaged cannot be read; what is behind one that is not in the dump may
 * be known otherwise. */
static int scan_unread(struct scan *s, uint64_t va, uint64_t size, int error)
{
	struct mapped m = { .va = va, .size = size, .missing = true };

	if (error == -EBADMSG)
		return 0;
	if (error != -ENODATA)
		return error;
	clip(s, &m);
	return s->fn(s->arg, &m);
}

static int scan_entries(struct scan *s, const struct pt_level *l, uint64_t table, uint64_t base,
			uint64_t from, uint64_t to)
{
	unsigned char raw[8 * ENTRIES];
	uint64_t before = 0;
	int r = 0;

	for (uint64_t i = from; i <= to && r == 0; i++) {
		uint64_t entry;

		if ((i - from) % ENTRIES == 0) {
			uint64_t n = to - i + 1 < ENTRIES ? to - i + 1 : ENTRIES;

			r = dump_read(s->dump, table + 8 * i, raw, (size_t)n * 8);
			if (r < 0)
				return scan_unread(s, base + (i << l->shift), n << l->shift, r);
		}
		entry = load_le64(raw + (i - from) % ENTRIES * 8);
		r = scan_entry(s, l, entry, before, base + (i << l->shift));
		before = entry;
	}
	return r;
}

/* The table of @l for the addresses from @base on. */
static int scan_table(struct scan *s, const struct pt_level *l, uint64_t table, uint64_t base)
{
	uint64_t most, room;

	if (l == s->f->level + s->f->nr_levels)
		return fail(-EBADMSG, "page table of %#lx does not end", base);
	if (cancelled())
		return fail(-EINTR, "interrupted");
	if (s->tables++ == LIMIT_PT_TABLES)
		return fail(-ELOOP, "more than %u page tables", LIMIT_PT_TABLES);
	most = (1ull << l->bits) - 1;
	room = most << l->shift;
	return scan_entries(s, l, table, base, s->first > base ? (s->first - base) >> l->shift : 0,
			    s->last - base < room ? (s->last - base) >> l->shift : most);
}

int pgtable_scan(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		 uint64_t first, uint64_t last, mapped_fn *fn, void *arg)
{
	struct scan s = { .dump = d,
			  .f = f,
			  .clear = clear,
			  .first = first,
			  .last = last,
			  .fn = fn,
			  .arg = arg };
	/* Where the topmost table tells of both halves their indices follow each other without the bits above. */
	if (first > last || !pgtable_serves(f, first) || !pgtable_serves(f, last) ||
	    (first ^ last) >> 63)
		return fail(-EINVAL, "%#lx to %#lx is no range of addresses", first, last);
	return scan_table(&s, f->level, root, first >> 63 ? -(1ull << f->va_bits) : 0);
}

struct visit {
	struct dump *dump;
	const struct pt_format *f;
	uint64_t clear;
	table_fn *fn;
	void *arg;
	uint64_t tables; /* told of */
};

/* The table at @pa and the @below levels under it; of it the entries from @from to before @to. */
static int visit_table(struct visit *v, const struct pt_level *l, uint64_t pa, unsigned int below,
		       uint64_t from, uint64_t to, uint64_t *ret_common)
{
	uint64_t before = 0, common = UINT64_MAX;
	unsigned char raw[8];
	int r;

	if (cancelled())
		return fail(-EINTR, "interrupted");
	if (v->tables++ == LIMIT_PT_TABLES)
		return fail(-ELOOP, "more than %u page tables", LIMIT_PT_TABLES);
	r = v->fn(v->arg, pa);
	for (uint64_t i = from; r == 0 && below && i < to; i++) {
		uint64_t entry;

		if (dump_read(v->dump, pa + 8 * i, raw, sizeof(raw)) < 0)
			continue;
		entry = load_le64(raw);
		if (!(entry & v->f->present) || is_leaf(v->f, l, entry))
			continue;
		common &= entry;
		if (entry != before)
			r = visit_table(v, l + 1, pgtable_address(v->f, entry) & ~v->clear,
					below - 1, 0, 1ull << l[1].bits, &(uint64_t){ 0 });
		before = entry;
	}
	*ret_common = common;
	return r;
}

int pgtable_tables(struct dump *d, const struct pt_format *f, uint64_t root, uint64_t clear,
		   enum pt_half half, unsigned int levels, table_fn *fn, void *arg,
		   uint64_t *ret_top)
{
	struct visit v = { .dump = d, .f = f, .clear = clear, .fn = fn, .arg = arg };
	const uint64_t n = 1ull << f->level[0].bits, middle = f->half == PT_BOTH ? n / 2 : 0;

	if (!levels || levels > f->nr_levels)
		return fail(-EINVAL, "%u levels of page tables", levels);
	return visit_table(&v, f->level, root, levels - 1, half == PT_UPPER ? middle : 0,
			   half == PT_LOWER && middle ? middle : n, ret_top);
}
