/* arm64: page tables of every size of pages and addresses, what their entries say, and how VMCOREINFO
 * leads to them. */
#include "kernel/arch/arm64.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "kernel/mem/space.h"
#include "tests/unit/made.h"
#include "tests/unit/unit.h"

#define PAGES_MAX 8
#define VALID	  1ull
#define TABLE	  3ull
#define BLOCK	  1ull
#define NG	  (1ull << 11)
#define NONE_OLD  (1ull << 58)
#define RO	  (1ull << 7 | 1ull << 53)

/* Tables of pages of 2^@shift bytes, from address 0 on. */
struct memory {
	unsigned int shift;
	uint64_t *page[PAGES_MAX];
	bool missing[PAGES_MAX];
	struct strbuf vmcoreinfo;
	struct made made;
	struct dump *dump;
};

static struct memory *memory_new(unsigned int shift)
{
	struct memory *m = must_alloc(sizeof(*m));

	memset(m, 0, sizeof(*m));
	m->shift = shift;
	for (size_t i = 0; i < PAGES_MAX; i++) {
		m->page[i] = must_alloc(1ull << shift);
		memset(m->page[i], 0, 1ull << shift);
	}
	return m;
}

static void memory_open(struct memory *m)
{
	struct shape shape = { 0 };
	struct image img;

	image_init(&img);
	img.machine = EM_AARCH64;
	img.page_size = 1u << m->shift;
	for (size_t i = 0; i < PAGES_MAX; i++) {
		if (m->missing[i])
			free(m->page[i]);
		else
			image_add(&img, i << m->shift, 1ull << m->shift, FILL_BYTES, CLASS_KERNEL,
				  (unsigned char *)m->page[i]);
	}
	if (m->vmcoreinfo.len)
		blob_add(&img.vmcoreinfo, m->vmcoreinfo.data, m->vmcoreinfo.len);
	m->made = made_dump(&img, &shape, write_elf, -1);
	image_fini(&img);
	m->dump = must_open(&m->made, 1);
}

static void memory_free(struct memory *m)
{
	dump_close(m->dump);
	made_close(&m->made);
	strbuf_fini(&m->vmcoreinfo);
	free(m);
}

static const struct size {
	unsigned int page_shift, va_bits, levels, top_bits;
} sizes[] = {
	{ 12, 39, 3, 9 }, { 12, 48, 4, 9 }, { 12, 52, 5, 4 },  { 14, 36, 2, 11 }, { 14, 47, 3, 11 },
	{ 14, 48, 4, 1 }, { 14, 52, 4, 5 }, { 16, 42, 2, 13 }, { 16, 48, 3, 6 },  { 16, 52, 3, 10 },
};

static size_t slot(const struct pt_level *l, uint64_t va)
{
	return va >> l->shift & ((1ull << l->bits) - 1);
}

/* Map @va by the tables in the first pages: the entry of level @end, from the root, is @entry. */
static void map(struct memory *m, const struct pt_format *f, uint64_t va, size_t end,
		uint64_t entry)
{
	for (size_t i = 0; i < end; i++)
		m->page[i][slot(&f->level[i], va)] = (i + 1) << m->shift | TABLE;
	m->page[end][slot(&f->level[end], va)] = entry;
}

static struct mapping lookup(struct memory *m, const struct pt_format *f, uint64_t va)
{
	struct mapping ret;

	assert_ok(pgtable_walk(m->dump, f, 0, 0, va, &ret));
	return ret;
}

static void levels(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct size *s = &sizes[i];
		struct pt_format f[2];
		unsigned int shift = s->page_shift;

		assert_ok(arm64_formats(s->page_shift, s->va_bits, ARM64_SWAP_6, f));
		assert_int_equal(f[0].nr_levels, s->levels);
		assert_int_equal(f[0].level[0].bits, s->top_bits);
		for (unsigned int l = s->levels; l--; shift += s->page_shift - 3)
			assert_int_equal(f[0].level[l].shift, shift);
		assert_string_equal(f[0].level[0].name, "PGD");
		assert_string_equal(f[0].level[s->levels - 1].name, "PTE");
		assert_int_equal(pgtable_upper(&f[0]), -(1ull << s->va_bits));
	}
}

