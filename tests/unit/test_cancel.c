/* Giving up: a flag, or the time. */
#include "dump/base/cancel.h"

#include <unistd.h>

#include "tests/unit/unit.h"

static void by_the_flag(void **state)
{
	atomic_bool stop = false;

	(void)state;
	assert_false(cancelled());
	cancel_arm(&stop);
	assert_ptr_equal(cancel_armed(), &stop);
	assert_false(cancelled());
	stop = true;
	assert_true(cancelled());
	assert_false(cancel_is_late());
	cancel_arm(NULL);
	assert_false(cancelled());
}

static void by_the_time(void **state)
{
	atomic_bool stop = false;

	(void)state;
	cancel_arm(&stop);
	cancel_after(1);
	assert_false(cancelled());
	usleep(1100000);
	assert_true(cancelled());
	assert_true(cancel_is_late());
	stop = true;
	assert_false(cancel_is_late()); /* the reader's leaving counts more */
	cancel_arm(NULL);
	cancel_after(0);
	assert_false(cancelled());
}

/* What is made once for all does not count. */
static void time_is_held(void **state)
{
	(void)state;
	cancel_after(1);
	cancel_hold();
	cancel_hold();
	usleep(1100000);
	assert_false(cancelled());
	cancel_release();
	assert_false(cancelled());
	cancel_release();
	assert_false(cancelled());
	usleep(1100000);
	assert_true(cancelled());
	cancel_after(0);
}

static void at_times(void **state)
{
	atomic_bool stop = true;
	unsigned int asked = 1;

	(void)state;
	cancel_arm(&stop);
	while (!cancelled_at_times())
		asked++;
	assert_in_range(asked, 1, 1000);
	assert_true(cancelled_at_times());
	cancel_arm(NULL);
	for (int i = 0; i < 2000; i++)
		assert_false(cancelled_at_times());
}

/* The last one: it is for good. */
static void of_all(void **state)
{
	(void)state;
	assert_false(cancelled());
	cancel_all();
	assert_true(cancelled() && !cancel_is_late());
	cancel_hold();
	assert_true(cancelled());
	cancel_release();
}

UNIT_TESTS(cmocka_unit_test(by_the_flag), cmocka_unit_test(by_the_time),
	   cmocka_unit_test(time_is_held), cmocka_unit_test(at_times), cmocka_unit_test(of_all))
