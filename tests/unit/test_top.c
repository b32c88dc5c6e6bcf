/* Tables of the biggest: order, sums, and what is left out. */
#include "dump/base/limits.h"
#include "fs/usage/top.h"
#include "tests/unit/unit.h"

static void add(struct top *t, uint64_t key, uint64_t name)
{
	assert_ok(top_add(t, &(struct top_row){ .key = key, .v = { name, 1 } }));
}

static void order(void **state)
{
	static const uint64_t expected[][2] = { { 9, 1 }, { 5, 2 }, { 5, 3 }, { 1, 4 } };
	TOP(t);

	(void)state;
	add(&t, 5, 3);
	add(&t, 1, 4);
	add(&t, 9, 1);
	add(&t, 5, 2);
	top_sort(&t);
	assert_int_equal(t.n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < t.n; i++) {
		assert_int_equal(t.rows[i].key, expected[i][0]);
		assert_int_equal(t.rows[i].v[0], expected[i][1]);
	}
}

static void sums(void **state)
{
	TOP(t);

	(void)state;
	top_merge(&t);
	for (uint64_t i = 0; i < 9; i++)
		add(&t, i, i % 3);
	top_merge(&t);
	top_sort(&t);
	assert_int_equal(t.n, 3);
	assert_int_equal(t.rows[0].key, 2 + 5 + 8);
	assert_int_equal(t.rows[0].v[0], 2);
	assert_int_equal(t.rows[0].v[1], 3);
}

/* Rows are thrown out while others come: the biggest stay, the sum is right. */
static void many(void **state)
{
	const uint64_t n = 5ull * LIMIT_USAGE_ROWS + 7;
	uint64_t sum = 0;
	STRBUF(out);
	TOP(t);

	(void)state;
	for (uint64_t i = 0; i < n; i++)
		add(&t, i * 7919 % n, i);
	top_sort(&t);
	assert_int_equal(t.n, LIMIT_USAGE_ROWS);
	assert_int_equal(t.left, n - LIMIT_USAGE_ROWS);
	for (size_t i = 0; i < t.n; i++) {
		assert_int_equal(t.rows[i].key, n - 1 - i);
		sum += t.rows[i].key;
	}
	assert_int_equal(sum + t.left_key, n * (n - 1) / 2);
	put_left(&out, &t, "kB");
	assert_non_null(strstr(out.data, "!! 262151 more, "));
}

static void problems(void **state)
{
	struct strbuf none = { 0 };
	STRBUF(text);
	STRBUF(out);

	(void)state;
	put_problems(&out, &none);
	assert_null(out.data);
	put_str(&text, "one\ntwo\n");
	put_problems(&out, &text);
	assert_string_equal(out.data, "!! one\n!! two\n");
}

UNIT_TESTS(cmocka_unit_test(order), cmocka_unit_test(sums), cmocka_unit_test(many),
	   cmocka_unit_test(problems))
