/* Things kept for the next who needs one. */
#include "dump/base/spares.h"

#include <pthread.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

static void keeps_a_few(void **state)
{
	static char things[SPARES + 1];
	struct spares s = { .slot = { NULL } };
	bool seen[SPARES + 1] = { false };

	(void)state;
	assert_null(spares_take(&s));
	for (int i = 0; i < SPARES; i++)
		assert_true(spares_give(&s, &things[i]));
	assert_false(spares_give(&s, &things[SPARES]));
	for (int i = 0; i < SPARES; i++) {
		char *p = spares_take(&s);

		assert_non_null(p);
		assert_false(seen[p - things]);
		seen[p - things] = true;
	}
	assert_null(spares_take(&s));
	assert_false(seen[SPARES]);
}

/* Writes to what is its alone: ThreadSanitizer sees when it is not. */
static void *work(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		long *p = spares_take(arg);

		if (!p)
			p = calloc(1, sizeof(*p));
		++*p;
		if (!spares_give(arg, p))
			free(p);
	}
	return NULL;
}

static void threads(void **state)
{
	struct spares s = { .slot = { NULL } };
	pthread_t ids[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		assert_int_equal(pthread_create(&ids[i], NULL, work, &s), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		pthread_join(ids[i], NULL);
	for (void *p; (p = spares_take(&s));)
		free(p);
}

UNIT_TESTS(cmocka_unit_test(keeps_a_few), cmocka_unit_test(threads))
