/* Scope guards: the resource is released when its variable leaves the scope. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _free_	__attribute__((cleanup(cleanup_free)))
#define _close_ __attribute__((cleanup(cleanup_close)))

/* Hand a guarded pointer out: the guard keeps NULL. */
static inline void *take_ptr(void *p)
{
	void *v = *(void **)p;

	*(void **)p = NULL;
	return v;
}

#define take(p) ((__typeof__(*(p)))take_ptr(p))
