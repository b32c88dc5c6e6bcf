#include "kernel/mem/page.h"

#include <errno.h>
#include <limits.h>

#include "dump/base/bytes.h"
#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"

#define PAGES_AT_ONCE	64  /* whose struct pages, of mostly 64 bytes, are a page */
#define PAGE_STRUCT_MAX 256 /* bytes of one */
#define VMEMMAP_X86	0xffffea0000000000ull

/* Of kernels that lay out their address space at random, which all have been since 4.8 as distributions
 * build them, a variable; before, VMEMMAP_START of x86_64. */
static int array_of_pages(struct kernel *k, uint64_t *ret_base, uint64_t *ret_size)
{
	const struct space *s;
	int r = kernel_space(k, &s);

	if (r >= 0 && s->pages)
		*ret_base = s->pages;
	else if (r >= 0)
		r = symbol_u64(k, "vmemmap_base", 8, ret_base);
	if (r == -ENOENT && symbol_addr(k, "page_offset_base", &(uint64_t){ 0 }) == -ENOENT) {
		*ret_base = VMEMMAP_X86;
		r = 0;
	}
	if (r >= 0)
		r = kernel_sizeof(k, "page", ret_size);
	if (r >= 0 && !*ret_size)
		r = fail(-EBADMSG, "struct page has no size");
	return r;
}

int page_of_frame(struct kernel *k, uint64_t pfn, uint64_t *ret)
{
	uint64_t base, size;
	int r = array_of_pages(k, &base, &size);

	if (r >= 0)
		*ret = base + pfn * size;
	return r;
}

int page_frame(struct kernel *k, uint64_t page, uint64_t *ret)
{
	uint64_t base, size;
	int r = array_of_pages(k, &base, &size);

	if (r < 0)
		return r;
	if (page < base || (page - base) / size >= LIMIT_PFN)
		return fail(-ENOENT, "%#lx is no struct page", page);
	*ret = (page - base) / size;
	return 0;
}

int page_of_direct(struct kernel *k, uint64_t va, uint64_t *ret)
{
	const struct space *s;
	int r = kernel_space(k, &s);

	if (r < 0)
		return r;
	if (va < s->direct.first || va > s->direct.last)
		return fail(-ENOENT, "%#lx is not in the direct map", va);
	return page_of_frame(k, (va + s->direct.delta) >> kernel_page_shift(k), ret);
}

/* Before 1d798ca3f164 (v4.4) a flag tells a tail page, and that it points to its head. */
static int head_by_flag(struct kernel *k, uint64_t page, uint64_t *ret)
{
	uint64_t flags, bit;
	int r = kernel_enumerator(k, "PG_tail", &bit);

	if (r >= 0)
		r = field_u64(k, page, F_page_flags, &flags);
	if (r < 0)
		return r;
	*ret = page;
	return flags >> (bit & 63) & 1 ? field_u64(k, page, F_page_first_page, ret) : 0;
}

/* A tail page points to its head, and the lowest bit is set; since a mask took the place of the pointer
 * (v7.1), wherever struct page has a size that allows one. */
int page_head(struct kernel *k, uint64_t page, uint64_t *ret)
{
	uint64_t link, size;
	int r;

	if (!field_exists(k, F_page_compound_head))
		return head_by_flag(k, page, ret);
	r = field_u64(k, page, F_page_compound_head, &link);

	if (r >= 0)
		r = kernel_sizeof(k, "page", &size);
	if (r < 0)
		return r;
	if (!(link & 1))
		*ret = page;
	else if (field_is_newest(k, F_page_compound_head) && !(size & (size - 1)))
		*ret = page & link;
	else
		*ret = link - 1;
	return 0;
}

/* What tells a slab's first page: bits of a member of struct page. */
struct slab_mark {
	enum field field;
	uint64_t mask, value;
};

/* A flag; since 46df8e73a4a3 (v6.11) a type in the highest byte of a word of its own, which in v6.10
 * had a bit each. */
