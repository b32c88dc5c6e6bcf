#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "fs/gen.h"

static void shows(const struct lister *l, const char *name, uint32_t mode, uint64_t ino)
{
	struct attr attr = { .uid = 7, .gid = 8 };

	assert_ok(l->behind(name, &attr));
	assert_int_equal(attr.mode, mode);
	assert_int_equal(attr.ino, ino);
	assert_int_equal(attr.uid, 7);
	assert_int_equal(attr.gid, 8);
}

static void kinds_and_numbers(void **state)
{
	(void)state;
	shows(&list_task_fds, "socket:[1536]", S_IFSOCK | 0777, 1536);
	shows(&list_task_fds, "pipe:[0]", S_IFIFO | 0600, 0);
	shows(&list_task_fds, "uts:[4026531838]", S_IFREG | 0444, 4026531838);
	shows(&list_task_ns, "mnt:[4026531841]", S_IFREG | 0444, 4026531841);
	shows(&list_task_ns, "net:[18446744073709551615]", S_IFREG | 0444, UINT64_MAX);
}

static void nothing_else(void **state)
{
	static const char *const names[] = {
		"",
		"3",
		"socket",
		"socket:",
		"socket:[",
		"socket:[]",
		"socket:[1",
		"socket:[1]x",
		"socket:[x]",
		"socket:[1x]",
		"sock:[1]",
		"Socket:[1]",
		"socket:[ 1]",
		"socket:[-1]",
		"tcp:[1]",
		"anon_inode:[eventfd]",
		"anon_inode:[1]",
		":[1]",
		"socket:[1] ",
	};
	struct attr attr;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(list_task_fds.behind(names[i], &attr), -ENOENT);
		assert_int_equal(list_task_ns.behind(names[i], &attr), -ENOENT);
	}
	assert_int_equal(list_task_ns.behind("socket:[1]", &attr), -ENOENT);
}

static void not_in_fdinfo(void **state)
{
	(void)state;
	assert_null(list_task_fdinfos.behind);
	assert_null(list_task_fdinfos.attr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_and_numbers),
		cmocka_unit_test(nothing_else),
		cmocka_unit_test(not_in_fdinfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