static void no_such_sizes(void **state)
{
	static const unsigned int bad[][2] = {
		{ 13, 48 }, { 12, 57 }, { 12, 20 }, { 0, 48 }, { 16, 0 }
	};
	struct pt_format f[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_fails(arm64_formats(bad[i][0], bad[i][1], ARM64_SWAP_6, f), -EBADMSG,
			     "pages of");
}

/* A page of the kernel's half and one of user space's, in all sizes: also the highest. */
static void pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		const unsigned int shift = sizes[i].page_shift;
		const uint64_t top = 1ull << sizes[i].va_bits,
			       offsets[] = { 5ull << shift, top - (1ull << shift) };

		for (size_t o = 0; o < ARRAY_SIZE(offsets); o++) {
			struct memory *m = memory_new(shift);
			const uint64_t kernel = -top + offsets[o], user = offsets[o];
			struct pt_format f[2];
			struct mapping at;

			assert_ok(arm64_formats(shift, sizes[i].va_bits, ARM64_SWAP_6, f));
			map(m, &f[0], kernel, sizes[i].levels - 1, 0x7b0000ull | TABLE | RO);
			memory_open(m);
			at = lookup(m, &f[0], kernel + 0x123);
			assert_int_equal(at.kind, MAP_RAM);
			assert_int_equal(at.pa, 0x7b0123);
			assert_int_equal(at.left, (1ull << shift) - 0x123);
			assert_int_equal(at.shift, shift);
			assert_true(at.constant);
			/* A tag changes nothing; the tables of one half do not serve the other. */
			assert_int_equal(lookup(m, &f[0], (kernel + 8) ^ 0x5aull << 56).pa,
					 0x7b0008);
			assert_int_equal(lookup(m, &f[0], user).kind, MAP_NONE);
			assert_int_equal(lookup(m, &f[1], user + 0x123).pa, 0x7b0123);
			assert_int_equal(lookup(m, &f[1], user | 0x12ull << 56).pa, 0x7b0000);
			assert_int_equal(lookup(m, &f[1], kernel).kind, MAP_NONE);
			assert_false(pgtable_serves(&f[0], -top - 1));
			assert_false(pgtable_serves(&f[1], top));
			memory_free(m);
		}
	}
}

/* An entry of a level above the last maps as much as a table would. */
static void blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		const unsigned int shift = sizes[i].page_shift, end = sizes[i].levels - 2;
		struct memory *m = memory_new(shift);
		const uint64_t va = -(1ull << sizes[i].va_bits) + (3ull << (2 * shift - 3));
		struct pt_format f[2];
		struct mapping at;

		assert_ok(arm64_formats(shift, sizes[i].va_bits, ARM64_SWAP_6, f));
		map(m, &f[0], va, end, 0x4000000000ull | BLOCK);
		memory_open(m);
		at = lookup(m, &f[0], va + 0x12345);
		assert_int_equal(at.kind, MAP_RAM);
		assert_int_equal(at.pa, 0x4000012345);
		assert_int_equal(at.shift, 2 * shift - 3);
		assert_false(at.constant);
		memory_free(m);
	}
}

