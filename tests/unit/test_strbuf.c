#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dump/base/limits.h"
#include "dump/base/strbuf.h"

static void appends(void **state)
{
	STRBUF(sb);

	(void)state;
	put(&sb, "%d-%s", 7, "x");
	put_str(&sb, "!");
	put_bytes(&sb, "a\0b", 3);
	assert_int_equal(sb.len, 7);
	assert_memory_equal(sb.data, "7-x!a\0b", 8);
	put_bytes(&sb, NULL, 0);
	put_str(&sb, "");
	assert_int_equal(sb.len, 7);
}

/* Around every size at which it grows. */
static void long_formats(void **state)
{
	(void)state;
	for (int width = 1; width < 5000; width += 7) {
		STRBUF(sb);

		put(&sb, "%*d", width, 1);
		put(&sb, "%*d", width, 2);
		assert_int_equal(sb.len, 2 * width);
		assert_int_equal(strlen(sb.data), 2 * width);
		assert_int_equal(sb.data[width - 1], '1');
	}
}

static void steals(void **state)
{
	STRBUF(sb);
	size_t len = 5;
	char *s;

	(void)state;
	assert_null(strbuf_steal(&sb, &len));
	assert_int_equal(len, 0);
	put_str(&sb, "text");
	s = strbuf_steal(&sb, &len);
	assert_int_equal(len, 4);
	assert_string_equal(s, "text");
	assert_int_equal(sb.len, 0);
	free(s);
}

/* Wherever it stands in a text, and whatever stands beside it. */
static void escapes_controls(void **state)
{
	static const char *const controls[] = { "\x01", "\x1f", "\x7f", "\r", "\x1b" };
	static const char *const others[] = { "\t", "\n", " ", "\\", "\x80", "\xff", "~" };
	char expected[8];

	(void)state;
	for (size_t at = 0; at < 150; at++) {
		for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
			STRBUF(sb);

			put(&sb, "%*s", (int)at, "");
			put_bytes(&sb, controls[i], 1);
			put(&sb, "%*s", (int)(149 - at), "");
			strbuf_escape_controls(&sb);
			assert_int_equal(sb.len, 153);
			snprintf(expected, sizeof(expected), "\\%03o", controls[i][0]);
			assert_memory_equal(sb.data + at, expected, 4);
			assert_int_equal(strspn(sb.data, " "), at);
		}
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
			STRBUF(sb);

			put(&sb, "%*s%s%*s", (int)at, "", others[i], (int)(149 - at), "");
			strbuf_escape_controls(&sb);
			assert_int_equal(sb.len, 150);
			assert_int_equal(sb.data[at], others[i][0]);
		}
	}
	STRBUF(two);
	put_bytes(&two, "a\0\0b\x01", 5);
	strbuf_escape_controls(&two);
	assert_string_equal(two.data, "a\\000\\000b\\001");
	STRBUF(none);
	strbuf_escape_controls(&none);
	assert_int_equal(none.len, 0);
}

/* Beyond the limit nothing more is taken, and the error stays. */
static void limited(void **state)
{
	static char chunk[1 << 20];
	STRBUF(sb);
	size_t len, n;

	(void)state;
	memset(chunk, 'x', sizeof(chunk));
	for (size_t i = 0; i < LIMIT_TEXT / sizeof(chunk) + 2; i++)
		put_bytes(&sb, chunk, sizeof(chunk));
	assert_int_equal(sb.error, -EFBIG);
	assert_true(sb.len <= LIMIT_TEXT);
	n = sb.len;
	put(&sb, "%s", "more");
	put_escaped(&sb, "x", 1, "");
	assert_int_equal(sb.len, n);
	assert_null(strbuf_steal(&sb, &len));
}

static void escapes(void **state)
{
	static const struct {
		const char *in, *also, *out;
	} cases[] = {
		{ "plain", "", "plain" },
		{ "a b", " ", "a\\040b" },
		{ "a b", "", "a b" },
		{ "a\nb\tc", "", "a\\012b\\011c" },
		{ "back\\slash", "", "back\\134slash" },
		{ "\x1b[31m", "", "\\033[31m" },
		{ "\x7f", "", "\\177" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "",
		  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xc3", "", "\\303" },
		{ "\xc3x", "", "\\303x" },
		{ "\xc2\x9b", "", "\\302\\233" }, /* C1: CSI */
		{ "\xc0\xaf", "", "\\300\\257" }, /* overlong */
		{ "\xff\xfe", "", "\\377\\376" },
		{ "\xf5\x80\x80\x80", "", "\\365\\200\\200\\200" },
		{ "\xe2\x82", "", "\\342\\202" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		STRBUF(sb);

		put_escaped(&sb, cases[i].in, strlen(cases[i].in), cases[i].also);
		assert_string_equal(sb.data, cases[i].out);
	}
}

static void escapes_nul(void **state)
{
	STRBUF(sb);

	(void)state;
	put_escaped(&sb, "a\0b", 3, "");
	assert_string_equal(sb.data, "a\\000b");
}

UNIT_TESTS(cmocka_unit_test(appends), cmocka_unit_test(long_formats), cmocka_unit_test(steals),
	   cmocka_unit_test(limited), cmocka_unit_test(escapes), cmocka_unit_test(escapes_controls),
	   cmocka_unit_test(escapes_nul))
