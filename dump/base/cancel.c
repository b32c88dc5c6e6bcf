#include "dump/base/cancel.h"

#include <stddef.h>

static _Thread_local const atomic_bool *armed;

void cancel_arm(const atomic_bool *flag)
{
	armed = flag;
}

const atomic_bool *cancel_armed(void)
{
	return armed;
}

bool cancelled(void)
{
	return armed && atomic_load_explicit(armed, memory_order_relaxed);
}
