#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static void chains(void **state)
{
	(void)state;
	assert_int_equal(fail(-ENOENT, "no %s in %d", "x", 5), -ENOENT);
	assert_string_equal(why(), "no x in 5");
	assert_int_equal(within(-ENOENT, "task %#lx", 0xffffUL), -ENOENT);
	assert_string_equal(why(), "task 0xffff: no x in 5");
	fail(-EIO, "new");
	assert_string_equal(why(), "new");
}

/* Its own text may be quoted in a new message. */
static void quotes_itself(void **state)
{
	(void)state;
	fail(-EIO, "inner");
	fail(-EIO, "<%s>", why());
	assert_string_equal(why(), "<inner>");
	within(-EIO, "[%s]", why());
	assert_string_equal(why(), "[<inner>]: <inner>");
}

static void never_overflows(void **state)
{
	char *big = malloc(100000);

	(void)state;
	memset(big, 'x', 99999);
	big[99999] = 0;
	fail(-EIO, "%s", big);
	assert_true(strlen(why()) > 100 && strlen(why()) < 1024);
	for (int i = 0; i < 100; i++)
		within(-EIO, "level %d", i);
	assert_memory_equal(why(), "level 99: level 98", 18);
	within(-EIO, "%s", big);
	assert_true(strlen(why()) < 1024);
	free(big);
}

static void one_printable_line(void **state)
{
	(void)state;
	fail(-EIO, "a\nb\x1b[31mc\x7f");
	assert_string_equal(why(), "a?b?[31mc?");
	within(-EIO, "x\ty");
	assert_string_equal(why(), "x?y: a?b?[31mc?");
}

static void *other_thread(void *arg)
{
	fail(-EIO, "other");
	return arg;
}

static void belongs_to_its_thread(void **state)
{
	pthread_t thread;

	(void)state;
	fail(-EIO, "mine");
	assert_int_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
	pthread_join(thread, NULL);
	assert_string_equal(why(), "mine");
}

UNIT_TESTS(cmocka_unit_test(chains), cmocka_unit_test(quotes_itself),
	   cmocka_unit_test(never_overflows), cmocka_unit_test(one_printable_line),
	   cmocka_unit_test(belongs_to_its_thread))
