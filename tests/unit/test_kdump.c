#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <errno.h>

static void roundtrip(const struct image *img, const struct shape *shape, int order)
{
	struct made m = made_dump(img, shape, write_kdump, order);
	struct dump *d = must_open(&m, 1);

	assert_string_equal(dump_facts(d)->format, "kdump-compressed");
	assert_int_equal(dump_facts(d)->flattened, order >= 0);
	assert_int_equal(dump_facts(d)->page_size, img->page_size);
	assert_int_equal(dump_facts(d)->end, image_end(img) * img->page_size);
	check_dump(d, img, shape, write_kdump);
	assert_int_equal(dump_incomplete(d), shape->keep_pages != 0);
	dump_close(d);
	made_close(&m);
}

static void every_version_and_codec(void **state)
{
	struct image img;

	(void)state;
	sample_memory(&img, 4096);
	for (int version = 1; version <= 6; version++)
		for (int pack = 0; pack <= PACK_MIXED; pack++)
			for (int order = -1; order <= FLAT_OVERWRITE; order++)
				roundtrip(&img,
					  &(struct shape){ .version = version,
							   .pack = (enum pack)pack,
							   .level = 31 },
					  order);
	image_fini(&img);
}

static void every_page_size(void **state)
{
	static const uint32_t sizes[] = { 4096, 16384, 65536 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct image img;

		sample_memory(&img, sizes[i]);
		roundtrip(&img, &(struct shape){ .version = 6, .pack = PACK_MIXED }, -1);
		image_fini(&img);
	}
}

static void every_level(void **state)
{
	struct image img;

	(void)state;
	sample_ram(&img, 4096);
	for (int level = 0; level <= 31; level++)
		roundtrip(&img, &(struct shape){ .version = 5, .pack = PACK_ZLIB, .level = level },
			  -1);
	image_fini(&img);
}

/* QEMU's two bitmaps are the same: what it left out is not known to be RAM. */
static void same_bitmaps(void **state)
{
	struct image img;

	(void)state;
	sample_memory(&img, 4096);
	roundtrip(&img, &(struct shape){ .version = 6, .pack = PACK_SNAPPY, .same_bitmaps = true },
		  FLAT_SHUFFLE);
	image_fini(&img);
}

static void incomplete(void **state)
{
	static const uint64_t keep[] = { 1, 2, 30, 57, 80, 90 };
	struct image img;

	(void)state;
	sample_memory(&img, 4096);
	for (size_t i = 0; i < ARRAY_SIZE(keep); i++)
		roundtrip(&img,
			  &(struct shape){ .version = 6, .pack = PACK_LZO, .keep_pages = keep[i] },
			  -1);
	image_fini(&img);
}

#define MAX_PARTS 16

static void make_parts(const struct image *img, struct shape shape, struct made *parts, int order)
{
	for (shape.part = 0; shape.part < shape.parts; shape.part++)
		parts[shape.part] = made_dump(img, &shape, write_kdump, order);
}

/* In reverse: the order in which they are given does not matter. */
static void open_reversed(struct made *parts, unsigned int n, struct dump **ret)
{
	struct made reversed[MAX_PARTS];

	for (unsigned int i = 0; i < n; i++)
		reversed[i] = parts[n - 1 - i];
	*ret = must_open(reversed, n);
}

static void split(void **state)
{
	struct image img;

	(void)state;
	sample_memory(&img, 4096);
	for (int version = 2; version <= 6; version++)
		for (unsigned int n = 2; n <= MAX_PARTS; n += 7) {
			struct shape shape = {
				.version = version, .parts = n, .level = 1 | 8, .pack = PACK_MIXED
			};
			struct made parts[MAX_PARTS];
			struct dump *d;

			make_parts(&img, shape, parts, version % 2 ? FLAT_PLAIN : -1);
			open_reversed(parts, n, &d);
			check_dump(d, &img, &shape, write_kdump);
			assert_false(dump_incomplete(d));
			dump_close(d);
			for (unsigned int i = 0; i < n; i++)
				made_close(&parts[i]);
		}
	image_fini(&img);
}

