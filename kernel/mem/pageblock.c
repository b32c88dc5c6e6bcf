#include "kernel/mem/pageblock.h"

#include <errno.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/mem.h"
#include "kernel/mem/page.h"
#include "kernel/symbol/symbols.h"

#define SECTION_BITS	 27 /* x86-64 */
#define SUBSECTION_SHIFT 21
#define SECTION_ONLINE	 4
#define ORDERS_MAX	 64

int migrate_types(struct kernel *k, struct migrate_types *ret)
{
	uint64_t table, at, n;
	int r = symbol_addr(k, "migratetype_names", &table);

	if (r >= 0)
		r = kernel_enumerator(k, "MIGRATE_TYPES", &n);
	if (r >= 0 && n > MIGRATE_TYPES_MAX)
		r = fail(-EBADMSG, "%lu kinds of pages", n);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = kernel_read_uint(k, table + 8 * i, 8, &at);
		if (r >= 0)
			r = kernel_read_str(k, at, ret->name[i], sizeof(ret->name[i]));
	}
	if (r >= 0)
		ret->n = n;
	return r < 0 ? within(r, "kinds of pages") : 0;
}

/* A huge page, where there are such; else what the allocator has at most. */
int pageblock_order(struct kernel *k, unsigned int *ret)
{
	const unsigned int huge = (unsigned int)__builtin_ctzll(pmd_pages(k));
	uint64_t va, orders;
	int r = field_count(k, F_zone_free_area, &orders);

	if (r >= 0 && (!orders || orders > ORDERS_MAX))
		r = fail(-EBADMSG, "%lu orders of pages", orders);
	if (r < 0)
		return r;
	*ret = (unsigned int)orders - 1;
	if (*ret > huge && symbol_addr(k, "hugetlb_max_hstate", &va) >= 0)
		*ret = huge;
	return 0;
}

/* Where sections of memory are, and how a block's bits are kept. */
struct sections {
	struct kernel *k;
	uint64_t table;	   /* of roots: pointers to as many struct mem_section as fit into a page */
	uint64_t size;	   /* of one */
	unsigned int page; /* log2 of its bytes; of pages of: */
	unsigned int shift;    /* a section */
	unsigned int sub;      /* a part of one that may be there or not */
	unsigned int order;    /* of a block */
	unsigned int bits;     /* of a block */
	uint64_t isolate;      /* of them the one that says so; 0: none */
	uint64_t isolate_type; /* the kind that it stands for */
	unsigned int zone_shift, zone_mask, node_shift;
};

/* Its zone and node are in the highest bits of a page's flags, as many as they need. */
static int read_page_bits(struct sections *s)
{
	uint64_t nodes, zones;
	int r = field_count(s->k, F_zonelist_refs, &nodes);
	unsigned int node_bits = 0, zone_bits = 0;

	if (r >= 0)
		r = field_count(s->k, F_pgdat_node_zones, &zones);
	if (r >= 0 && !zones)
		r = fail(-EBADMSG, "no zones");
	if (r < 0)
		return r;
	/* The zones of all nodes that there can be, and an end. */
	nodes = (nodes - 1) / zones;
	while (node_bits < 16 && 1ull << node_bits < nodes)
		node_bits++;
	if (symbol_addr(s->k, "node_data", &nodes) < 0)
		node_bits = 0;
	while (zone_bits < 4 && 1ull << zone_bits < zones)
		zone_bits++;
	s->node_shift = 64 - node_bits;
	s->zone_shift = s->node_shift - zone_bits;
	s->zone_mask = (1u << zone_bits) - 1;
	return 0;
}

/* A bit apart for those that are isolated since v6.17; a number of three bits before. */
static int read_block_bits(struct sections *s)
{
	uint64_t bits, bit;
	int r = kernel_enumerator(s->k, "NR_PAGEBLOCK_BITS", &bits);

	if (r == -ENOENT)
		r = kernel_enumerator(s->k, "__NR_PAGEBLOCK_BITS", &bits);
	if (r < 0)
		return r;
	for (s->bits = 1; s->bits < bits && s->bits < 64;)
		s->bits *= 2;
	if (kernel_enumerator(s->k, "PB_migrate_isolate", &bit) >= 0 && bit < 64) {
		s->isolate = 1ull << bit;
		r = kernel_enumerator(s->k, "MIGRATE_ISOLATE", &s->isolate_type);
	}
	return r;
}

