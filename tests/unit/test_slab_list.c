/* /slab/<cache>/objects: what is listed, and that a list which is cut says so. */
#include <errno.h>
#include <stdio.h>

#include "dump/base/limits.h"
#include "fs/gen.h"
#include "tests/unit/made_slab.h"
#include "tests/unit/unit.h"

static const int chain[] = { 3, 7, -1 };

static struct render of_cache(struct kernel *k)
{
	return (struct render){ .k = k, .key = { { .id = CACHE, .name = "things" } } };
}

static void lists_what_is_in_use(void **state)
{
	struct made_slab m = made_slab(HARDENED | TURNED, chain);
	struct render r = of_cache(made_slab_open(&m));
	uint64_t id;
	NAMES(names);

	(void)state;
	assert_ok(list_slab_objects.list(&r, &names));
	assert_int_equal(names.n, NR - 2);
	for (unsigned int i = 0; i < NR; i++) {
		const bool is_free = i == 3 || i == 7;
		char name[24];

		snprintf(name, sizeof(name), "%lx", made_object(&m, i));
		assert_int_equal(names_find(&names, name, &id), is_free ? -ENOENT : 0);
		assert_int_equal(list_slab_objects.lookup(&r, name, &id), is_free ? -ENOENT : 0);
	}
	fake_free(m.f);
}

static void a_cut_list_says_so(void **state)
{
	struct made_slab m = made_slab(0, chain);
	struct render r = of_cache(made_slab_open(&m));
	char name[24];
	uint64_t id;
	NAMES(names);

	(void)state;
	for (uint64_t i = 0; i < LIMIT_SLAB_LISTED - 4; i++)
		names_add_number(&names, i);
	assert_fails(list_slab_objects.list(&r, &names), -ELOOP, "more than 1048576 objects");
	assert_int_equal(names.n, LIMIT_SLAB_LISTED);
	/* What is not listed is found all the same. */
	snprintf(name, sizeof(name), "%lx", made_object(&m, NR - 1));
	assert_int_equal(names_find(&names, name, &id), -ENOENT);
	assert_ok(list_slab_objects.lookup(&r, name, &id));
	assert_int_equal(id, made_object(&m, NR - 1));
	fake_free(m.f);
}

/* Of a slab whose freelist is damaged nothing is told. */
static void damaged(void **state)
{
	struct made_slab m = made_slab(0, chain);
	struct render r;
	uint64_t id;
	NAMES(names);
	char name[24];

	(void)state;
	made_put_next(&m, 7, 0x4141414141414141);
	r = of_cache(made_slab_open(&m));
	assert_ok(list_slab_objects.list(&r, &names));
	assert_int_equal(names.n, 0);
	snprintf(name, sizeof(name), "%lx", made_object(&m, 0));
	assert_true(list_slab_objects.lookup(&r, name, &id) < 0);
	fake_free(m.f);
}

UNIT_TESTS(cmocka_unit_test(lists_what_is_in_use), cmocka_unit_test(a_cut_list_says_so),
	   cmocka_unit_test(damaged))
