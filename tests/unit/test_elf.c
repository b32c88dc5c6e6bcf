#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <errno.h>

static void roundtrip(const struct image *img, const struct shape *shape, int order)
{
	struct made m = made_dump(img, shape, write_elf, order);
	struct dump *d = must_open(&m, 1);

	assert_string_equal(dump_facts(d)->format, "ELF core");
	assert_int_equal(dump_facts(d)->machine, img->machine);
	check_dump(d, img, shape, write_elf);
	assert_int_equal(dump_incomplete(d), shape->keep_pages != 0);
	dump_close(d);
	made_close(&m);
}

static void every_shape(void **state)
{
	static const struct shape shapes[] = {
		{ .level = 0 },
		{ .level = 1 },
		{ .level = 31 },
		{ .xnum = true },
		{ .text_map = true },
		{ .zero_vaddr = true },
		{ .keep_pages = 1 },
		{ .keep_pages = 60 },
		{ .no_vmcoreinfo = true },
		{ .text_map = true, .level = 31, .xnum = true },
	};
	struct image img;

	(void)state;
	sample_memory(&img, 4096);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (int order = -1; order <= FLAT_OVERWRITE; order++)
			roundtrip(&img, &shapes[i], order);
	image_fini(&img);
}

/* 70000 pieces of one page: more than e_phnum can count. */
static void many_segments(void **state)
{
	struct shape shape = { 0 };
	struct image img;
	struct dump *d;
	struct made m;

	(void)state;
	image_init(&img);
	image_parse(&img, "comb 0..140000p 2p 1p pattern\n");
	m = made_dump(&img, &shape, write_elf, -1);
	d = must_open(&m, 1);
	check_dump(d, &img, &shape, write_elf);
	dump_close(d);
	made_close(&m);
	image_fini(&img);
}

static void segments(void **state)
{
	struct shape shape = { .text_map = true };
	const struct segment *segs;
	const struct note *notes;
	struct image img;
	struct dump *d;
	struct made m;

	(void)state;
	image_init(&img);
	image_parse(&img, "note CORE 1 1 2 3\npages 1p..4p pattern\npages 8p..9p random\n");
	m = made_dump(&img, &shape, write_elf, -1);
	d = must_open(&m, 1);
	assert_int_equal(dump_segments(d, &segs), 3);
	assert_int_equal(segs[0].vaddr, 0xffffffff80000000);
	assert_int_equal(segs[0].paddr, 0x1000);
	assert_int_equal(segs[1].vaddr, 0xffff888000001000);
	assert_int_equal(segs[1].size, 0x3000);
	assert_int_equal(segs[2].paddr, 0x8000);
	assert_int_equal(dump_notes(d, &notes), 1);
	assert_int_equal(notes[0].desc_len, 3);
	assert_memory_equal(notes[0].desc, "\1\2\3", 3);
	dump_close(d);
	made_close(&m);
	image_fini(&img);
}

/* A field of the ELF header, a value that it must not have, and what is said of it. */
static void bad_headers(void **state)
{
	static const struct {
		uint64_t off, value;
		size_t size;
		int code;
		const char *text;
	} cases[] = {
		{ 4, 1, 1, -EOPNOTSUPP, "32-bit ELF core" },
		{ 4, 0x0202, 2, -EINVAL, "neither a kernel dump" },
		{ 16, 2, 2, -EINVAL, "a vmlinux or another program, not a dump" },
		{ 16, 1, 2, -EINVAL, "relocatable ELF file" },
		{ 32, UINT64_MAX, 8, -ENODATA, "ends within its 4 program headers" },
		{ 32, 1 << 20, 8, -ENODATA, "ends within its 4 program headers" },
		{ 54, 32, 2, -EBADMSG, "program headers of 32 bytes, not 56" },
		{ 56, 0, 2, -EOPNOTSUPP, "without program headers" },
		{ 56, 0x7fff, 2, -ENODATA, "ends within its 32767 program headers" },
		{ 56, 0xffff, 2, -EOPNOTSUPP, "without program headers" },
		{ 56, 1, 2, -EBADMSG, "without memory" },
	};
	struct image img;

	(void)state;
	image_init(&img);
	image_parse(&img, "page 1p pattern\npage 3p pattern\npage 5p pattern\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m = made_dump(&img, &(struct shape){ 0 }, write_elf, -1);
		const char *path = m.path;
		unsigned char value[8];
		struct dump *d;

		put_uint(value, cases[i].value, sizeof(value));
		made_patch(&m, cases[i].off, value, cases[i].size);
		assert_fails(dump_open(&path, 1, &d), cases[i].code, cases[i].text);
		made_close(&m);
	}
	image_fini(&img);
}

static void big_endian(void **state)
{
	struct image img;
	const char *path;
	struct dump *d;
	struct made m;

	(void)state;
	sample_memory(&img, 4096);
	m = made_dump(&img, &(struct shape){ 0 }, write_elf, -1);
	path = m.path;
	made_patch(&m, 5, "\2", 1);
	made_patch(&m, 16, "\0\4", 2);
	assert_fails(dump_open(&path, 1, &d), -EOPNOTSUPP, "big-endian");
	made_close(&m);
	image_fini(&img);
}

static void elf32(void **state)
{
	struct shape shape = { .elf32 = true };
	struct image img;
	const char *path;
	struct dump *d;
	struct made m;

	(void)state;
	sample_memory(&img, 4096);
	m = made_dump(&img, &shape, write_elf, -1);
	path = m.path;
	assert_fails(dump_open(&path, 1, &d), -EOPNOTSUPP, "32-bit ELF core");
	made_close(&m);
	image_fini(&img);
}

/* A bad PT_LOAD costs itself only: the others are served and the problem is told. */
static void bad_segment(void **state)
{
	static const struct {
		size_t field;
		uint64_t value;
	} cases[] = {
		{ 8, UINT64_MAX },  { 24, UINT64_MAX }, { 24, 1ull << 60 },
		{ 32, UINT64_MAX }, { 40, UINT64_MAX }, { 40, 0 },
	};
	unsigned char value[8], page[4096];
	struct image img;

	(void)state;
	image_init(&img);
	image_parse(&img, "page 1p pattern\npage 3p pattern\npage 5p pattern\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m = made_dump(&img, &(struct shape){ 0 }, write_elf, -1);
		struct dump *d;

		put_uint(value, cases[i].value, sizeof(value));
		/* the PT_LOAD of page 3 is program header 2 */
		made_patch(&m, 64 + 2 * 56 + cases[i].field, value, sizeof(value));
		d = must_open(&m, 1);
		assert_ok(dump_read(d, 0x1000, page, sizeof(page)));
		assert_memory_equal(page, "\0\20", 2);
		touch_dump(d);
		assert_true(dump_facts(d)->problems.len || dump_incomplete(d));
		dump_close(d);
		made_close(&m);
	}
	image_fini(&img);
}

UNIT_TESTS(cmocka_unit_test(every_shape), cmocka_unit_test(many_segments),
	   cmocka_unit_test(segments), cmocka_unit_test(bad_headers), cmocka_unit_test(big_endian),
	   cmocka_unit_test(elf32), cmocka_unit_test(bad_segment))
