/* Which line of which source file the code at an address was made of, and which functions it is in: the
 * compiler puts functions into each other. What was looked up is kept by address, for all readers, up to
 * a bound. */
#pragma once

#include <stdatomic.h>

#include "kernel/kernel.h"

struct source_line {
	const char *function; /* as the debug file has it: any bytes; NULL: not known */
	const char *file;     /* as put_srcpath() gives it; NULL: not known */
	uint32_t line;	      /* 0: of no line */
};

/* Innermost first: each place is where the one before it was called; the last function is the one that
 * is not within another. Never changes. */
struct lines {
	atomic_uint refs;
	size_t n, bytes; /* of the whole */
	struct source_line v[];
};

/* Of the instruction at @va: for a return address look up the byte before it. 1: @ret is one to put back
 * by lines_put(); 0: there is no debug file for it, or nothing in that; -ENOMEM, -EINTR. */
int lines_at(struct kernel *k, uint64_t va, struct lines **ret);

void lines_put(struct lines *l);

static inline void lines_putp(struct lines **l)
{
	lines_put(*l);
}

/* One that puts itself back at the end of the scope. */
#define LINES(name) __attribute__((cleanup(lines_putp))) struct lines *name = NULL

struct lines_cache;

/* kernel.c's: what is kept of them; gone before the debug files. NULL: no memory. */
struct lines_cache *lines_cache_new(struct kernel *k);
void lines_cache_free(struct lines_cache *c);
