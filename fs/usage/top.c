#include "fs/usage/top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"

void top_fini(struct top *t)
{
	free(t->rows);
	*t = (struct top){ 0 };
}

static int compare(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return x->v[0] < y->v[0] ? -1 : x->v[0] > y->v[0];
}

static int by_name(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return x->v[0] < y->v[0] ? -1 : x->v[0] > y->v[0];
}

void top_sort(struct top *t)
{
	if (t->n)
		qsort(t->rows, t->n, sizeof(*t->rows), compare);
	for (; t->n > LIMIT_USAGE_ROWS; t->n--) {
		t->left++;
		t->left_key += t->rows[t->n - 1].key;
	}
}

/* Twice as many as are shown are kept, so that few additions sort. */
int top_add(struct top *t, const struct top_row *row)
{
	if (t->n == 2 * LIMIT_USAGE_ROWS)
		top_sort(t);
	if (t->n == t->room) {
		size_t room = t->room ? 2 * t->room : 256;
		struct top_row *rows = realloc(t->rows, room * sizeof(*rows));

		if (!rows)
			return fail(-ENOMEM, "a table of %zu rows", room);
		t->rows = rows;
		t->room = room;
	}
	t->rows[t->n++] = *row;
	return 0;
}

void top_merge(struct top *t)
{
	size_t n = 0;

	if (t->n)
		qsort(t->rows, t->n, sizeof(*t->rows), by_name);
	for (size_t i = 0; i < t->n; i++) {
		if (n && t->rows[n - 1].v[0] == t->rows[i].v[0]) {
			t->rows[n - 1].key += t->rows[i].key;
			t->rows[n - 1].v[1] += t->rows[i].v[1];
		} else {
			t->rows[n++] = t->rows[i];
		}
	}
	t->n = n;
}

void put_left(struct strbuf *out, const struct top *t, const char *unit)
{
	if (t->left)
		put(out, "!! %lu more, %lu %s in all, are not shown\n", t->left, t->left_key, unit);
}

void put_problems(struct strbuf *out, const struct strbuf *problems)
{
	const char *p = problems->data, *end;

	for (; p && (end = strchr(p, '\n')); p = end + 1)
		put(out, "!! %.*s\n", (int)(end - p), p);
}
