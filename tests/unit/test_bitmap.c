#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "dump/base/cancel.h"
#include "dump/bitmap.h"
#include "tests/image/mem_file.h"

#define NBYTES	   20000
#define NBITS	   (8 * NBYTES - 5)
#define BLOCK_BITS 32768

/* Long runs and noise, so that runs cross words, blocks and the end. */
static void fill(unsigned char *bits)
{
	srandom(2);
	for (size_t i = 0; i < NBYTES;) {
		size_t run = 1 + (size_t)random() % 900;
		int kind = (int)random() % 3;

		for (; run && i < NBYTES; run--, i++)
			bits[i] = kind == 0 ? 0 : kind == 1 ? 0xff : (unsigned char)random();
	}
}

static bool bit(const unsigned char *bits, uint64_t i)
{
	return bits[i / 8] >> i % 8 & 1;
}

static void as_counted_one_by_one(void **state)
{
	static unsigned char bits[NBYTES];
	struct mem_file mem;
	struct bitmap *b;
	uint64_t rank = 0, end = 0, got;
	bool value;

	(void)state;
	fill(bits);
	assert_ok(bitmap_open(mem_file(&mem, bits, NBYTES), 0, NBITS, &b));
	for (uint64_t i = 0; i < NBITS; i++) {
		if (i == end)
			for (end++; end < NBITS && bit(bits, end) == bit(bits, i); end++)
				;
		assert_ok(bitmap_test(b, i, &value));
		assert_int_equal(value, bit(bits, i));
		assert_ok(bitmap_rank(b, i, &got));
		assert_int_equal(got, rank);
		rank += value;
		if (i % 13 && i + 1 != end)
			continue;
		assert_ok(bitmap_run(b, i, UINT64_MAX, &value, &got));
		assert_int_equal(value, bit(bits, i));
		/* a block is as far as one call looks */
		assert_int_equal(got, end < i / BLOCK_BITS * BLOCK_BITS + BLOCK_BITS
					      ? end
					      : (i / BLOCK_BITS + 1) * BLOCK_BITS);
	}
	assert_ok(bitmap_rank(b, NBITS, &got));
	assert_int_equal(got, rank);
	assert_ok(bitmap_rank(b, UINT64_MAX, &got));
	assert_int_equal(got, rank);
	bitmap_close(b);
}

/* A far position first, then near ones; and a bitmap that begins within the file. */
static void any_order(void **state)
{
	static unsigned char bits[NBYTES];
	uint64_t got, want[200] = { 0 };
	struct mem_file mem;
	struct bitmap *b;

	(void)state;
	fill(bits);
	for (uint64_t i = 0, rank = 0, n = 0; n < 200; i++) {
		if (i % 700 == 0)
			want[n++] = rank;
		rank += bit(bits + 123, i);
	}
	assert_ok(bitmap_open(mem_file(&mem, bits, NBYTES), 123, 8 * (NBYTES - 123), &b));
	for (uint64_t n = 200; n-- > 0;) {
		assert_ok(bitmap_rank(b, 700 * n, &got));
		assert_int_equal(got, want[n]);
	}
	bitmap_close(b);
}

static void beyond_the_end(void **state)
{
	unsigned char bits[4];
	struct mem_file mem;
	struct bitmap *b;
	uint64_t end, rank;
	bool value;

	(void)state;
	memset(bits, 0xff, sizeof(bits));
	assert_ok(bitmap_open(mem_file(&mem, bits, sizeof(bits)), 0, 27, &b));
	assert_ok(bitmap_test(b, 26, &value));
	assert_true(value);
	assert_ok(bitmap_test(b, 27, &value));
	assert_false(value);
	assert_ok(bitmap_test(b, UINT64_MAX, &value));
	assert_false(value);
	assert_ok(bitmap_run(b, 3, UINT64_MAX, &value, &end));
	assert_int_equal(end, 27);
	assert_ok(bitmap_rank(b, 1000, &rank));
	assert_int_equal(rank, 27);
	bitmap_close(b);
	assert_ok(bitmap_open(&mem.file, 0, 0, &b));
	assert_ok(bitmap_rank(b, 5, &rank));
	assert_int_equal(rank, 0);
	bitmap_close(b);
	bitmap_close(NULL);
}

/* The file is shorter than its bitmap. */
static void short_file(void **state)
{
	unsigned char bits[5000] = { 0 };
	struct mem_file mem;
	struct bitmap *b;
	uint64_t rank;
	bool value;

	(void)state;
	assert_ok(bitmap_open(mem_file(&mem, bits, sizeof(bits)), 0, 80000, &b));
	assert_ok(bitmap_test(b, 100, &value));
	assert_fails(bitmap_test(b, 79999, &value), -ENODATA, "page bitmap");
	assert_fails(bitmap_rank(b, 79999, &rank), -ENODATA, "page bitmap");
	assert_ok(bitmap_rank(b, 100, &rank));
	bitmap_close(b);
}

static void cancelled_count(void **state)
{
	static unsigned char bits[NBYTES];
	atomic_bool stop = true;
	struct mem_file mem;
	struct bitmap *b;
	uint64_t rank;

	(void)state;
	assert_ok(bitmap_open(mem_file(&mem, bits, NBYTES), 0, NBITS, &b));
	cancel_arm(&stop);
	assert_fails(bitmap_rank(b, NBITS - 1, &rank), -EINTR, "interrupted");
	cancel_arm(NULL);
	assert_ok(bitmap_rank(b, NBITS - 1, &rank));
	bitmap_close(b);
}

static unsigned char shared_bits[NBYTES];

static void *count_all(void *arg)
{
	uintptr_t wrong = 0;
	uint64_t rank = 0, got;

	for (uint64_t i = 0; i < NBITS; i++) {
		if (i % 501 == 0)
			wrong += bitmap_rank(arg, i, &got) < 0 || got != rank;
		rank += bit(shared_bits, i);
	}
	return (void *)wrong;
}

static void threads(void **state)
{
	struct mem_file mem;
	struct bitmap *b;
	pthread_t ids[4];

	(void)state;
	fill(shared_bits);
	assert_ok(bitmap_open(mem_file(&mem, shared_bits, NBYTES), 0, NBITS, &b));
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&ids[i], NULL, count_all, b), 0);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		pthread_join(ids[i], &wrong);
		assert_null(wrong);
	}
	bitmap_close(b);
}

UNIT_TESTS(cmocka_unit_test(as_counted_one_by_one), cmocka_unit_test(any_order),
	   cmocka_unit_test(beyond_the_end), cmocka_unit_test(short_file),
	   cmocka_unit_test(cancelled_count), cmocka_unit_test(threads))
