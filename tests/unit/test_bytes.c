#include "tests/unit/unit.h"

#include "dump/base/bytes.h"

static const unsigned char raw[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };

static void in_order(void **state)
{
	struct bytes b = bytes_of(raw, sizeof(raw));

	(void)state;
	assert_int_equal(bytes_u16(&b), 0x0201);
	assert_int_equal(bytes_u32(&b), 0x06050403);
	assert_int_equal(bytes_uint(&b, 1), 7);
	assert_int_equal(bytes_uint(&b, 3), 0x0a0908);
	assert_false(b.short_);
	bytes_seek(&b, 0);
	assert_int_equal(bytes_u64(&b), 0x0807060504030201);
	assert_false(b.short_);
}

/* Beyond the end: zeros, from then on, and nothing outside is touched. */
static void beyond_the_end(void **state)
{
	struct bytes b = bytes_of(raw, sizeof(raw));

	(void)state;
	bytes_seek(&b, 5);
	assert_int_equal(bytes_u64(&b), 0);
	assert_true(b.short_);
	assert_int_equal(bytes_uint(&b, 1), 0);
	b = bytes_of(raw, sizeof(raw));
	bytes_seek(&b, UINT64_MAX);
	assert_true(b.short_);
	b = bytes_of(raw, sizeof(raw));
	assert_null(bytes_take(&b, UINT64_MAX));
	assert_true(b.short_);
	b = bytes_of(raw, sizeof(raw));
	assert_non_null(bytes_take(&b, sizeof(raw)));
	assert_false(b.short_);
	assert_non_null(bytes_take(&b, 0));
	assert_null(bytes_take(&b, 1));
	b = bytes_of(NULL, 0);
	assert_int_equal(bytes_u64(&b), 0);
	assert_true(b.short_);
}

static void loads(void **state)
{
	(void)state;
	assert_int_equal(load_le64(raw), 0x0807060504030201);
	assert_int_equal(load_be64(raw), 0x0102030405060708);
	assert_int_equal(load_le32(raw + 1), 0x05040302);
}

UNIT_TESTS(cmocka_unit_test(in_order), cmocka_unit_test(beyond_the_end), cmocka_unit_test(loads))
