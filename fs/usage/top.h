/* The biggest of many, in order: no more than a bound of them is kept, and what is left out is counted. */
#pragma once

#include "dump/base/strbuf.h"

#define TOP_VALUES 7

struct top_row {
	uint64_t key;		/* how big */
	uint64_t v[TOP_VALUES]; /* the caller's; rows of the same key go by rising v[0] */
};

struct top {
	struct top_row *rows;
	size_t n, room;
	uint64_t left, left_key; /* rows that were left out, and their sum */
};

void top_fini(struct top *t);

#define TOP(name) __attribute__((cleanup(top_fini))) struct top name = { 0 }

/* -ENOMEM. */
int top_add(struct top *t, const struct top_row *row);

/* Biggest first. After it nothing is added. */
void top_sort(struct top *t);

/* Rows of the same v[0] become one, whose key and v[1] are sums. Before top_sort(). */
void top_merge(struct top *t);

/* "!! 12 more, 345 kB in all, are not shown", if there are. */
void put_left(struct strbuf *out, const struct top *t, const char *unit);

/* Each line of @problems with "!! " before it. */
void put_problems(struct strbuf *out, const struct strbuf *problems);
