#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/ranges.h"
#include "tests/image/mem_file.h"

#define SPACE 400

/* What belongs to each address: where its byte lies in the file, or one of these. */
#define NOTHING -1
#define HOLE	-2

static void naive(const struct range *v, size_t n, int *want)
{
	for (int i = 0; i < SPACE; i++)
		want[i] = NOTHING;
	for (size_t i = 0; i < n; i++)
		for (uint64_t j = 0; j < v[i].size; j++) {
			int *at = &want[v[i].paddr + j];

			if (j >= v[i].saved)
				*at = *at == NOTHING ? HOLE : *at;
			else
				*at = 1; /* some range has its byte */
		}
}

/* Is there a range that puts @byte, which tells its own offset, at @paddr? */
static bool some_range_says(const struct range *v, size_t n, uint64_t paddr, unsigned char byte)
{
	for (size_t i = 0; i < n; i++)
		if (paddr >= v[i].paddr && paddr - v[i].paddr < v[i].saved &&
		    (unsigned char)(v[i].off + (paddr - v[i].paddr)) == byte)
			return true;
	return false;
}

static void check_address(const struct ranges *rs, const struct range *v, size_t n, uint64_t paddr,
			  int want)
{
	struct extent e;
	unsigned char byte;

	ranges_extent(rs, paddr, &e);
	assert_int_equal(e.start, paddr);
	assert_true(e.end > paddr);
	assert_int_equal(e.status, want == NOTHING ? PAGE_NO_RAM
				   : want == HOLE  ? PAGE_EXCLUDED
						   : PAGE_PRESENT);
	if (want < 0) {
		assert_fails(ranges_read(rs, paddr, &byte, 1), -ENODATA, "not in the dump");
		return;
	}
	assert_ok(ranges_read(rs, paddr, &byte, 1));
	assert_true(some_range_says(v, n, paddr, byte));
}

/* Ranges of any size over each other: saved bytes win over holes, and no address is lost. */
static void as_settled_one_by_one(void **state)
{
	unsigned char bytes[1000];
	int want[SPACE];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	srandom(5);
	for (int round = 0; round < 2000; round++) {
		struct range v[12];
		size_t n = 1 + (size_t)random() % ARRAY_SIZE(v);
		struct mem_file mem;
		struct ranges rs = { .file = mem_file(&mem, bytes, sizeof(bytes)) };

		for (size_t i = 0; i < n; i++) {
			uint64_t size = 1 + (uint64_t)random() % (random() % 3 ? 30 : 200);

			v[i] = (struct range){ .paddr = (uint64_t)random() % (SPACE - size + 1),
					       .size = size,
					       .off = (uint64_t)random() % 500 };
			v[i].saved = random() % 3 ? (uint64_t)random() % (size + 1) : size;
			assert_ok(ranges_add(&rs, &v[i]));
		}
		assert_ok(ranges_settle(&rs));
		naive(v, n, want);
		for (uint64_t paddr = 0; paddr < SPACE; paddr++)
			check_address(&rs, v, n, paddr, want[paddr]);
		ranges_fini(&rs);
	}
}

static void truncated_file(void **state)
{
	unsigned char bytes[100], out[64];
	struct mem_file mem;
	struct ranges rs = { 0 };
	struct extent e;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	rs.file = mem_file(&mem, bytes, sizeof(bytes));
	assert_ok(ranges_add(
		&rs, &(struct range){ .paddr = 0x1000, .size = 50, .off = 80, .saved = 50 }));
	assert_ok(ranges_add(
		&rs, &(struct range){ .paddr = 0x2000, .size = 50, .off = 5000, .saved = 50 }));
	assert_ok(ranges_settle(&rs));
	assert_int_equal(ranges_end(&rs), 0x2000 + 50);
	ranges_extent(&rs, 0x1000, &e);
	assert_int_equal(e.status, PAGE_PRESENT);
	assert_int_equal(e.end, 0x1000 + 20);
	ranges_extent(&rs, 0x1000 + 20, &e);
	assert_int_equal(e.status, PAGE_TRUNCATED);
	assert_int_equal(e.end, 0x1000 + 50);
	ranges_extent(&rs, 0x2000, &e);
	assert_int_equal(e.status, PAGE_TRUNCATED);
	assert_ok(ranges_read(&rs, 0x1000, out, 20));
	assert_fails(ranges_read(&rs, 0x1000, out, 21), -ENODATA, "ends at");
	ranges_fini(&rs);
}

static void refused(void **state)
{
	static const struct range cases[] = {
		{ .paddr = UINT64_MAX, .size = 1 },
		{ .paddr = 0, .size = UINT64_MAX },
		{ .paddr = 1ull << 63, .size = 1ull << 63 },
		{ .paddr = 0, .size = 1, .off = UINT64_MAX, .saved = 1 },
	};
	struct ranges rs = { 0 };
	struct extent e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_fails(ranges_add(&rs, &cases[i]), -EBADMSG, "");
	assert_ok(ranges_add(&rs, &(struct range){ .paddr = 5 }));
	assert_ok(ranges_settle(&rs));
	assert_int_equal(rs.n, 0);
	assert_int_equal(ranges_end(&rs), 0);
	ranges_extent(&rs, 0, &e);
	assert_int_equal(e.status, PAGE_NO_RAM);
	assert_int_equal(e.end, UINT64_MAX);
	ranges_fini(&rs);
}

UNIT_TESTS(cmocka_unit_test(as_settled_one_by_one), cmocka_unit_test(truncated_file),
	   cmocka_unit_test(refused))
