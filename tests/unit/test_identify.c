#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dump/identify.h"

static void dumps(void **state)
{
	write_fn *const writers[] = { write_elf, write_kdump, write_lime };
	struct image img;

	(void)state;
	sample_memory(&img, 4096);
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++)
		for (int order = -1; order <= FLAT_PLAIN; order++) {
			struct made m =
				made_dump(&img, &(struct shape){ .version = 6 }, writers[i], order);
			enum file_kind kind = FILE_VMLINUX;

			assert_ok(identify(m.path, &kind));
			assert_int_equal(kind, FILE_DUMP);
			made_close(&m);
		}
	image_fini(&img);
}

static void vmlinux(void **state)
{
	static const unsigned char types[] = { 2, 3 }; /* ET_EXEC, ET_DYN */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		unsigned char head[64] = "\177ELF\2\1\1";
		enum file_kind kind = FILE_DUMP;
		struct made m;

		head[16] = types[i];
		m = made_bytes(head, sizeof(head));
		assert_ok(identify(m.path, &kind));
		assert_int_equal(kind, FILE_VMLINUX);
		made_close(&m);
	}
}

/* Both ways in say the same of a file that is no dump. */
static void others(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} cases[] = {
		{ "", 0, "an empty file" },
		{ "\x1f\x8b\x08\0more", 8, "gzip data; decompress it first" },
		{ "\xfd"
		  "7zXZ\0more",
		  10, "xz data" },
		{ "BZh91AY&SY", 10, "bzip2 data" },
		{ "\x28\xb5\x2f\xfdmore", 8, "zstd data" },
		{ "QEVM\0\0\0\3", 8, "QEMU machine state" },
		{ "LibvirtQemudSave\2\0\0\0", 20, "libvirt saved domain" },
		{ "\xd2\xbe\xd2\xbe\x08\0\0\0", 8, "VMware machine state" },
		{ "\xd0\xbe\xd2\xbe\x08\0\0\0", 8, "VMware machine state" },
		{ "\xed\x23\x8f\x61\x73\x01\x19\xa8", 8, "LKCD" },
		{ "sadump\0\0", 8, "sadump" },
		{ "PAGEDU64", 8, "Windows crash dump" },
		{ "Hello, this is a text.\n", 23, "text, not a dump" },
		{ "\1\2\3\4", 4, "neither a kernel dump nor a vmlinux" },
		{ "\0", 1, "neither a kernel dump nor a vmlinux" },
		{ "KDUMP", 5, "not a dump" },
		{ "EMiL", 4, "not a dump" },
		{ "makedumpfile\0\0\0\0", 16, "neither a kernel dump" },
		{ "\177ELF", 4, "neither a kernel dump" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m = made_bytes(cases[i].bytes, cases[i].len);
		const char *path = m.path;
		enum file_kind kind;
		struct dump *d;

		assert_fails(identify(path, &kind), -EINVAL, cases[i].text);
		assert_fails(dump_open(&path, 1, &d), -EINVAL, cases[i].text);
		assert_non_null(strstr(why(), path));
		made_close(&m);
	}
}

static void modules(void **state)
{
	unsigned char head[64] = "\177ELF\2\1\1";
	enum file_kind kind = FILE_DUMP;
	const char *path;
	struct made m;
	struct dump *d;

	(void)state;
	head[16] = 1; /* ET_REL */
	m = made_bytes(head, sizeof(head));
	path = m.path;
	assert_ok(identify(path, &kind));
	assert_int_equal(kind, FILE_MODULE);
	assert_fails(dump_open(&path, 1, &d), -EINVAL, "kernel module");
	made_close(&m);
}

/* A stream around something that is no dump. */
static void flattened_text(void **state)
{
	struct made m = made_empty();
	struct sink *sink = sink_flat(sink_file(m.fd), FLAT_PLAIN);
	const char *path = m.path;
	struct dump *d;

	(void)state;
	sink->write(sink, 0, "only a text\n", 12);
	sink_close(sink);
	assert_fails(dump_open(&path, 1, &d), -EINVAL, "text, not a dump");
	made_close(&m);
}

static void unreadable(void **state)
{
	enum file_kind kind;

	(void)state;
	assert_fails(identify("/nowhere/at/all", &kind), -ENOENT, "/nowhere/at/all: No such file");
	assert_fails(identify("/tmp", &kind), -EINVAL, "a directory");
}

UNIT_TESTS(cmocka_unit_test(dumps), cmocka_unit_test(vmlinux), cmocka_unit_test(others),
	   cmocka_unit_test(modules), cmocka_unit_test(flattened_text),
	   cmocka_unit_test(unreadable))
