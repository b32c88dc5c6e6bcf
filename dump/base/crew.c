#include "dump/base/crew.h"

#include <pthread.h>
#include <unistd.h>

#include "dump/base/cancel.h"

struct crew {
	crew_fn *fn;
	void *arg;
	const atomic_bool *cancel;
};

static void *join_in(void *arg)
{
	const struct crew *c = arg;

	cancel_arm(c->cancel);
	c->fn(c->arg);
	return NULL;
}

void crew_run(unsigned int most, crew_fn *fn, void *arg)
{
	struct crew crew = { .fn = fn, .arg = arg, .cancel = cancel_armed() };
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t others[CREW_MOST];
	unsigned int n = 0;

	while (n + 1 < most && n + 1 < cores && n < CREW_MOST &&
	       pthread_create(&others[n], NULL, join_in, &crew) == 0)
		n++;
	fn(arg);
	while (n)
		pthread_join(others[--n], NULL);
}
