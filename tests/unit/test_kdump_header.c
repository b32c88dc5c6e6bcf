#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <errno.h>

#include "dump/kdump_header.h"

static int read_made(const struct made *m, struct kdump_header *ret)
{
	struct file *f;
	int r;

	assert_ok(file_open(m->path, &f));
	r = kdump_header_read(f, ret);
	file_close(f);
	return r;
}

/* Each version adds members; those of later versions are not read, whatever stands there. */
static void members_by_version(void **state)
{
	struct image img;

	(void)state;
	sample_ram(&img, 4096);
	for (int version = 1; version <= 6; version++) {
		struct made m = made_dump(
			&img, &(struct shape){ .version = 6, .level = 3, .parts = 2, .part = 1 },
			write_kdump, -1);
		unsigned char v[4] = { (unsigned char)version };
		struct kdump_header h;

		made_patch(&m, 8, v, 4);
		assert_ok(read_made(&m, &h));
		assert_int_equal(h.version, version);
		assert_int_equal(h.block_size, 4096);
		assert_int_equal(h.max_mapnr, image_end(&img));
		assert_int_equal(h.nr_cpus, 2);
		assert_int_equal(h.phys_base, 0x1000000);
		assert_int_equal(h.dump_level, 3);
		assert_int_equal(h.split, version >= 2);
		assert_int_equal(h.start_pfn != 0, version >= 2);
		assert_int_equal(h.end_pfn, version >= 2 ? image_end(&img) : 0);
		assert_int_equal(h.vmcoreinfo_size != 0, version >= 3);
		assert_int_equal(h.note_size != 0, version >= 4);
		assert_string_equal(h.nodename, "lost-host");
		made_close(&m);
	}
	image_fini(&img);
}

/* 0: the dump level came with version 1. */
static void version_0(void **state)
{
	struct kdump_header h;
	struct image img;
	struct made m;

	(void)state;
	sample_ram(&img, 4096);
	m = made_dump(&img, &(struct shape){ .version = 0, .level = 3 }, write_kdump, -1);
	made_patch(&m, 0, "DISKDUMP", 8);
	assert_ok(read_made(&m, &h));
	assert_int_equal(h.dump_level, -1);
	made_close(&m);
	image_fini(&img);
}

/* More page frames than 32 bits count: only version 6 has room. */
static void wide_max_mapnr(void **state)
{
	unsigned char v[8];
	struct kdump_header h;
	struct image img;
	struct made m;

	(void)state;
	sample_ram(&img, 4096);
	m = made_dump(&img, &(struct shape){ .version = 6 }, write_kdump, -1);
	put_uint(v, 1ull << 33, 8);
	made_patch(&m, 4096 + 96, v, 8);
	assert_ok(read_made(&m, &h));
	assert_int_equal(h.max_mapnr, 1ull << 33);
	put_uint(v, UINT64_MAX, 8);
	made_patch(&m, 4096 + 96, v, 8);
	assert_fails(read_made(&m, &h), -EBADMSG, "leaves the physical address space");
	made_close(&m);
	image_fini(&img);
}

static void names_without_end(void **state)
{
	char name[65];
	struct kdump_header h;
	struct image img;
	struct made m;

	(void)state;
	sample_ram(&img, 4096);
	m = made_dump(&img, &(struct shape){ .version = 6 }, write_kdump, -1);
	memset(name, 'n', sizeof(name));
	made_patch(&m, 12 + 65, name, sizeof(name));
	assert_ok(read_made(&m, &h));
	assert_int_equal(strlen(h.nodename), 65);
	assert_string_equal(h.release, "6.1.0-13-test");
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
		{ 428, 0, -EBADMSG, "block size 0" },
		{ 428, 4095, -EBADMSG, "block size 4095" },
		{ 428, 12288, -EBADMSG, "block size 12288" },
		{ 428, 131072, -EBADMSG, "block size 131072" },
		{ 428, 0x80000000, -EBADMSG, "block size" },
		{ 428, 0x00100000, -EOPNOTSUPP, "big-endian" },
		{ 8, UINT32_MAX, -EBADMSG, "header version -1" },
		{ 432, 0, -EBADMSG, "sub header of 0 blocks" },
		{ 432, UINT32_MAX, -EBADMSG, "sub header of 4294967295 blocks" },
		{ 432, 0x80000000, -EBADMSG, "sub header of" },
	};
	struct image img;

	(void)state;
	sample_ram(&img, 4096);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m = made_dump(&img, &(struct shape){ .version = 6 }, write_kdump, -1);
		struct kdump_header h;
		unsigned char v[4];

		put_uint(v, cases[i].value, 4);
		made_patch(&m, cases[i].off, v, 4);
		assert_fails(read_made(&m, &h), cases[i].code, cases[i].text);
		made_close(&m);
	}
	image_fini(&img);
}

static void of_32_bits(void **state)
{
	struct kdump_header h;
	struct image img;
	struct made m;

	(void)state;
	sample_ram(&img, 4096);
	m = made_dump(&img, &(struct shape){ .version = 6, .header32 = true }, write_kdump, -1);
	assert_fails(read_made(&m, &h), -EOPNOTSUPP, "32-bit kernel");
	made_close(&m);
	image_fini(&img);
}

static void short_files(void **state)
{
	struct kdump_header h;
	struct image img;
	struct made m;

	(void)state;
	sample_ram(&img, 4096);
	m = made_dump(&img, &(struct shape){ .version = 6 }, write_kdump, -1);
	made_cut(&m, 4096 + 103);
	assert_fails(read_made(&m, &h), -ENODATA, "ends within its headers");
	made_cut(&m, 463);
	assert_fails(read_made(&m, &h), -ENODATA, "header");
	made_close(&m);
	image_fini(&img);
}

static void probe(void **state)
{
	(void)state;
	assert_true(kdump_header_probe((const unsigned char *)"KDUMP   \6\0\0\0", 12));
	assert_true(kdump_header_probe((const unsigned char *)"DISKDUMP\0\0\0\0", 12));
	assert_false(kdump_header_probe((const unsigned char *)"KDUMP   \6\0\0", 11));
	assert_false(kdump_header_probe((const unsigned char *)"KDUMP...\6\0\0\0", 12));
}

UNIT_TESTS(cmocka_unit_test(members_by_version), cmocka_unit_test(version_0),
	   cmocka_unit_test(wide_max_mapnr), cmocka_unit_test(names_without_end),
	   cmocka_unit_test(bad_headers), cmocka_unit_test(of_32_bits),
	   cmocka_unit_test(short_files), cmocka_unit_test(probe))