static int sections_open(struct sections *s, struct kernel *k)
{
	const struct vmcoreinfo *vi;
	uint64_t bits = SECTION_BITS;
	int r;

	*s = (struct sections){ .k = k, .page = kernel_page_shift(k) };
	s->sub = SUBSECTION_SHIFT - s->page;
	r = kernel_sizeof(k, "mem_section", &s->size);
	if (r < 0 || !s->size || s->size > 1ull << s->page)
		return fail(-EOPNOTSUPP, "memory is not kept by sections");
	r = symbol_u64(k, "mem_section", 8, &s->table);
	if (kernel_vmcoreinfo(k, &vi) >= 0) {
		vmcoreinfo_number(vi, "SECTION_SIZE_BITS", &bits);
		if (vmcoreinfo_symbol(vi, "mem_section", &s->table))
			r = 0;
	}
	if (r >= 0)
		r = pageblock_order(k, &s->order);
	if (r < 0)
		return r;
	if (bits < s->page + s->order || bits > 40)
		return fail(-EBADMSG, "sections of 2^%lu bytes", bits);
	s->shift = (unsigned int)bits - s->page;
	r = read_block_bits(s);
	return r < 0 ? r : read_page_bits(s);
}

/* 1: the bits of the block at @pfn; 0: it is not there. */
static int block_bits(const struct sections *s, uint64_t pfn, uint64_t *ret)
{
	uint64_t nr = pfn >> s->shift, in = pfn & ((1ull << s->shift) - 1),
		 per = (1ull << s->page) / s->size;
	uint64_t bit = (in >> s->order) * s->bits, root, at, map, usage, here, word;
	bool usages = field_exists(s->k, F_section_usage);
	int r = kernel_read_uint(s->k, s->table + 8 * (nr / per), 8, &root);

	if (r < 0 || !root)
		return r;
	at = root + nr % per * s->size;
	r = field_u64(s->k, at, F_section_mem_map, &map);
	if (r < 0 || !(map & SECTION_ONLINE))
		return r;
	r = field_u64(s->k, at, usages ? F_section_usage : F_section_pageblock_flags, &usage);
	if (r >= 0 && usages) {
		r = field_addr(s->k, usage, F_usage_subsection_map, &at);
		if (r >= 0)
			r = kernel_read_uint(s->k, at + in / (64u << s->sub) * 8, 8, &here);
		if (r < 0 || !(here >> (in >> s->sub) % 64 & 1))
			return r;
		r = field_addr(s->k, usage, F_usage_pageblock_flags, &usage);
	}
	if (r >= 0)
		r = kernel_read_uint(s->k, usage + bit / 64 * 8, 8, &word);
	if (r < 0)
		return r;
	*ret = word >> bit % 64;
	return 1;
}

static int is_in_zone(const struct sections *s, const struct zone *z, uint64_t pfn, bool *ret)
{
	uint64_t page, flags;
	int r = page_of_frame(s->k, pfn, &page);

	if (r >= 0)
		r = field_u64(s->k, page, F_page_flags, &flags);
	if (r >= 0)
		*ret = (!s->zone_mask || (flags >> s->zone_shift & s->zone_mask) == z->i) &&
		       (s->node_shift == 64 || flags >> s->node_shift == z->node_id);
	return r;
}

int pageblock_counts(struct kernel *k, const struct zone *z, uint64_t ret[MIGRATE_TYPES_MAX])
{
	uint64_t pfn, end, spanned, bits, type;
	struct sections s;
	bool in;
	int r = sections_open(&s, k);

	for (size_t i = 0; i < MIGRATE_TYPES_MAX; i++)
		ret[i] = 0;
	if (r >= 0)
		r = field_u64(k, z->addr, F_zone_start_pfn, &pfn);
	if (r >= 0)
		r = field_u64(k, z->addr, F_zone_spanned_pages, &spanned);
	if (r >= 0 && (pfn > LIMIT_PFN || spanned > LIMIT_PFN))
		r = fail(-EBADMSG, "a zone of %lu pages from %#lx on", spanned, pfn);
	for (end = r < 0 ? pfn = 0 : pfn + spanned; r >= 0 && pfn < end; pfn += 1ull << s.order) {
		r = block_bits(&s, pfn, &bits);
		if (r > 0)
			r = is_in_zone(&s, z, pfn, &in);
		else
			continue;
		type = bits & s.isolate ? s.isolate_type : bits & 7;
		if (r >= 0 && in && type < MIGRATE_TYPES_MAX)
			ret[type]++;
		if (cancelled())
			r = fail(-EINTR, "interrupted");
	}
	return r < 0 ? within(r, "blocks of pages") : 0;
}
