#include "dump/base/cancel.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define ASK_EVERY 512

static _Thread_local struct {
	const atomic_bool *flag;
	int64_t deadline; /* ns; 0: none */
	int64_t held;	  /* when that began */
	unsigned int holds, asked;
	bool ending;
} armed;

static atomic_bool all;

/* A few milliseconds do not matter, what it costs to ask does. */
static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

void cancel_arm(const atomic_bool *flag)
{
	armed.flag = flag;
}

const atomic_bool *cancel_armed(void)
{
	return armed.flag;
}

void cancel_after(unsigned int seconds)
{
	armed.deadline = seconds ? now() + seconds * INT64_C(1000000000) : 0;
}

void cancel_hold(void)
{
	if (!armed.holds++)
		armed.held = now();
}

void cancel_release(void)
{
	if (!--armed.holds && armed.deadline)
		armed.deadline += now() - armed.held;
}

void cancel_all(void)
{
	atomic_store(&all, true);
}

static bool is_interrupted(void)
{
	return atomic_load_explicit(&all, memory_order_relaxed) ||
	       (armed.flag && atomic_load_explicit(armed.flag, memory_order_relaxed));
}

static bool is_late(void)
{
	return armed.deadline && !armed.holds && now() >= armed.deadline;
}

bool cancelled(void)
{
	return is_interrupted() || is_late();
}

bool cancelled_at_times(void)
{
	if (armed.ending || ++armed.asked % ASK_EVERY == 0)
		armed.ending = cancelled();
	return armed.ending;
}

bool cancel_is_late(void)
{
	return !is_interrupted() && is_late();
}
