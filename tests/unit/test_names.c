#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>

#include "fs/names.h"

static void keeps_order_and_ids(void **state)
{
	NAMES(names);
	char name[32];
	uint64_t id;

	(void)state;
	for (uint64_t i = 0; i < 200000; i++) {
		snprintf(name, sizeof(name), "symbol_%lu", i);
		names_add(&names, name, 3 * i);
	}
	assert_int_equal(names.error, 0);
	assert_int_equal(names.n, 200000);
	assert_string_equal(names_text(&names, 0), "symbol_0");
	assert_string_equal(names_text(&names, 199999), "symbol_199999");
	assert_ok(names_find(&names, "symbol_777", &id));
	assert_int_equal(id, 2331);
	assert_fails(names_find(&names, "symbol", &id), -ENOENT, "no entry");
}

static void leaves_out_what_is_no_name(void **state)
{
	char longest[NAMES_LENGTH + 2] = "";
	NAMES(names);

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	names_add(&names, "", 1);
	names_add(&names, ".", 1);
	names_add(&names, "..", 1);
	names_add(&names, "a/b", 1);
	names_add(&names, "/", 1);
	names_add(&names, longest, 1);
	assert_int_equal(names.n, 0);
	longest[NAMES_LENGTH] = 0;
	names_add(&names, longest, 1);
	names_add(&names, "...", 1);
	assert_int_equal(names.n, 2);
	assert_int_equal(names.error, 0);
}

static void numbers(void **state)
{
	static const char *const bad[] = { "",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "01",
					   "00",
					   "1x",
					   "0x1",
					   "18446744073709551616",
					   "99999999999999999999999" };
	NAMES(names);
	uint64_t n = 77;

	(void)state;
	names_add_number(&names, 0);
	names_add_number(&names, UINT64_MAX);
	assert_string_equal(names_text(&names, 0), "0");
	assert_string_equal(names_text(&names, 1), "18446744073709551615");
	for (size_t i = 0; i < names.n; i++) {
		assert_ok(name_number(names_text(&names, i), &n));
		assert_int_equal(n, names.entries[i].id);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_fails(name_number(bad[i], &n), -ENOENT, "not a number");
	assert_true(n == UINT64_MAX);
}

UNIT_TESTS(cmocka_unit_test(keeps_order_and_ids), cmocka_unit_test(leaves_out_what_is_no_name),
	   cmocka_unit_test(numbers))