static int slab_mark(struct kernel *k, struct slab_mark *ret)
{
	const struct vmcoreinfo *vi;
	uint64_t n;

	if (kernel_enumerator(k, "PGTY_slab", &n) >= 0)
		*ret = (struct slab_mark){ F_page_type, 0xff000000, n << 24 };
	else if (kernel_enumerator(k, "PG_slab", &n) >= 0 && n < 64)
		*ret = (struct slab_mark){ F_page_flags, 1ull << n, 1ull << n };
	else if (kernel_vmcoreinfo(k, &vi) >= 0 &&
		 vmcoreinfo_number(vi, "PAGE_SLAB_MAPCOUNT_VALUE", &n))
		*ret = (struct slab_mark){ F_page_type, 0xffffffff, n & 0xffffffff };
	else
		return fail(-ENOENT, "how this kernel marks slabs is not known");
	return 0;
}

bool page_is_slab(struct kernel *k, uint64_t page)
{
	struct slab_mark mark;
	uint64_t value;

	return slab_mark(k, &mark) >= 0 && field_u64(k, page, mark.field, &value) >= 0 &&
	       (value & mark.mask) == mark.value;
}

/* A look for slabs at every struct page. */
struct slab_search {
	struct kernel *k;
	struct slab_mark mark;
	uint64_t base, size;  /* of the array, of an element */
	uint64_t off, length; /* of the member in an element */
	uint64_t link;	      /* of the word that tells tail pages */
	bool has_link;	      /* else they lack the mark */
	page_fn *fn;
	void *arg;
};

static int search_begin(struct slab_search *s)
{
	int r = slab_mark(s->k, &s->mark);

	if (r >= 0)
		r = array_of_pages(s->k, &s->base, &s->size);
	if (r >= 0)
		r = field_offset(s->k, s->mark.field, &s->off);
	if (r >= 0)
		r = field_size(s->k, s->mark.field, &s->length);
	s->has_link = field_exists(s->k, F_page_compound_head);
	if (r >= 0 && s->has_link)
		r = field_offset(s->k, F_page_compound_head, &s->link);
	if (r >= 0 && (s->size > PAGE_STRUCT_MAX || s->length > 8 || s->off + s->length > s->size ||
		       s->link + 8 > s->size))
		r = fail(-EBADMSG, "struct page contradicts itself");
	return r;
}

/* Those of @n page frames from @pfn on; what is not in the dump is passed over. */
static int search_frames(const struct slab_search *s, uint64_t pfn, uint64_t n)
{
	unsigned char raw[PAGES_AT_ONCE * PAGE_STRUCT_MAX];
	const uint64_t at = s->base + pfn * s->size;
	int r = kernel_read(s->k, at, raw, n * s->size);

	if (r < 0 && n > 1) {
		for (uint64_t i = 0; i < n; i++) {
			r = search_frames(s, pfn + i, 1);
			if (r)
				return r;
		}
		return 0;
	}
	for (uint64_t i = 0; i < n && r >= 0; i++) {
		struct bytes b = bytes_of(raw + i * s->size, s->size);

		bytes_seek(&b, s->link);
		if (s->has_link && bytes_u64(&b) & 1)
			continue;
		bytes_seek(&b, s->off);
		if ((bytes_uint(&b, s->length) & s->mark.mask) != s->mark.value)
			continue;
		r = s->fn(s->arg, at + i * s->size);
		if (r)
			return r;
	}
	return 0;
}

