#include "tests/unit/unit.h"

#include "fs/utf8.h"

static void tells_printable_characters(void **state)
{
	static const struct {
		const char *text;
		size_t len, printable;
	} cases[] = {
		{ "a", 1, 1 },
		{ "\xc3\xa9", 2, 2 },	      /* e acute */
		{ "\xe2\x82\xac", 3, 3 },     /* euro sign */
		{ "\xf0\x9f\x90\xa7", 4, 4 }, /* a penguin */
		{ "\t", 1, 0 },
		{ "\x1b[1m", 4, 0 },
		{ "\x7f", 1, 0 },
		{ "\xc2\x9b", 2, 0 }, /* a C1 control */
		{ "\xc2\xa0", 2, 2 },
		{ "\xc3", 1, 0 },	      /* cut */
		{ "\xc3\x28", 2, 0 },	      /* no continuation */
		{ "\x80", 1, 0 },	      /* nothing but one */
		{ "\xc0\xaf", 2, 0 },	      /* overlong */
		{ "\xe0\x80\xaf", 3, 0 },     /* overlong */
		{ "\xf0\x80\x80\xaf", 4, 0 }, /* overlong */
		{ "\xed\xa0\x80", 3, 0 },     /* surrogate */
		{ "\xf4\x90\x80\x80", 4, 0 }, /* beyond U+10FFFF */
		{ "\xff\xff\xff\xff", 4, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(utf8_printable(cases[i].text, cases[i].len), cases[i].printable);
}

static void replaces_what_is_no_utf8(void **state)
{
	STRBUF(out);

	(void)state;
	put_utf8(&out, "a\xff\xc3\xa9\xe2\x82 \0z", 9);
	assert_int_equal(out.len, 15);
	assert_memory_equal(out.data, "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd \0z", 15);
}

UNIT_TESTS(cmocka_unit_test(tells_printable_characters), cmocka_unit_test(replaces_what_is_no_utf8))
