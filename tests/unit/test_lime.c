#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <errno.h>

static void roundtrip(void **state)
{
	struct shape shape = { 0 };
	struct image img;

	(void)state;
	sample_memory(&img, 4096);
	for (int order = -1; order <= FLAT_OVERWRITE; order++) {
		struct made m = made_dump(&img, &shape, write_lime, order);
		struct dump *d = must_open(&m, 1);
		const struct vmcoreinfo *vi;
		const struct note *notes;

		assert_string_equal(dump_facts(d)->format, "LiME");
		assert_int_equal(dump_notes(d, &notes), 0);
		assert_int_equal(dump_facts(d)->machine, 0);
		/* RAM that nobody saved at the end is not in the file at all. */
		img.nr_runs--;
		check_dump(d, &img, &shape, write_lime);
		img.nr_runs++;
		assert_ok(dump_vmcoreinfo(d, &vi));
		assert_string_equal(vi->origin, "memory");
		assert_int_equal(vi->paddr, 0x2000);
		dump_close(d);
		made_close(&m);
	}
	image_fini(&img);
}

/* Wherever the file ends, what it still has is right, and the loss is told. */
static void truncated(void **state)
{
	struct image img;
	struct made m;
	uint64_t full;

	(void)state;
	image_init(&img);
	image_parse(&img, "pages 1p..4p pattern\npages 8p..10p random\n");
	m = made_dump(&img, &(struct shape){ 0 }, write_lime, -1);
	full = made_size(&m);
	for (uint64_t size = full - 1; size > 32; size -= size < 100 ? 1 : 61) {
		struct dump *d;

		made_cut(&m, size);
		d = must_open(&m, 1);
		/* cut exactly between two ranges nothing tells */
		if (size != 3 * 4096 + 32)
			assert_true(dump_incomplete(d));
		assert_int_equal(check_honest(d, &img),
				 size < 3 * 4096 + 32	? (size - 32) / 4096
				 : size < 3 * 4096 + 64 ? 3
							: 3 + (size - 3 * 4096 - 64) / 4096);
		dump_close(d);
	}
	made_close(&m);
	image_fini(&img);
}

static void bad_headers(void **state)
{
	static const struct {
		uint64_t off, value;
		int code;
		const char *text;
	} cases[] = {
		{ 0, 0x24c694d45, -EINVAL, "neither a kernel dump" },
		{ 8, 0x9000, -EBADMSG, "LiME range 0x9000-0x3fff" },
		{ 16, UINT64_MAX, -EBADMSG, "LiME range 0x1000-0xffffffffffffffff" },
	};
	struct image img;

	(void)state;
	image_init(&img);
	image_parse(&img, "pages 1p..4p pattern\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m = made_dump(&img, &(struct shape){ 0 }, write_lime, -1);
		const char *path = m.path;
		unsigned char value[8];
		struct dump *d;

		put_uint(value, cases[i].value, 8);
		made_patch(&m, cases[i].off, value, 8);
		assert_fails(dump_open(&path, 1, &d), cases[i].code, cases[i].text);
		made_close(&m);
	}
	image_fini(&img);
}

/* Ranges that overlap: an address belongs to one of them, and every read ends. */
static void overlapping(void **state)
{
	unsigned char value[8];
	struct image img;
	struct dump *d;
	struct made m;

	(void)state;
	image_init(&img);
	image_parse(&img, "pages 1p..4p pattern\npages 8p..10p random\n");
	m = made_dump(&img, &(struct shape){ 0 }, write_lime, -1);
	put_uint(value, 0x2000, 8);
	made_patch(&m, 32 + 3 * 4096 + 8, value, 8);
	put_uint(value, 0x3fff, 8);
	made_patch(&m, 32 + 3 * 4096 + 16, value, 8);
	d = must_open(&m, 1);
	touch_dump(d);
	dump_close(d);
	made_close(&m);
	image_fini(&img);
}

UNIT_TESTS(cmocka_unit_test(roundtrip), cmocka_unit_test(truncated), cmocka_unit_test(bad_headers),
	   cmocka_unit_test(overlapping))
