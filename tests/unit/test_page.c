/* struct page as kernels of several times have it, the caches of slabs. */
#include "kernel/mem/page.h"

#include <errno.h>

#include "kernel/mem/slab.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define PAGES (FAKE_BASE + 0x8000)

static struct fake *with(const char *structs)
{
	struct fake *f = fake_new();

	for (unsigned int i = 0; i < 8; i++)
		fake_put(f, PAGES + 64 * i, 0x200 * (i == 0), 8);
	/* 1 to 3 go with 0; 5 is by a mask. */
	for (unsigned int i = 1; i < 4; i++)
		fake_put(f, PAGES + 64 * i + 8, PAGES + 1, 8);
	fake_put(f, PAGES + 64 * 5 + 8, ~0xffull | 1, 8);
	fake_put(f, PAGES + 48, 0xf5000000, 4);
	fake_put(f, PAGES + 64 + 48, 0xffffefff, 4);
	put(&f->vmcoreinfo, "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-4097\n");
	fake_open(f);
	fake_structs(f, structs);
	return f;
}

static void heads(void **state)
{
	struct fake *f = with("page 64 u64 flags@0 u64 compound_head@8\n");
	uint64_t head;

	(void)state;
	assert_ok(page_head(f->kernel, PAGES, &head));
	assert_int_equal(head, PAGES);
	assert_ok(page_head(f->kernel, PAGES + 128, &head));
	assert_int_equal(head, PAGES);
	assert_fails(page_head(f->kernel, 0x1000, &head), -EFAULT, "");
	fake_free(f);
}

static void heads_by_mask(void **state)
{
	struct fake *f = with("page 64 u64 flags@0 u64 compound_info@8\n");
	uint64_t head;

	(void)state;
	assert_ok(page_head(f->kernel, PAGES + 64 * 5, &head));
	assert_int_equal(head, PAGES + 64 * 4);
	fake_free(f);
	/* Of a size that allows no mask, it is the pointer still. */
	f = with("page 56 u64 flags@0 u64 compound_info@8\n");
	assert_ok(page_head(f->kernel, PAGES + 64, &head));
	assert_int_equal(head, PAGES);
	fake_free(f);
}

/* Without enumerators it is the number in VMCOREINFO: v6.10. */
static void slab_by_number(void **state)
{
	struct fake *f = with("page 64 u64 flags@0 u64 compound_head@8 u32 page_type@48\n");

	(void)state;
	assert_false(page_is_slab(f->kernel, PAGES));
	assert_true(page_is_slab(f->kernel, PAGES + 64));
	assert_false(page_is_slab(f->kernel, 0x1000));
	fake_free(f);
}

static void no_direct_map(void **state)
{
	struct fake *f = with("page 64 u64 flags@0 u64 compound_head@8\n");
	char name[SLAB_NAME_MAX];
	uint64_t page;

	(void)state;
	assert_fails(page_of_direct(f->kernel, 0x1000, &page), -ENOENT, "not in the direct map");
	assert_fails(slab_cache_name(f->kernel, ~0ull, name), -ENOENT, "not in the direct map");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(heads), cmocka_unit_test(heads_by_mask),
	   cmocka_unit_test(slab_by_number), cmocka_unit_test(no_direct_map))
