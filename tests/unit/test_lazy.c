/* Facts established once. */
#include "kernel/lazy.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "dump/base/cancel.h"
#include "dump/base/trouble.h"
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
	static const int codes[] = { -EINTR, -ENOMEM, -EIO };

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

static int make_in_trouble(void *arg)
{
	struct made_by *m = arg;

	if (!m->calls++)
		trouble_note(m->result);
	return 0;
}

/* Without a byte that may be read later, even if the maker did not mind. */
static void test_trouble_is_not_kept(void **state)
{
	static const int codes[] = { -EIO, -ESTALE, -ETIMEDOUT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct made_by m = { .result = codes[i] };
		int before = trouble_begin();
		struct lazy l;

		lazy_init(&l);
		assert_fails(lazy_get(&l, make_in_trouble, &m), codes[i], "could not be read");
		/* whoever asked for it is to know as well */
		assert_int_equal(trouble(), codes[i]);
		trouble_begin();
		assert_ok(lazy_get(&l, make_in_trouble, &m));
		assert_ok(lazy_get(&l, make_in_trouble, &m));
		assert_int_equal(m.calls, 2);
		trouble_end(before);
		lazy_fini(&l);
	}
}

struct slow {
	struct lazy lazy;
	atomic_bool begun, go_on, stop;
};

static int make_slowly(void *arg)
{
	struct slow *s = arg;

	s->begun = true;
	while (!s->go_on)
		usleep(1000);
	return 0;
}

static void *get_slowly(void *arg)
{
	struct slow *s = arg;

	lazy_get(&s->lazy, make_slowly, s);
	return NULL;
}

/* Who waits for another's work can leave. */
static void test_waiting_is_given_up(void **state)
{
	struct slow s = { .stop = true };
	pthread_t maker;

	(void)state;
	lazy_init(&s.lazy);
	assert_int_equal(pthread_create(&maker, NULL, get_slowly, &s), 0);
	while (!s.begun)
		usleep(1000);
	cancel_arm(&s.stop);
	assert_fails(lazy_get(&s.lazy, make_slowly, &s), -EINTR, "interrupted");
	cancel_arm(NULL);
	s.go_on = true;
	assert_ok(lazy_get(&s.lazy, make_slowly, &s));
	pthread_join(maker, NULL);
	lazy_fini(&s.lazy);
}

UNIT_TESTS(cmocka_unit_test(test_once), cmocka_unit_test(test_failure_is_remembered),
	   cmocka_unit_test(test_giving_up_is_not), cmocka_unit_test(test_trouble_is_not_kept),
	   cmocka_unit_test(test_waiting_is_given_up))
