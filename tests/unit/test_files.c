/* The open files of a task: all of them, one by its number, and tables that cannot be. */
#include <errno.h>

#include "dump/base/limits.h"
#include "kernel/file/files.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

static const char types[] = "task_struct 16 ptr files@8\n"
			    "files_struct 16 ptr fdt@8\n"
			    "fdtable 32 u32 max_fds@0 ptr fd@8 ptr close_on_exec@16\n";

#define TASK	(FAKE_BASE + 0x100)
#define FILES	(FAKE_BASE + 0x200)
#define TABLE	(FAKE_BASE + 0x300)
#define CLOEXEC (FAKE_BASE + 0x400)
#define ARRAY	(FAKE_BASE + 0x1000)
#define MAX	(4096 / 8 * 2) /* two pages */

static uint64_t file(uint64_t fd)
{
	return FAKE_BASE + 0x10000 + 64 * fd;
}

static const uint64_t fds[] = { 0, 1, 63, 64, 500, 600, MAX - 1 };

static struct fake *make(void)
{
	struct fake *f = fake_new();

	fake_put(f, TASK + 8, FILES, 8);
	fake_put(f, FILES + 8, TABLE, 8);
	fake_put(f, TABLE, MAX, 4);
	fake_put(f, TABLE + 8, ARRAY, 8);
	fake_put(f, TABLE + 16, CLOEXEC, 8);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fake_put(f, ARRAY + 8 * fds[i], file(fds[i]), 8);
	fake_put(f, CLOEXEC + 63 / 8, 1 << 63 % 8, 1);
	return f;
}

static void open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
}

static void whole(void **state)
{
	struct fake *f = make();
	struct files_walk w;
	struct open_file o;

	(void)state;
	open_it(f);
	assert_ok(files_begin(&w, f->kernel, TASK));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_int_equal(files_next(&w, &o), 1);
		assert_int_equal(o.fd, fds[i]);
		assert_int_equal(o.file, file(fds[i]));
		assert_int_equal(o.cloexec, fds[i] == 63);
	}
	assert_int_equal(files_next(&w, &o), 0);
	fake_free(f);
}

static void one(void **state)
{
	struct fake *f = make();
	struct open_file o = { 0 };

	(void)state;
	open_it(f);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_ok(files_find(f->kernel, TASK, fds[i], &o));
		assert_int_equal(o.file, file(fds[i]));
		assert_int_equal(o.cloexec, fds[i] == 63);
	}
	assert_fails(files_find(f->kernel, TASK, 2, &o), -ENOENT, "not open");
	assert_fails(files_find(f->kernel, TASK, MAX, &o), -ENOENT, "not open");
	assert_fails(files_find(f->kernel, TASK, UINT64_MAX, &o), -ENOENT, "not open");
	fake_free(f);
}

static void none(void **state)
{
	struct fake *f = make();
	struct files_walk w;
	struct open_file o;

	(void)state;
	fake_put(f, TASK + 8, 0, 8);
	open_it(f);
	assert_ok(files_begin(&w, f->kernel, TASK));
	assert_int_equal(files_next(&w, &o), 0);
	assert_fails(files_find(f->kernel, TASK, 0, &o), -ENOENT, "not open");
	fake_free(f);
}

static void broken(void **state)
{
	struct files_walk w;
	struct open_file o;
	struct fake *f = make();

	(void)state;
	fake_put(f, TABLE, LIMIT_FDS + 1, 4);
	open_it(f);
	assert_fails(files_begin(&w, f->kernel, TASK), -EBADMSG, "room for 67108865 open files");
	fake_free(f);

	f = make();
	f->missing[2] = true; /* the upper half of the array */
	open_it(f);
	assert_ok(files_begin(&w, f->kernel, TASK));
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(files_next(&w, &o), 1);
	assert_fails(files_next(&w, &o), -ENODATA, "open files");
	assert_ok(files_find(f->kernel, TASK, 64, &o));
	assert_fails(files_find(f->kernel, TASK, 600, &o), -ENODATA, "open files");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(one), cmocka_unit_test(none),
	   cmocka_unit_test(broken))