/* The highest bits of a physical address have another place. */
static void high_addresses(void **state)
{
	static const struct {
		unsigned int page_shift, va_bits;
		uint64_t entry, pa;
	} cases[] = {
		{ 12, 52, 0x0000a000ull | 3ull << 8, 3ull << 50 | 0xa000 },
		{ 14, 52, 0x000c0000ull | 2ull << 8 | 1ull << 49, 5ull << 49 | 0xc0000 },
		{ 16, 52, 0x000d0000ull | 0xaull << 12, 0xaull << 48 | 0xd0000 },
		{ 12, 48, 0x0000a000ull | 3ull << 8, 0xa000 },
		{ 14, 47, 0x000c0000ull | 3ull << 8, 0xc0000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pt_format f[2];

		assert_ok(arm64_formats(cases[i].page_shift, cases[i].va_bits, ARM64_SWAP_6, f));
		assert_int_equal(pgtable_address(&f[0], cases[i].entry | TABLE), cases[i].pa);
	}
}

/* What an entry that is not valid tells, in each kernel's way. */
static void absent(void **state)
{
	static const struct {
		enum arm64_swap swap;
		uint64_t entry, none;
	} cases[] = {
		{ ARM64_SWAP_2, 3ull << 2 | 0x54321ull << 8, 0x7b0000 | NONE_OLD },
		{ ARM64_SWAP_3, 3ull << 3 | 0x54321ull << 8, 0x7b0000 | NONE_OLD },
		{ ARM64_SWAP_6, 3ull << 6 | 0x54321ull << 12, 0x7b0000 | NG },
	};
	const uint64_t va = 0x7f1234567000;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct memory *m = memory_new(12);
		struct pt_format f[2];
		struct mapping at;

		assert_ok(arm64_formats(12, 48, cases[i].swap, f));
		map(m, &f[1], va, 3, cases[i].entry);
		m->page[3][slot(&f[1].level[3], va) + 1] = cases[i].none;
		memory_open(m);
		at = lookup(m, &f[1], va);
		assert_int_equal(at.kind, MAP_SWAPPED);
		assert_int_equal(at.swap_type, 3);
		assert_int_equal(at.swap_offset, 0x54321);
		at = lookup(m, &f[1], va + 0x1004);
		assert_int_equal(at.kind, MAP_RAM);
		assert_int_equal(at.pa, 0x7b0004);
		assert_int_equal(lookup(m, &f[1], va + 0x2000).kind, MAP_NONE);
		memory_free(m);
	}
}

struct seen {
	size_t n;
	struct mapped last;
};

static int see(void *arg, const struct mapped *m)
{
	struct seen *seen = arg;

	seen->n++;
	seen->last = *m;
	return 0;
}

static void scan(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct memory *m = memory_new(sizes[i].page_shift);
		const uint64_t size = 1ull << sizes[i].page_shift,
			       upper = -(1ull << sizes[i].va_bits);
		struct pt_format f[2];
		struct seen seen = { 0 };

		assert_ok(arm64_formats(sizes[i].page_shift, sizes[i].va_bits, ARM64_SWAP_6, f));
		map(m, &f[0], -size, sizes[i].levels - 1, 0x7b0000ull | TABLE);
		memory_open(m);
		assert_ok(pgtable_scan(m->dump, &f[0], 0, 0, upper, UINT64_MAX, see, &seen));
		assert_int_equal(seen.n, 1);
		assert_int_equal(seen.last.va, -size);
		assert_int_equal(seen.last.pa, 0x7b0000);
		assert_int_equal(seen.last.size, size);
		assert_fails(pgtable_scan(m->dump, &f[0], 0, 0, 0, 5, see, &seen), -EINVAL,
			     "no range");
		memory_free(m);
	}
}

/* Damaged tables: one that leads to itself, one that is not there. */
static void damage(void **state)
{
	struct memory *m = memory_new(12);
	struct pt_format f[2];
	struct mapping at;

	(void)state;
	assert_ok(arm64_formats(12, 52, ARM64_SWAP_6, f));
	for (int i = 0; i < 512; i++)
		m->page[0][i] = TABLE;
	m->page[0][1] = 4ull << 12 | TABLE;
	m->missing[4] = true;
	memory_open(m);
	at = lookup(m, &f[0], -1ull & ~0xfffull);
	assert_int_equal(at.kind, MAP_RAM);
	assert_int_equal(at.pa, 0);
	assert_fails(pgtable_walk(m->dump, &f[0], 0, 0, -(1ull << 52) + (1ull << 48), &at),
		     -ENODATA, "page table of 0xfff1000000000000");
	memory_free(m);
}

#define VOFFSET 0xffff7fffc0000000ull
#define IMAGE	0xffff800000000000ull

static const struct kernel_case {
	unsigned int page_shift, va_bits, t1sz; /* of the kernel, of the processor; 0: not told */
	unsigned int table_bits;
	bool old; /* the direct map is in the upper half of the kernel's */
} cases[] = {
	{ 12, 48, 16, 48, false }, { 12, 52, 12, 52, false }, { 12, 52, 16, 48, false },
	{ 16, 52, 16, 52, false }, { 16, 48, 16, 48, false }, { 14, 47, 17, 47, false },
	{ 12, 48, 16, 48, true },  { 12, 48, 0, 48, true },
};