/* Without one of three parts the pages of that part are missing, no others. */
static void split_with_a_part_missing(void **state)
{
	struct shape shape = { .version = 6, .parts = 3 };
	struct made parts[3], two[2];
	uint64_t present[3], all = 0;
	struct image img;

	(void)state;
	sample_memory(&img, 4096);
	make_parts(&img, shape, parts, -1);
	for (int without = 0; without < 3; without++) {
		struct dump *d;

		two[0] = parts[(without + 1) % 3];
		two[1] = parts[(without + 2) % 3];
		d = must_open(two, 2);
		assert_true(dump_incomplete(d));
		assert_non_null(strstr(dump_facts(d)->problems.data, "was not given"));
		present[without] = check_honest(d, &img);
		all += present[without];
		dump_close(d);
	}
	/* Each page is missing once: together twice all pages. */
	assert_int_equal(all % 2, 0);
	for (int i = 0; i < 3; i++) {
		assert_true(present[i] > 0 && present[i] < all / 2);
		made_close(&parts[i]);
	}
	image_fini(&img);
}

static void split_errors(void **state)
{
	struct shape shape = { .version = 6, .parts = 2 };
	struct made parts[2], other, twice[2];
	const char *paths[2];
	struct image img;
	struct dump *d;

	(void)state;
	sample_memory(&img, 4096);
	make_parts(&img, shape, parts, -1);
	other = made_dump(&img, &(struct shape){ .version = 6 }, write_kdump, -1);
	twice[0] = twice[1] = parts[0];
	paths[0] = paths[1] = twice[0].path;
	assert_fails(dump_open(paths, 2, &d), -EINVAL, "in another file too");
	paths[1] = other.path;
	assert_fails(dump_open(paths, 2, &d), -EINVAL, "not of a split set");
	made_close(&other);
	img.time++;
	shape.part = 1;
	other = made_dump(&img, &shape, write_kdump, -1);
	paths[1] = other.path;
	assert_fails(dump_open(paths, 2, &d), -EINVAL, "not of the same split set");
	made_close(&other);
	other = made_dump(&img, &shape, write_elf, -1);
	paths[1] = other.path;
	assert_fails(dump_open(paths, 2, &d), -EINVAL, "several files were given");
	made_close(&other);
	made_close(&parts[0]);
	made_close(&parts[1]);
	image_fini(&img);
}

static void facts(void **state)
{
	struct shape shape = { .version = 6, .level = 17 };
	const struct dump_facts *facts;
	const struct vmcoreinfo *vi;
	const struct note *notes;
	struct image img;
	struct dump *d;
	struct made m;

	(void)state;
	sample_ram(&img, 4096);
	m = made_dump(&img, &shape, write_kdump, -1);
	d = must_open(&m, 1);
	facts = dump_facts(d);
	assert_int_equal(facts->machine, 62);
	assert_int_equal(facts->dump_level, 17);
	assert_int_equal(facts->nr_cpus, 2);
	assert_int_equal(facts->time, 1700000000);
	assert_true(facts->has_phys_base);
	assert_int_equal(facts->phys_base, 0x1000000);
	assert_string_equal(facts->nodename, "lost-host");
	assert_string_equal(facts->release, "6.1.0-13-test");
	assert_string_equal(facts->version, "#1 SMP Test");
	assert_string_equal(facts->arch, "x86_64");
	assert_int_equal(dump_notes(d, &notes), 4);
	assert_string_equal(notes[2].name, "QEMU");
	assert_ok(dump_vmcoreinfo(d, &vi));
	assert_string_equal(vi->origin, "note");
	assert_string_equal(vi->text, (char *)img.vmcoreinfo.data);
	dump_close(d);
	made_close(&m);
	image_fini(&img);
}

/* Before version 4 there are no notes, before version 3 nothing points at VMCOREINFO. */
static void check_text(const char *text, const char *expected)
{
	assert_non_null(strstr(text, expected));
	for (; *text; text++)
		assert_true(*text == '\n' || ((unsigned char)*text >= 0x20 && *text != 0x7f));
}

