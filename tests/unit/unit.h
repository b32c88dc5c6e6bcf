/* What every unit test includes. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* ours, in err.h, is another */

#include "dump/base/err.h"

#define test_failed(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* @expr fails with @code, and says @text, on one line. */
#define assert_fails(expr, code, text)                                                       \
	do {                                                                                 \
		int r_ = (expr);                                                             \
                                                                                             \
		if (r_ != (code) || !strstr(why(), (text)) || strchr(why(), '\n'))           \
			test_failed("%s = %d, \"%s\"; expected %d, \"...%s...\"", #expr, r_, \
				    why(), (code), (text));                                  \
	} while (0)

#define assert_ok(expr)                                               \
	do {                                                          \
		int r_ = (expr);                                      \
                                                                      \
		if (r_ < 0)                                           \
			test_failed("%s = %d: %s", #expr, r_, why()); \
	} while (0)

#define UNIT_TESTS(...)                                            \
	int main(void)                                             \
	{                                                          \
		const struct CMUnitTest tests[] = { __VA_ARGS__ }; \
                                                                   \
		return cmocka_run_group_tests(tests, NULL, NULL);  \
	}
