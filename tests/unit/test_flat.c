#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/flat.h"
#include "tests/image/mem_file.h"

#define REAL_SIZE 5000

static void put_be(struct blob *b, uint64_t v)
{
	unsigned char raw[8];

	for (int i = 0; i < 8; i++)
		raw[i] = (unsigned char)(v >> (56 - 8 * i));
	blob_add(b, raw, 8);
}

static void begin(struct blob *b)
{
	static const unsigned char zeros[4096];

	*b = (struct blob){ 0 };
	blob_add(b, "makedumpfile\0\0\0", 16);
	put_be(b, 1);
	put_be(b, 1);
	blob_add(b, zeros, sizeof(zeros) - b->len);
}

static void record(struct blob *b, uint64_t off, const void *bytes, size_t len)
{
	put_be(b, off);
	put_be(b, len);
	blob_add(b, bytes, len);
}

static void end(struct blob *b)
{
	put_be(b, UINT64_MAX);
	put_be(b, UINT64_MAX);
}

static int open_blob(const struct blob *b, struct mem_file *mem, struct file **ret)
{
	bool complete;

	return flat_open(mem_file(mem, b->data, b->len), ret, &complete);
}

/* Records at any place, of any length, over each other: the later one wins, as in an array. */
static void overlaps_like_an_array(void **state)
{
	(void)state;
	srandom(1);
	for (int round = 0; round < 300; round++) {
		unsigned char want[REAL_SIZE] = { 0 }, got[REAL_SIZE], bytes[REAL_SIZE];
		int n = 1 + (int)(random() % 60);
		struct mem_file mem;
		struct file *f;
		struct blob b;
		size_t size = 0;

		begin(&b);
		for (int i = 0; i < n; i++) {
			size_t off = (size_t)random() % (REAL_SIZE - 1);
			size_t len = 1 + (size_t)random() % (random() % 4 ? 90 : REAL_SIZE - off);

			len = off + len > REAL_SIZE ? REAL_SIZE - off : len;
			memset(bytes, i + 1, len);
			memcpy(want + off, bytes, len);
			record(&b, off, bytes, len);
			size = off + len > size ? off + len : size;
		}
		end(&b);
		assert_ok(open_blob(&b, &mem, &f));
		assert_int_equal(f->size, size);
		assert_ok(file_read(f, 0, got, size));
		assert_memory_equal(got, want, size);
		for (int i = 0; i < 50; i++) {
			size_t off = (size_t)random() % size;
			size_t len = (size_t)random() % (size - off + 1);

			assert_ok(file_read(f, off, got, len));
			assert_memory_equal(got, want + off, len);
		}
		file_close(f);
		blob_fini(&b);
	}
}

/* Cut anywhere, the stream still serves what it has; gaps are then no zeros. */
static void cut_anywhere(void **state)
{
	unsigned char got[300];
	struct mem_file mem;
	struct file *f;
	struct blob b;
	bool complete;

	(void)state;
	begin(&b);
	record(&b, 0, "first", 5);
	record(&b, 200, "second", 6);
	end(&b);
	for (size_t len = 4096 + 16 + 1; len < b.len; len++) {
		assert_ok(flat_open(mem_file(&mem, b.data, len), &f, &complete));
		assert_false(complete);
		assert_true(f->size <= 206);
		assert_int_equal(f->size > 200, len > 4096 + 16 + 5 + 16);
		if (f->size > 200)
			assert_fails(file_read(f, 0, got, 206), -ENODATA, "ends at");
		file_close(f);
	}
	assert_ok(flat_open(mem_file(&mem, b.data, b.len), &f, &complete));
	assert_true(complete);
	assert_ok(file_read(f, 0, got, 206));
	assert_memory_equal(got, "first\0\0", 7);
	assert_memory_equal(got + 200, "second", 6);
	file_close(f);
	blob_fini(&b);
}

static void bad_records(void **state)
{
	static const uint64_t cases[][2] = {
		{ 0, 0 },	  { 1ull << 63, 1 },	 { 8, UINT64_MAX },
		{ INT64_MAX, 2 }, { UINT64_MAX - 1, 5 },
	};
	struct mem_file mem;
	struct file *f;
	struct blob b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(&b);
		put_be(&b, cases[i][0]);
		put_be(&b, cases[i][1]);
		blob_add(&b, "bytes", 5);
		end(&b);
		assert_fails(open_blob(&b, &mem, &f), -EBADMSG, "record at 0x1000 says");
		blob_fini(&b);
	}
}

static void no_records(void **state)
{
	struct mem_file mem;
	struct file *f;
	struct blob b;

	(void)state;
	begin(&b);
	assert_fails(open_blob(&b, &mem, &f), -ENODATA, "without records");
	end(&b);
	assert_fails(open_blob(&b, &mem, &f), -ENODATA, "without records");
	blob_fini(&b);
}

static void probe(void **state)
{
	struct blob b;

	(void)state;
	begin(&b);
	assert_true(flat_probe(b.data, b.len));
	assert_true(flat_probe(b.data, 32));
	assert_false(flat_probe(b.data, 31));
	b.data[23] = 2;
	assert_false(flat_probe(b.data, b.len));
	b.data[23] = 1;
	b.data[12] = 'x';
	assert_false(flat_probe(b.data, b.len));
	blob_fini(&b);
}

/* A whole dump whose stream was cut: honest at every length. */
static void cut_dump(void **state)
{
	struct image img;

	(void)state;
	sample_memory(&img, 4096);
	for (int order = FLAT_PLAIN; order <= FLAT_OVERWRITE; order++) {
		struct made m = made_dump(&img, &(struct shape){ .version = 6, .pack = PACK_ZLIB },
					  write_kdump, order);
		const char *path = m.path;
		struct dump *d;

		for (uint64_t size = made_size(&m) - 1; size > 4999; size -= 4999) {
			made_cut(&m, size);
			if (dump_open(&path, 1, &d) < 0) {
				assert_null(strchr(why(), '\n'));
				continue;
			}
			assert_true(dump_incomplete(d));
			/* A garbled record may be the last word of an overwriting stream. */
			if (order != FLAT_OVERWRITE)
				check_honest(d, &img);
			touch_dump(d);
			dump_close(d);
		}
		made_close(&m);
	}
	image_fini(&img);
}

UNIT_TESTS(cmocka_unit_test(overlaps_like_an_array), cmocka_unit_test(cut_anywhere),
	   cmocka_unit_test(bad_records), cmocka_unit_test(no_records), cmocka_unit_test(probe),
	   cmocka_unit_test(cut_dump))
