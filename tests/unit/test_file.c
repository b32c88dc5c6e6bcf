#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/file.h"

static void reads(void **state)
{
	struct made m = made_bytes("0123456789", 10);
	char buf[16];
	struct file *f;
	size_t n;

	(void)state;
	assert_ok(file_open(m.path, &f));
	assert_int_equal(f->size, 10);
	assert_string_equal(f->name, m.path);
	assert_ok(file_read(f, 3, buf, 4));
	assert_memory_equal(buf, "3456", 4);
	assert_ok(file_read_some(f, 8, buf, 16, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(buf, "89", 2);
	assert_ok(file_read_some(f, 10, buf, 1, &n));
	assert_int_equal(n, 0);
	assert_ok(file_read_some(f, UINT64_MAX - 4, buf, 16, &n));
	assert_int_equal(n, 0);
	assert_ok(file_read(f, 10, buf, 0));
	assert_fails(file_read(f, 8, buf, 3), -ENODATA, "ends at 0xa, wanted 3 bytes at 0x8");
	assert_fails(file_read(f, 11, buf, 1), -ENODATA, "ends at 0xa");
	file_close(f);
	made_close(&m);
}

/* The file gets shorter under us: an error, no signal. */
static void shrinks(void **state)
{
	struct made m = made_bytes("0123456789", 10);
	char buf[16];
	struct file *f;

	(void)state;
	assert_ok(file_open(m.path, &f));
	made_cut(&m, 4);
	assert_fails(file_read(f, 3, buf, 4), -EIO, "become shorter");
	file_close(f);
	made_close(&m);
}

static void not_files(void **state)
{
	char dir[] = "/tmp/vmcorefs-unit-XXXXXX", fifo[64];
	struct file *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_fails(file_open(fifo, &f), -ENOENT, "No such file");
	assert_fails(file_open(dir, &f), -EINVAL, "a directory");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_fails(file_open(fifo, &f), -EINVAL, "a FIFO");
	assert_fails(file_open("/dev/null", &f), -EINVAL, "not a regular file");
	assert_fails(file_open("", &f), -ENOENT, "No such file");
	file_close(NULL);
	unlink(fifo);
	rmdir(dir);
}

UNIT_TESTS(cmocka_unit_test(reads), cmocka_unit_test(shrinks), cmocka_unit_test(not_files))
