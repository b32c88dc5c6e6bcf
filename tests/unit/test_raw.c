#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/cancel.h"
#include "fs/raw.h"

/* Data where a digit is odd: "0" to "9", ten bytes each. */
static int tens_read(const struct raw *raw, uint64_t off, void *buf, size_t len)
{
	char *p = buf;

	(void)raw;
	for (; len; len--, off++)
		*p++ = (char)('0' + off / 10);
	return 0;
}

static int tens_extent(const struct raw *raw, uint64_t off, bool *ret_data, uint64_t *ret_end)
{
	(void)raw;
	if (off >= 70)
		return fail(-EBADMSG, "broken at 70");
	*ret_data = off / 10 % 2;
	*ret_end = (off / 10 + 1) * 10;
	return 0;
}

static const struct raw_ops tens_ops = { .read = tens_read, .extent = tens_extent };

static void seeks_data_and_holes(void **state)
{
	struct raw tens = { .ops = &tens_ops, .size = 55 };
	uint64_t at = 77;

	(void)state;
	assert_ok(raw_seek(&tens, 0, true, &at));
	assert_int_equal(at, 10);
	assert_ok(raw_seek(&tens, 13, true, &at));
	assert_int_equal(at, 13);
	assert_ok(raw_seek(&tens, 13, false, &at));
	assert_int_equal(at, 20);
	assert_ok(raw_seek(&tens, 20, false, &at));
	assert_int_equal(at, 20);
	assert_ok(raw_seek(&tens, 52, false, &at));
	assert_int_equal(at, 55); /* the end is a hole */
	tens.size = 50;
	assert_fails(raw_seek(&tens, 41, true, &at), -ENXIO, "no data");
	tens.size = 100;
	assert_fails(raw_seek(&tens, 60, true, &at), -EBADMSG, "70");
	assert_int_equal(at, 55);
}

static void seeking_is_cancelled(void **state)
{
	struct raw tens = { .ops = &tens_ops, .size = 55 };
	atomic_bool stop = true;
	uint64_t at;

	(void)state;
	cancel_arm(&stop);
	assert_fails(raw_seek(&tens, 0, true, &at), -EINTR, "interrupted");
	cancel_arm(NULL);
}

static void reads_within_bounds(void **state)
{
	struct raw tens = { .ops = &tens_ops, .size = 55 };
	char buf[60];

	(void)state;
	assert_ok(raw_read(&tens, 9, buf, 2));
	assert_memory_equal(buf, "01", 2);
	assert_ok(raw_read(&tens, 55, buf, 0));
	assert_fails(raw_read(&tens, 54, buf, 2), -EINVAL, "leave the file");
	assert_fails(raw_read(&tens, 56, buf, 0), -EINVAL, "leave the file");
	assert_fails(raw_read(&tens, UINT64_MAX, buf, 2), -EINVAL, "leave the file");
	assert_null(raw_bytes(&tens));
}

static void texts(void **state)
{
	struct raw text = raw_of_text(strdup("hello"), 5), empty = raw_of_text(NULL, 0);
	uint64_t at;
	char buf[4];

	(void)state;
	assert_int_equal(text.size, 5);
	assert_int_equal(text.stored, 5);
	assert_ok(raw_read(&text, 1, buf, 4));
	assert_memory_equal(buf, "ello", 4);
	assert_ptr_equal(raw_bytes(&text), text.priv);
	assert_ok(raw_seek(&text, 2, true, &at));
	assert_int_equal(at, 2);
	assert_ok(raw_seek(&text, 2, false, &at));
	assert_int_equal(at, 5);
	assert_ok(raw_read(&empty, 0, buf, 0));
	raw_close(&text);
	raw_close(&text);
	raw_close(&empty);
	assert_null(text.ops);
}

UNIT_TESTS(cmocka_unit_test(seeks_data_and_holes), cmocka_unit_test(seeking_is_cancelled),
	   cmocka_unit_test(reads_within_bounds), cmocka_unit_test(texts))