int page_each_slab(struct kernel *k, page_fn *fn, void *arg)
{
	struct slab_search s = { .k = k, .fn = fn, .arg = arg };
	struct dump *d = kernel_dump(k);
	const unsigned int shift = kernel_page_shift(k);
	const uint64_t end = dump_facts(d)->end >> shift;
	struct extent e;
	uint64_t pfn, until;
	int r = search_begin(&s);

	for (pfn = 0; pfn < end && r == 0; pfn = until) {
		if (cancelled())
			return fail(-EINTR, "interrupted");
		r = dump_extent(d, pfn << shift, &e);
		if (r < 0)
			return r;
		until = e.end >> shift;
		if (until <= pfn)
			until = pfn + 1;
		if (e.status == PAGE_NO_RAM)
			continue;
		/* Up to where a page of the array ends, mostly. */
		if (until > (pfn | (PAGES_AT_ONCE - 1)) + 1)
			until = (pfn | (PAGES_AT_ONCE - 1)) + 1;
		r = search_frames(&s, pfn, until - pfn);
	}
	return r;
}

static const char *const flag_names[PAGE_FLAGS] = {
	[PAGE_DIRTY] = "PG_dirty",	     [PAGE_REFERENCED] = "PG_referenced",
	[PAGE_SWAPBACKED] = "PG_swapbacked", [PAGE_SWAPCACHE] = "PG_swapcache",
	[PAGE_ACTIVE] = "PG_active",	     [PAGE_UNEVICTABLE] = "PG_unevictable",
	[PAGE_WRITEBACK] = "PG_writeback",   [PAGE_RESERVED] = "PG_reserved",
};

/* How often all of the pages at once are mapped, by one entry. */
static int entire_mapcount(struct kernel *k, uint64_t head, int64_t *ret)
{
	uint64_t v = (uint64_t)-1, size;
	int r = 0;

	if (field_exists(k, F_folio_entire_mapcount)) {
		r = field_u64(k, head, F_folio_entire_mapcount, &v);
	} else if (field_exists(k, F_page_compound_mapcount)) { /* in the second of them */
		r = kernel_sizeof(k, "page", &size);
		if (r >= 0)
			r = field_u64(k, head + size, F_page_compound_mapcount, &v);
	}
	*ret = (int64_t)(int32_t)v + 1;
	return r;
}

int page_state(struct kernel *k, uint64_t pfn, struct page_state *ret)
{
	struct page_state p;
	uint64_t refs, mapped, bit;
	int64_t count, entire = 0;
	int r = page_of_frame(k, pfn, &p.addr);

	if (r >= 0)
		r = page_head(k, p.addr, &p.head);
	if (r >= 0)
		r = field_u64(k, p.head, F_page_flags, &p.flags);
	if (r >= 0)
		r = field_u64(k, p.head, F_page_mapping, &p.mapping);
	if (r >= 0)
		r = field_u64(k, p.head, F_page_refcount, &refs);
	if (r >= 0)
		r = field_u64(k, p.addr, F_page_mapcount, &mapped);
	if (r >= 0 && kernel_enumerator(k, "PG_head", &bit) >= 0 && p.flags >> (bit & 63) & 1)
		r = entire_mapcount(k, p.head, &entire);
	if (r < 0)
		return within(r, "page frame %#lx", pfn);
	p.refs = (int32_t)refs;
	count = (int64_t)(int32_t)mapped + 1;
	if (count < 0)
		count = 0; /* a type stands there */
	count += entire;
	p.mapped = count < 0 ? 0 : count > INT_MAX ? INT_MAX : (int)count;
	*ret = p;
	return 0;
}

bool page_has(struct kernel *k, const struct page_state *p, enum page_flag flag)
{
	uint64_t bit;

	return kernel_enumerator(k, flag_names[flag], &bit) >= 0 && p->flags >> (bit & 63) & 1;
}

/* The highest bits of its flags, as many as number all nodes that there could be: struct pages in one array
 * need no bits for the section. */
uint64_t page_node(struct kernel *k, const struct page_state *p)
{
	uint64_t bytes;
	unsigned int bits = 0;

	if (kernel_sizeof(k, "nodemask_t", &bytes) < 0 || bytes > LIMIT_NODES)
		return 0;
	while (bits < 16 && 1ull << bits < 8 * bytes)
		bits++;
	/* Up to 64 nodes are a word, whatever their number. */
	return bytes > 8 && bits ? p->flags >> (64 - bits) : 0;
}
