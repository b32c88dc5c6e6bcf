/* Facts established once. */
#include "kernel/lazy.h"

#include <errno.h>
#include <stdatomic.h>

#include "tests/unit/unit.h"

struct made_by {
	atomic_int calls;
	int result;
};

static int make(void *arg)
{
	struct made_by *m = arg;

	m->calls++;
	return m->result < 0 ? fail(m->result, "call %d", m->calls) : 0;
}

static void *get_it(void *arg)
{
	struct {
		struct lazy lazy;
		struct made_by by;
	} *both = arg;

	lazy_get(&both->lazy, make, &both->by);
	return NULL;
}

static void test_once(void **state)
{
	struct {
		struct lazy lazy;
		struct made_by by;
	} both = { 0 };
	pthread_t threads[8];

	(void)state;
	lazy_init(&both.lazy);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, get_it, &both), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(both.by.calls, 1);
	lazy_fini(&both.lazy);
}

static void test_failure_is_remembered(void **state)
{
	struct made_by m = { .result = -ENODATA };
	struct lazy l;

	(void)state;
	lazy_init(&l);
	assert_fails(lazy_get(&l, make, &m), -ENODATA, "call 1");
	assert_fails(lazy_get(&l, make, &m), -ENODATA, "call 1");
	assert_int_equal(m.calls, 1);
	lazy_fini(&l);
}

static void test_giving_up_is_not(void **state)
{
	static const int codes[] = { -EINTR, -ENOMEM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct made_by m = { .result = codes[i] };
		struct lazy l;

		lazy_init(&l);
		assert_fails(lazy_get(&l, make, &m), codes[i], "call 1");
		m.result = 0;
		assert_ok(lazy_get(&l, make, &m));
		assert_ok(lazy_get(&l, make, &m));
		assert_int_equal(m.calls, 2);
		lazy_fini(&l);
	}
}

UNIT_TESTS(cmocka_unit_test(test_once), cmocka_unit_test(test_failure_is_remembered),
	   cmocka_unit_test(test_giving_up_is_not))
