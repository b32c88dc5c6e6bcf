/* Sets of CPUs in the kernel's two forms. */
#include "dump/base/mask.h"
#include "tests/unit/unit.h"

static void forms(void **state)
{
	static const struct {
		uint64_t words[2];
		size_t nr;
		const char *hex, *list;
	} cases[] = {
		{ { 0 }, 1, "0", "" },
		{ { 1 }, 1, "1", "0" },
		{ { 3 }, 2, "3", "0-1" },
		{ { 3 }, 5, "03", "0-1" },
		{ { 0xffff }, 4, "f", "0-3" },
		{ { 0xffffffff }, 32, "ffffffff", "0-31" },
		{ { 0x1ffffffff }, 33, "1,ffffffff", "0-32" },
		{ { 0x8000000000000001, 1 }, 65, "1,80000000,00000001", "0,63-64" },
		{ { 0x15 }, 8, "15", "0,2,4" },
		{ { 0, 0xf0 }, 128, "00000000,000000f0,00000000,00000000", "68-71" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		STRBUF(hex);
		STRBUF(list);

		put_mask(&hex, cases[i].words, cases[i].nr);
		put_mask_list(&list, cases[i].words, cases[i].nr);
		assert_string_equal(hex.data, cases[i].hex);
		assert_string_equal(list.data ? list.data : "", cases[i].list);
	}
}

UNIT_TESTS(cmocka_unit_test(forms))
