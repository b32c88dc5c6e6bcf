/* Whole dumps that are damaged: each byte of their headers changed, cut at every kind of boundary.
 * They are refused in one line or opened, and what is then served is right. */
#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct form {
	const char *name;
	write_fn *write;
	struct shape shape;
	int order;
};

static const struct form forms[] = {
	{ "kdump zlib", write_kdump, { .version = 6, .pack = PACK_ZLIB, .level = 31 }, -1 },
	{ "kdump mixed", write_kdump, { .version = 6, .pack = PACK_MIXED }, -1 },
	{ "kdump v3", write_kdump, { .version = 3, .pack = PACK_LZO }, -1 },
	{ "kdump flat", write_kdump, { .version = 6, .pack = PACK_SNAPPY }, FLAT_PLAIN },
	{ "elf", write_elf, { .text_map = true }, -1 },
	{ "elf xnum", write_elf, { .xnum = true, .level = 31 }, -1 },
	{ "lime", write_lime, { 0 }, -1 },
};

static const char small[] = "set cpus 1\n"
			    "set release 6.1.0\n"
			    "vmcoreinfo OSRELEASE=6.1.0\n"
			    "vmcoreinfo PAGESIZE=4096\n"
			    "vmcoreinfo SYMBOL(x)=1\n"
			    "note CORE 1 1 2 3\n"
			    "page 0p zero\n"
			    "page 2p vmcoreinfo\n"
			    "pages 3p..6p pattern\n"
			    "page 7p random\n"
			    "page 8p user pattern\n"
			    "page 9p excluded\n"
			    "page 12p random\n";

static void small_memory(struct image *img)
{
	image_init(img);
	image_parse(img, small);
}

/* Open and use it, whatever it is. */
static void try_it(const struct made *m)
{
	const char *path = m->path;
	struct dump *d;

	if (dump_open(&path, 1, &d) < 0) {
		assert_true(why()[0] != 0);
		assert_null(strchr(why(), '\n'));
		return;
	}
	touch_dump(d);
	dump_close(d);
}

/* Where the headers of all forms lie: everything that a reader follows. */
static const struct {
	uint64_t start, end;
} headers[] = {
	{ 0, 480 }, { 4096, 4096 + 320 }, { 2 * 4096, 2 * 4096 + 64 }, { 4 * 4096, 4 * 4096 + 96 }
};

/* Put each of @n values of @width bytes over @at, and back what was there. */
static void change(const struct made *m, uint64_t at, const uint64_t *values, size_t n,
		   size_t width)
{
	unsigned char old[8], v[8];

	if (pread(m->fd, old, width, (off_t)at) != (ssize_t)width)
		return;
	for (size_t i = 0; i < n; i++) {
		put_uint(v, values[i], 8);
		made_patch(m, at, v, width);
		try_it(m);
	}
	made_patch(m, at, old, width);
}

static void each_header_changed(const uint64_t *values, size_t n, size_t width, size_t step)
{
	struct image img;

	small_memory(&img);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct made m = made_dump(&img, &forms[i].shape, forms[i].write, forms[i].order);

		for (size_t h = 0; h < ARRAY_SIZE(headers); h++)
			for (uint64_t at = headers[h].start; at < headers[h].end; at += step)
				change(&m, at, values, n, width);
		made_close(&m);
	}
	image_fini(&img);
}

static void each_byte_changed(void **state)
{
	static const uint64_t values[] = { 0, 0x80, 0xff };

	(void)state;
	each_header_changed(values, ARRAY_SIZE(values), 1, 1);
}

static void each_word_changed(void **state)
{
	static const uint64_t values[] = { 1, 4096, INT32_MAX, UINT32_MAX };

	(void)state;
	each_header_changed(values, ARRAY_SIZE(values), 4, 4);
}

