#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/trouble.h"
#include "dump/near.h"

#define SIZE  (200u << 10) /* three blocks, and a part of one */
#define BLOCK (64u << 10)

/* A file of known bytes that counts what is read, and cannot read some of it. */
struct counted {
	struct file file;
	unsigned int reads;
	uint64_t bytes, bad_from, bad_to;
};

static unsigned char byte_at(uint64_t off)
{
	return (unsigned char)(off * 7 + off / 251);
}

static int64_t counted_read(struct file *f, uint64_t off, void *buf, size_t len)
{
	struct counted *c = (struct counted *)f;

	c->reads++;
	if (off < c->bad_to && off + len > c->bad_from)
		return trouble_note(fail(-EIO, "bad at %#lx", c->bad_from));
	for (size_t i = 0; i < len; i++)
		((unsigned char *)buf)[i] = byte_at(off + i);
	c->bytes += len;
	return (int64_t)len;
}

static void counted_close(struct file *f)
{
	(void)f;
}

static const struct file_ops counted_ops = { .read = counted_read, .close = counted_close };

static struct cache *blocks;

static struct file *open_near(struct counted *c, size_t index)
{
	struct file *f;

	*c = (struct counted){ .file = { .ops = &counted_ops, .name = "it", .size = SIZE } };
	assert_ok(near_open(&c->file, blocks, index, &f));
	return f;
}

static void check(struct file *f, uint64_t off, size_t len)
{
	unsigned char *got = malloc(len + 1);

	assert_non_null(got);
	assert_ok(file_read(f, off, got, len));
	for (size_t i = 0; i < len; i++)
		assert_int_equal(got[i], byte_at(off + i));
	free(got);
}

static void small_reads_cost_one(void **state)
{
	struct counted c;
	struct file *f = open_near(&c, 0);

	(void)state;
	for (uint64_t off = 0; off + 4096 <= SIZE; off += 1000)
		check(f, off, 24 + off % 4000);
	assert_int_equal(c.reads, 4);
	assert_int_equal(c.bytes, SIZE);
	file_close(f);
}

static void long_reads_are_not_kept(void **state)
{
	struct counted c;
	struct file *f = open_near(&c, 0);

	(void)state;
	check(f, 1000, BLOCK);
	assert_int_equal(c.reads, 1);
	assert_int_equal(c.bytes, BLOCK);
	check(f, 0, 10);
	assert_int_equal(c.reads, 2);
	file_close(f);
}

static void files_are_told_apart(void **state)
{
	struct counted a, b;
	struct file *f = open_near(&a, 0), *g = open_near(&b, 1);

	(void)state;
	check(f, 5, 10);
	check(g, 5, 10);
	assert_int_equal(a.reads, 1);
	assert_int_equal(b.reads, 1);
	file_close(f);
	file_close(g);
}

/* Bad bytes cost who asks for them, and nobody else; nothing of a failure is kept. */
static void bad_bytes_cost_themselves(void **state)
{
	struct counted c;
	struct file *f = open_near(&c, 0);
	unsigned char buf[16];

	(void)state;
	c.bad_from = 3 * 4096;
	c.bad_to = 4 * 4096;
	trouble_undo(0);
	check(f, 100, 200);
	assert_ok(trouble());
	assert_fails(file_read(f, 3 * 4096 + 5, buf, 16), -EIO, "bad at 0x3000");
	assert_int_equal(trouble(), -EIO);
	trouble_undo(0);
	c.bad_to = 0;
	check(f, 3 * 4096 + 5, 16);
	file_close(f);
}

static void ends_where_the_file_does(void **state)
{
	struct counted c;
	struct file *f = open_near(&c, 0);
	unsigned char buf[16];
	size_t n;

	(void)state;
	assert_ok(file_read_some(f, SIZE - 3, buf, 16, &n));
	assert_int_equal(n, 3);
	assert_fails(file_read(f, SIZE - 3, buf, 16), -ENODATA, "the file ends");
	file_close(f);
}

static int new_cache(void **state)
{
	(void)state;
	return near_cache(&blocks);
}

static int free_cache(void **state)
{
	(void)state;
	cache_free(blocks);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_cache, free_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(small_reads_cost_one),	TEST(long_reads_are_not_kept),
		TEST(files_are_told_apart),	TEST(bad_bytes_cost_themselves),
		TEST(ends_where_the_file_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