/* What a header says is told, and does nothing to a terminal. */
static void control_bytes(void **state)
{
	const struct shape shape = { .version = 6 };
	struct image img;
	struct dump *d;
	struct made m;

	(void)state;
	sample_ram(&img, 4096);
	strcpy(img.nodename, "a\nb\x7f");
	strcpy(img.arch, "x\033[31m");
	m = made_dump(&img, &shape, write_kdump, -1);
	d = must_open(&m, 1);
	check_text(dump_facts(d)->header.data, " a\\012b\\177 ");
	check_text(dump_facts(d)->problems.data, "machine \"x\\033[31m\"");
	dump_close(d);
	made_close(&m);
	image_fini(&img);
}

static void vmcoreinfo_by_version(void **state)
{
	static const char *const origins[] = { NULL,   "memory", "memory", "header",
					       "note", "note",	 "note" };
	struct image img;

	(void)state;
	sample_ram(&img, 4096);
	for (int version = 1; version <= 6; version++) {
		struct made m =
			made_dump(&img, &(struct shape){ .version = version }, write_kdump, -1);
		struct dump *d = must_open(&m, 1);
		const struct vmcoreinfo *vi;

		assert_ok(dump_vmcoreinfo(d, &vi));
		assert_string_equal(vi->origin, origins[version]);
		assert_string_equal(vi->text, (char *)img.vmcoreinfo.data);
		dump_close(d);
		made_close(&m);
	}
	image_fini(&img);
}

/* The first page descriptor's fields, and what reading its page says. */
static void bad_descriptors(void **state)
{
	static const struct {
		uint64_t off, value;
		size_t size;
		int code;
		const char *text;
	} cases[] = {
		{ 8, 4097, 4, -EBADMSG, "4097 bytes of compressed data" },
		{ 8, 0, 4, -EBADMSG, "corrupt zlib page" },
		{ 8, 7, 4, -EBADMSG, "corrupt zlib page" },
		{ 12, 0, 4, -EBADMSG, "corrupt raw page" },
		{ 12, 2, 4, -EBADMSG, "corrupt lzo page" },
		{ 12, 4, 4, -EBADMSG, "corrupt snappy page" },
		{ 12, 0x20, 4, -EBADMSG, "corrupt zstd page" },
		{ 12, 0x40, 4, -EBADMSG, "unknown page compression 0x40" },
		{ 0, 0, 8, -ENODATA, "" },
		{ 0, UINT64_MAX, 8, -ENODATA, "" },
	};
	struct image img;

	(void)state;
	image_init(&img);
	/* The last descriptors tell whether the dump is complete: spoil none of them. */
	image_parse(&img, "pages 1p..3p pattern\npages 3p..200p random\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m = made_dump(&img, &(struct shape){ .version = 6, .pack = PACK_ZLIB },
					  write_kdump, -1);
		unsigned char value[8], page[4096];
		struct dump *d;

		put_uint(value, cases[i].value, sizeof(value));
		/* header, sub header, two bitmaps of a block each */
		made_patch(&m, 4 * 4096 + cases[i].off, value, cases[i].size);
		d = must_open(&m, 1);
		assert_fails(dump_read(d, 4096, page, 4096), cases[i].code, cases[i].text);
		assert_fails(dump_read(d, 5000, page, 10), cases[i].code, cases[i].text);
		dump_close(d);
		made_close(&m);
	}
	image_fini(&img);
}

UNIT_TESTS(cmocka_unit_test(every_version_and_codec), cmocka_unit_test(every_page_size),
	   cmocka_unit_test(every_level), cmocka_unit_test(same_bitmaps),
	   cmocka_unit_test(incomplete), cmocka_unit_test(split),
	   cmocka_unit_test(split_with_a_part_missing), cmocka_unit_test(split_errors),
	   cmocka_unit_test(facts), cmocka_unit_test(control_bytes),
	   cmocka_unit_test(vmcoreinfo_by_version), cmocka_unit_test(bad_descriptors))