static void each_long_changed(void **state)
{
	static const uint64_t values[] = { 1ull << 31, 1ull << 40, INT64_MAX, UINT64_MAX };

	(void)state;
	each_header_changed(values, ARRAY_SIZE(values), 8, 4);
}

/* Cut at every length: refused, or honest about it. */
static void cut_anywhere(void **state)
{
	struct image img;

	(void)state;
	small_memory(&img);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct made m = made_dump(&img, &forms[i].shape, forms[i].write, forms[i].order);
		uint64_t full = made_size(&m), last = UINT64_MAX, present;
		const char *path = m.path;
		struct dump *d;

		for (uint64_t size = full; size-- > 0;) {
			/* every byte near the boundaries of blocks, some between them */
			if (size % 4096 > 40 && size % 4096 < 4060 && size % 137)
				continue;
			made_cut(&m, size);
			if (dump_open(&path, 1, &d) < 0) {
				assert_null(strchr(why(), '\n'));
				continue;
			}
			present = check_honest(d, &img);
			assert_true(present <= last);
			last = present;
			touch_dump(d);
			dump_close(d);
		}
		made_close(&m);
	}
	image_fini(&img);
}

/* What a cut dump must say, by where it is cut. The kdump: header, sub header, two bitmaps of one
 * block, descriptors, data. */
static void told_by_boundary(void **state)
{
	static const struct {
		uint64_t size;
		int code;
		const char *text;
	} cases[] = {
		{ 0, -EINVAL, "an empty file" },
		{ 7, -EINVAL, "text, not a dump" },
		{ 11, -EINVAL, "neither a kernel dump" },
		{ 100, -ENODATA, "header" },
		{ 4096, -ENODATA, "within its headers" },
		{ 2 * 4096 - 1, -ENODATA, "within its page bitmaps" },
		{ 2 * 4096, -ENODATA, "within its page bitmaps" },
		{ 4 * 4096 - 1, -ENODATA, "within its page bitmaps" },
		{ 4 * 4096, 0, "" },
		{ 4 * 4096 + 30, 0, "" },
		{ 5 * 4096 + 10, 0, "" },
	};
	struct image img;

	(void)state;
	small_memory(&img);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m = made_dump(&img, &(struct shape){ .version = 6 }, write_kdump, -1);
		const char *path = m.path;
		struct dump *d;

		made_cut(&m, cases[i].size);
		if (cases[i].code) {
			assert_fails(dump_open(&path, 1, &d), cases[i].code, cases[i].text);
		} else {
			d = must_open(&m, 1);
			assert_true(dump_incomplete(d));
			dump_close(d);
		}
		made_close(&m);
	}
	image_fini(&img);
}

static void too_many_files(void **state)
{
	static const char *paths[5000];
	struct dump *d;

	(void)state;
	assert_fails(dump_open(paths, 0, &d), -EINVAL, "0 dump files");
	assert_fails(dump_open(paths, 5000, &d), -EINVAL, "5000 dump files");
}

static void paths_and_notes(void **state)
{
	struct image img;
	const struct note *notes;
	struct dump *d;
	struct made m;

	(void)state;
	small_memory(&img);
	m = made_dump(&img, &(struct shape){ .version = 6 }, write_kdump, -1);
	d = must_open(&m, 1);
	assert_int_equal(dump_path_count(d), 1);
	assert_string_equal(dump_path(d, 0), m.path);
	assert_int_equal(dump_notes(d, &notes), 2);
	assert_memory_equal(notes[0].desc, "\1\2\3", 3);
	dump_close(d);
	dump_close(NULL);
	made_close(&m);
	image_fini(&img);
}

UNIT_TESTS(cmocka_unit_test(each_byte_changed), cmocka_unit_test(each_word_changed),
	   cmocka_unit_test(each_long_changed), cmocka_unit_test(cut_anywhere),
	   cmocka_unit_test(told_by_boundary), cmocka_unit_test(too_many_files),
	   cmocka_unit_test(paths_and_notes))
