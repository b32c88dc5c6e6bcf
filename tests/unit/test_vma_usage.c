/* What memory a mapping takes, counted from page tables and pages: alone, shared, missing, damaged. */
#include <errno.h>

#include "kernel/mem/vma_usage.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n)	((uint64_t)(FAKE_BASE + (n)))
#define MM	AT(0x100)
#define VMEMMAP AT(0x200)
#define PGD	0x8000ull /* physical; three tables more behind it */
#define PT	(PGD + 0x3000)
#define ROOT	0xc000ull   /* the kernel's own: 2 MB of image */
#define PAGES	AT(0x10000) /* 64 bytes a page */
#define START	0x10000ull
#define FRAME	0x20ull /* of the first page */

enum { PRESENT = 1, WRITE = 2, USER = 4, YOUNG = 0x20, DIRTY = 0x40, LARGE = 0x80 };

static const char types[] =
	"enum PG_referenced=1 PG_dirty=2 PG_swapbacked=3 PG_head=6\n"
	"mm_struct 16 ptr pgd@8\n"
	"page 64 u64 flags@0 u64 compound_head@8 u64 mapping@24 s32 _mapcount@48 "
	"s32 _refcount@52\n";

static const struct vma vma = { .start = START, .end = START + 0x4000 };

static void put_page(struct fake *f, unsigned int i, uint64_t flags, uint64_t mapping, int refs,
		     int mapped)
{
	uint64_t page = PAGES + 64 * (FRAME + i);

	fake_put(f, AT(PT) + 8 * (START / 4096 + i),
		 (FRAME + i) << 12 | PRESENT | USER | YOUNG | (i == 0 ? WRITE | DIRTY : 0), 8);
	fake_put(f, page, flags, 8);
	fake_put(f, page + 24, mapping, 8);
	fake_put(f, page + 48, (uint64_t)mapped - 1, 4);
	fake_put(f, page + 52, (uint64_t)refs, 4);
}

/* An anonymous page that was written to, one of a file that three others have mapped, one that nobody
 * has, one that is swapped out. */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(vmemmap_base)=%lx\nSYMBOL(init_top_pgt)=%lx\n", VMEMMAP,
	    AT(ROOT));
	fake_put(f, AT(ROOT) + 8 * 511, (ROOT + 0x1000) | PRESENT | WRITE, 8);
	fake_put(f, AT(ROOT) + 0x1000 + 8 * 510, (ROOT + 0x2000) | PRESENT | WRITE, 8);
	fake_put(f, AT(ROOT) + 0x2000, LARGE | PRESENT | WRITE, 8);
	fake_put(f, VMEMMAP, PAGES, 8);
	fake_put(f, MM + 8, AT(PGD), 8);
	for (unsigned int i = 0; i < 3; i++)
		fake_put(f, AT(PGD) + 0x1000 * i, (PGD + 0x1000 * (i + 1)) | PRESENT | WRITE | USER,
			 8);
	put_page(f, 0, 1 << 3, 0x1001, 1, 1);
	put_page(f, 1, 0, 0x2000, 5, 4);
	return f;
}

static int count(struct fake *f, struct vma_usage *ret)
{
	struct user_mem m;
	int r;

	*ret = (struct vma_usage){ 0 };
	fake_open(f);
	fake_structs(f, types);
	r = user_mem_of(f->kernel, MM, &m);
	return r < 0 ? r : vma_usage_add(&m, &vma, ret);
}

static void whole(void **state)
{
	struct fake *f = make();
	struct vma_usage u;

	(void)state;
	assert_ok(count(f, &u));
	assert_int_equal(u.resident, 0x2000);
	assert_int_equal(u.anonymous, 0x1000);
	assert_int_equal(u.private_dirty, 0x1000);
	assert_int_equal(u.shared_clean, 0x1000);
	assert_int_equal(u.pss >> PSS_SHIFT, 0x1000 + 0x400);
	assert_int_equal(u.pss_anon >> PSS_SHIFT, 0x1000);
	assert_int_equal(u.pss_file >> PSS_SHIFT, 0x400);
	assert_int_equal(u.referenced, 0x2000);
	fake_free(f);
}

/* Counts of a page that cannot be: nothing is divided by, nothing is negative. */
static void odd_counts(void **state)
{
	static const struct {
		int refs, mapped;
		uint64_t pss;
	} cases[] = {
		{ 0, 0, 0x1000 },     { -1, -5, 0x1000 },  { 1, 0x7fffffff, 0x1000 },
		{ 7, 0x40000000, 0 }, { 2, INT32_MIN, 0 },
	};
	struct vma_usage u;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();

		put_page(f, 1, 0, 0x2000, cases[i].refs, cases[i].mapped);
		assert_ok(count(f, &u));
		assert_int_equal(u.resident, 0x2000);
		assert_int_equal(u.pss_file >> PSS_SHIFT, cases[i].pss);
		fake_free(f);
	}
}

static void damaged(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
		const char *text;
	} cases[] = {
		{ VMEMMAP, 0x400000, -EFAULT, "page frame 0x20" },
		{ PAGES + 64 * (FRAME + 1) + 8, 0x400001, -EFAULT, "page frame 0x21" },
		{ AT(PT) + 8 * (START / 4096), 0x7ffffffff000 | PRESENT | USER, -EFAULT,
		  "page frame" },
	};
	struct vma_usage u;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();

		fake_put(f, cases[i].at, cases[i].value, 8);
		assert_fails(count(f, &u), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

/* A table of a level that the dump lacks. */
static void missing(void **state)
{
	struct vma_usage u;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct fake *f = make();

		f->missing[PGD / 4096 + i] = true;
		assert_fails(count(f, &u), -ENODATA, "mapping at 0x10000");
		assert_int_equal(u.resident, 0);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(odd_counts), cmocka_unit_test(damaged),
	   cmocka_unit_test(missing))