/* Where PAGE_OFFSET counts from, when a processor has fewer bits than the kernel. */
static uint64_t phys_offset_of(const struct kernel_case *c)
{
	return c->va_bits > c->table_bits ? (1ull << c->table_bits) - (1ull << c->va_bits) : 0;
}

static void write_vmcoreinfo(struct memory *m, const struct kernel_case *c)
{
	put(&m->vmcoreinfo, "OSRELEASE=6.12.1\nPAGESIZE=%u\nNUMBER(VA_BITS)=%u\n", 1u << m->shift,
	    c->va_bits);
	if (c->t1sz)
		put(&m->vmcoreinfo, "NUMBER(TCR_EL1_T1SZ)=0x%x\n", c->t1sz);
	put(&m->vmcoreinfo,
	    "NUMBER(kimage_voffset)=0x%llx\nNUMBER(PHYS_OFFSET)=0x%lx\nKERNELOFFSET=1230000\n"
	    "SYMBOL(swapper_pg_dir)=%llx\nSYMBOL(_stext)=%llx\n",
	    VOFFSET, phys_offset_of(c), VOFFSET, IMAGE + (8ull << m->shift));
}

/* The first page of memory, the root, in the direct map at @direct, and two pages of the image. */
static void fill_tables(struct memory *m, const struct pt_format *f, uint64_t direct)
{
	const uint64_t size = 1ull << m->shift, image = IMAGE + 8 * size;
	const size_t last = f->nr_levels - 1u;

	map(m, f, direct, last, TABLE);
	for (uint64_t i = 0; i < 2; i++)
		map(m, f, image + i * size, last, (image - VOFFSET + i * size) | TABLE);
}

static void bring_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct kernel_case *c = &cases[i];
		struct memory *m = memory_new(c->page_shift);
		const uint64_t size = 1ull << c->page_shift;
		const uint64_t base = -(1ull << (c->old ? c->va_bits - 1 : c->va_bits));
		const uint64_t first = base - phys_offset_of(c);
		const struct space *s;
		struct pt_format f[2];
		struct kernel *k;
		uint64_t pa, left;

		assert_ok(arm64_formats(c->page_shift, c->table_bits, ARM64_SWAP_6, f));
		fill_tables(m, &f[0], first);
		write_vmcoreinfo(m, c);
		memory_open(m);
		assert_ok(kernel_open(m->dump, NULL, &k));
		assert_ok(kernel_space(k, &s));
		assert_int_equal(s->pt->va_bits, c->table_bits);
		assert_int_equal(s->direct.first, base);
		assert_int_equal(first + s->direct.delta, 0);
		assert_true(s->direct.last >= first);
		assert_int_equal(s->image.first, IMAGE + 8 * size);
		assert_int_equal(s->image.last, IMAGE + 10 * size - 1);
		assert_int_equal(s->moved, 0x1230000);
		assert_ok(space_translate(s, m->dump, first + 8, &pa, &left));
		assert_int_equal(pa, 8);
		assert_ok(space_translate(s, m->dump, s->image.first, &pa, &left));
		assert_int_equal(pa, 0x40000000 + 8 * size);
		kernel_close(k);
		memory_free(m);
	}
}

static void not_told(void **state)
{
	struct memory *m = memory_new(12);
	const struct space *s;
	struct kernel *k;

	(void)state;
	put(&m->vmcoreinfo, "OSRELEASE=6.12.1\nPAGESIZE=4096\nNUMBER(VA_BITS)=48\n");
	memory_open(m);
	assert_ok(kernel_open(m->dump, NULL, &k));
	assert_fails(kernel_space(k, &s), -ENOENT, "VMCOREINFO has no kimage_voffset");
	kernel_close(k);
	memory_free(m);
}

UNIT_TESTS(cmocka_unit_test(levels), cmocka_unit_test(no_such_sizes), cmocka_unit_test(pages),
	   cmocka_unit_test(blocks), cmocka_unit_test(high_addresses), cmocka_unit_test(absent),
	   cmocka_unit_test(scan), cmocka_unit_test(damage), cmocka_unit_test(bring_up),
	   cmocka_unit_test(not_told))
