#include "kernel/types/type.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/hash.h"
#include "dump/base/limits.h"
#include "kernel/types/graph.h"

const struct type type_void = { .kind = TYPE_VOID, .name = "void" };

static bool is_transparent(const struct type *t)
{
	return t->kind >= TYPE_TYPEDEF && t->kind <= TYPE_TAG;
}

const struct type *type_strip(const struct type *t)
{
	for (int i = 0; i < LIMIT_TYPE_CHAIN; i++) {
		if (!is_transparent(t))
			return t;
		t = t->of;
	}
	return &type_void;
}

uint64_t type_size(const struct type *t)
{
	uint64_t n = 1, size;

	for (int i = 0; i < LIMIT_TYPE_CHAIN; i++) {
		t = type_strip(t);
		if (t->kind != TYPE_ARRAY) {
			size = t->kind == TYPE_PROTO ? 0 : t->size;
			return __builtin_mul_overflow(n, size, &n) ? UINT64_MAX : n;
		}
		if (__builtin_mul_overflow(n, (uint64_t)t->nr, &n))
			return UINT64_MAX;
		t = t->of;
	}
	return 0;
}

const char *type_keyword(enum type_kind kind)
{
	static const char *const keywords[TYPE_KINDS] = {
		[TYPE_STRUCT] = "struct",
		[TYPE_UNION] = "union",
		[TYPE_ENUM] = "enum",
		[TYPE_TYPEDEF] = "typedef",
	};

	return keywords[kind] ? keywords[kind] : "";
}

void types_close(struct types *ts)
{
	if (!ts)
		return;
	free(ts->types);
	free(ts->members);
	free(ts->values);
	free(ts->strings);
	free(ts->buckets);
	free(ts->next);
	free(ts);
}

int types_index(struct types *ts)
{
	for (ts->nr_buckets = 16; ts->nr_buckets < ts->nr;)
		ts->nr_buckets *= 2;
	ts->buckets = calloc(ts->nr_buckets, sizeof(*ts->buckets));
	ts->next = calloc(ts->nr + 1, sizeof(*ts->next));
	if (!ts->buckets || !ts->next)
		return fail(-ENOMEM, "index of %zu types", ts->nr);
	/* backwards, so that a chain is in the producer's order */
	for (size_t i = ts->nr; i-- > 0;) {
		const struct type *t = &ts->types[i];
		uint32_t *head;

		if (!*t->name || t->kind == TYPE_TAG)
			continue;
		head = &ts->buckets[hash_text(t->name) & (ts->nr_buckets - 1)];
		ts->next[i] = *head;
		*head = (uint32_t)i + 1;
	}
	return 0;
}

bool types_owns(const struct types *ts, const struct type *t)
{
	return t >= ts->types && t < ts->types + ts->nr;
}

const struct type *types_find(const struct types *ts, enum type_kind kind, const char *name,
			      const struct type *prev)
{
	while (prev && ts && !types_owns(ts, prev))
		ts = ts->base;
	for (; ts; ts = ts->base, prev = NULL) {
		uint32_t i = prev ? ts->next[prev - ts->types]
				  : ts->buckets[hash_text(name) & (ts->nr_buckets - 1)];

		for (; i; i = ts->next[i - 1]) {
			const struct type *t = &ts->types[i - 1];

			if (t->kind == kind && strcmp(t->name, name) == 0)
				return t;
		}
	}
	return NULL;
}

size_t types_count(const struct types *ts)
{
	return ts->nr;
}

const struct type *types_at(const struct types *ts, size_t i)
{
	return &ts->types[i];
}

static const struct enumerator *find_enumerator(const struct type *t, const char *name)
{
	for (uint32_t i = 0; i < t->nr; i++)
		if (strcmp(t->values[i].name, name) == 0)
			return &t->values[i];
	return NULL;
}

int types_enumerator(const struct types *ts, const char *name, uint64_t *ret)
{
	for (; ts; ts = ts->base) {
		for (size_t i = 0; i < ts->nr; i++) {
			const struct type *t = &ts->types[i];
			const struct enumerator *e =
				t->kind == TYPE_ENUM ? find_enumerator(t, name) : NULL;

			if (e) {
				*ret = e->value;
				return 0;
			}
		}
	}
	return fail(-ENOENT, "no enumerator %s", name);
}

const char *types_problem(const struct types *ts)
{
	return ts->problem[0] ? ts->problem : NULL;
}
