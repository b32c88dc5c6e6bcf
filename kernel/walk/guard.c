#include "kernel/walk/guard.h"

#include <errno.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"

#define CANCEL_INTERVAL 256 /* steps */

/* Brent's: remember the place at every power of two; a ring comes back to it. */
int guard_step(struct guard *g, uint64_t at)
{
	if (g->steps && at == g->mark)
		return fail(-ELOOP, "%#lx comes again after %lu steps", at, g->steps);
	if (g->steps == g->next_mark) {
		g->mark = at;
		g->next_mark = g->steps ? 2 * g->steps : 1;
	}
	if (++g->steps > LIMIT_WALK)
		return fail(-ELOOP, "no end after %lu steps", g->steps);
	if (g->steps % CANCEL_INTERVAL == 0 && cancelled())
		return fail(-EINTR, "interrupted");
	return 0;
}
