#include "kernel/sys/cputime.h"

#include "dump/base/err.h"
#include "kernel/sys/vitals.h"
#include "kernel/types/type.h"

#define NSEC_PER_SEC 1000000000

/* cputime_jiffies.h has it another name of unsigned long, cputime_nsecs.h of u64, a name itself. */
static bool is_ticks(const struct type *cputime)
{
	return cputime && cputime->of && cputime->of->kind == TYPE_INT;
}

int cputime_unit(struct kernel *k, uint64_t *ret)
{
	const struct types *ts;
	uint64_t hz;
	int r = kernel_types(k, &ts);

	if (r < 0)
		return r;
	*ret = 1;
	if (!is_ticks(types_find(ts, TYPE_TYPEDEF, "cputime_t", NULL)))
		return 0;
	r = kernel_hz(k, &hz);
	if (r >= 0)
		*ret = NSEC_PER_SEC / hz;
	return r;
}
