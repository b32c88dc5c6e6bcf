#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/debug/places.h"

static void names(void **state)
{
	static const struct {
		const char *path, *name; /* NULL: it is none */
	} cases[] = {
		{ "/a/b/snd-hda-intel.ko", "snd_hda_intel" },
		{ "ext4.ko.debug", "ext4" },
		{ "/boot/vmlinux", "vmlinux" },
		{ "/boot/vmlinux-6.1.0-1-amd64", "vmlinux" },
		{ "vmlinux.debug", "vmlinux" },
		{ "vmlinux.lds.h", NULL },
		{ "vmlinuz", NULL },
		{ "x.ko.xz", NULL },
		{ "x.kotlin", NULL },
		{ ".ko", NULL },
		{ "/a.ko/", NULL },
		{ "", NULL },
	};
	char name[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool is = place_name(cases[i].path, name, sizeof(name));

		assert_int_equal(is, !!cases[i].name);
		if (is)
			assert_string_equal(name, cases[i].name);
	}
	assert_false(place_name("a-name-that-is-longer-than-its-room.ko", name, sizeof(name)));
}

static void by_build_id(void **state)
{
	const struct build_id id = { .bytes = { 0xab, 0x01, 0xff }, .len = 3 };
	char *path = place_of_build_id("/usr/lib/debug", &id);

	(void)state;
	assert_string_equal(path, "/usr/lib/debug/.build-id/ab/01ff.debug");
	free(path);
}

static void by_release(void **state)
{
	bool debian = false, fedora = false;
	char *path;

	(void)state;
	for (size_t i = 0; (path = place_of_vmlinux("/r", "1.2", i)); i++) {
		assert_true(i < 100);
		assert_ptr_equal(strstr(path, "/r/"), path);
		assert_non_null(strstr(path, "1.2"));
		debian |= !strcmp(path, "/r/boot/vmlinux-1.2");
		fedora |= !strcmp(path, "/r/lib/modules/1.2/vmlinux");
		free(path);
	}
	assert_true(debian && fedora);
}

static void touch(const char *folder, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
}

/* A loop of links is no folder; names come in the order of the folders, then by name. */
static void indexed(void **state)
{
	char folder[] = "/tmp/places.XXXXXX", deep[64], link[80], first[64], second[80];
	struct place_index ix = { 0 }, flat = { 0 };

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(deep, sizeof(deep), "%s/kernel", folder);
	assert_int_equal(mkdir(deep, 0700), 0);
	touch(folder, "loop.ko");
	touch(deep, "loop.ko.debug");
	touch(deep, "tun.ko");
	touch(deep, "modules.dep");
	snprintf(link, sizeof(link), "%s/around", deep);
	assert_int_equal(symlink(folder, link), 0);

	assert_ok(place_index_add(&ix, deep, true));
	assert_ok(place_index_add(&ix, folder, true));
	assert_ok(place_index_add(&ix, "/nowhere/at/all", true));
	place_index_seal(&ix);
	snprintf(first, sizeof(first), "%s/loop.ko", folder);
	snprintf(second, sizeof(second), "%s/loop.ko.debug", deep);
	assert_string_equal(place_index_find(&ix, "loop", 0), second);
	assert_string_equal(place_index_find(&ix, "loop", 1), second);
	assert_string_equal(place_index_find(&ix, "loop", 2), first);
	assert_null(place_index_find(&ix, "loop", 3));
	assert_null(place_index_find(&ix, "loo", 0));
	assert_null(place_index_find(&ix, "zzz", 0));
	place_index_fini(&ix);

	assert_ok(place_index_add(&flat, folder, false));
	place_index_seal(&flat);
	assert_string_equal(place_index_find(&flat, "loop", 0), first);
	assert_null(place_index_find(&flat, "tun", 0));
	place_index_fini(&flat);

	snprintf(link, sizeof(link), "rm -rf %s", folder);
	assert_int_equal(system(link), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(by_build_id),
		cmocka_unit_test(by_release),
		cmocka_unit_test(indexed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
