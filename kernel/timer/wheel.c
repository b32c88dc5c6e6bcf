#include "kernel/timer/wheel.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define LISTS_MAX 1024 /* of a base: WHEEL_SIZE is 576, TVR_SIZE 256 */

static int add_timer(struct kernel *k, struct wheel *w, uint64_t timer, const char *base)
{
	struct wheel_timer t = { .timer = timer, .base = base };
	int r = field_u64(k, timer, F_timer_expires, &t.expires);

	if (r >= 0)
		r = field_u64(k, timer, F_timer_function, &t.function);
	if (r >= 0 && field_exists(k, F_timer_flags))
		r = field_u64(k, timer, F_timer_flags, &t.flags);
	if (r < 0)
		return r;
	if (w->n == w->room) {
		size_t room = w->room ? 2 * w->room : 64;
		struct wheel_timer *v = realloc(w->v, room * sizeof(*v));

		if (!v)
			return fail(-ENOMEM, "timers");
		w->v = v;
		w->room = room;
	}
	w->v[w->n++] = t;
	return 0;
}

/* Of hlists since v4.2. */
struct lists {
	int (*begin)(struct list_walk *w, struct kernel *k, uint64_t head, enum field f);
	int (*next)(struct list_walk *w, uint64_t *ret);
	uint64_t size; /* of a head */
};

static const struct lists of_hlist = { hlist_begin, hlist_next, 8 };
static const struct lists of_list = { list_begin, list_next, 16 };

/* Only our own failure ends it: other lists may be whole. */
static int add_list(struct kernel *k, struct wheel *w, const struct lists *l, uint64_t head,
		    const char *base)
{
	struct list_walk walk;
	uint64_t timer;
	int r = l->begin(&walk, k, head, F_timer_entry);

	while (r >= 0 && (r = l->next(&walk, &timer)) > 0)
		r = add_timer(k, w, timer, base);
	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (r < 0)
		put(&w->problems, "%s: %s\n", base, why());
	return 0;
}

static int add_lists(struct kernel *k, struct wheel *w, uint64_t owner, enum field f,
		     const char *base)
{
	const struct lists *l = field_exists(k, F_timer_pprev) ? &of_hlist : &of_list;
	uint64_t at, size;
	int r = field_addr(k, owner, f, &at);

	if (r >= 0)
		r = field_size(k, f, &size);
	for (uint64_t i = 0; r >= 0 && i < size / l->size && i < LISTS_MAX; i++)
		r = add_list(k, w, l, at + i * l->size, base);
	return r;
}

static int by_expiry(const void *a, const void *b)
{
	const struct wheel_timer *x = a, *y = b;

	if (x->expires != y->expires)
		return (int64_t)(x->expires - y->expires) < 0 ? -1 : 1;
	return (x->timer > y->timer) - (x->timer < y->timer);
}

static void sort_from(struct wheel *w, size_t from)
{
	if (w->n > from)
		qsort(w->v + from, w->n - from, sizeof(*w->v), by_expiry);
}

int wheel_read(struct kernel *k, uint64_t bases, uint64_t nr, struct wheel *ret)
{
	static const char *const names[WHEEL_BASES_MAX][WHEEL_BASES_MAX] = {
		{ "STD" }, { "STD", "DEF" }, { "LOCAL", "GLOBAL", "DEF" }, /* 83a665dc99a7 (v6.9) */
	};
	uint64_t size;
	int r = kernel_sizeof(k, "timer_base", &size);

	if (r >= 0 && (!nr || nr > WHEEL_BASES_MAX))
		r = fail(-EBADMSG, "%lu timer bases", nr);
	for (uint64_t i = 0; r >= 0 && i < nr; i++) {
		size_t from = ret->n;

		r = add_lists(k, ret, bases + i * size, F_timer_base_vectors, names[nr - 1][i]);
		sort_from(ret, from);
	}
	return r;
}

/* 500462a9de65 (v4.8): struct timer_base, as many as the variable has room for. */
static int add_bases(struct kernel *k, struct wheel *w, size_t cpu)
{
	struct symbol s;
	uint64_t at, size;
	int r = symbol_find(k, "timer_bases", &s);

	if (r >= 0)
		r = percpu_symbol(k, "timer_bases", cpu, &at);
	if (r >= 0)
		r = kernel_sizeof(k, "timer_base", &size);
	return r < 0 ? r : wheel_read(k, at, size ? s.size / size : 0, w);
}

/* Before: struct tvec_base, which per-CPU variables point to, until v4.1. */
static int add_tvec(struct kernel *k, struct wheel *w, size_t cpu)
{
	static const enum field rings[] = { F_tvec_tv1, F_tvec_tv2, F_tvec_tv3, F_tvec_tv4,
					    F_tvec_tv5 };
	struct symbol s;
	uint64_t at;
	int r = symbol_find(k, "tvec_bases", &s);

	if (r >= 0)
		r = percpu_symbol(k, "tvec_bases", cpu, &at);
	if (r >= 0 && s.size <= 8)
		r = kernel_read_uint(k, at, 8, &at);
	for (size_t i = 0; r >= 0 && i < sizeof(rings) / sizeof(rings[0]); i++)
		r = add_lists(k, w, at, rings[i], "STD");
	sort_from(w, 0);
	return r;
}

int wheel_get(struct kernel *k, size_t cpu, struct wheel *ret)
{
	struct wheel w = { 0 };
	int r = field_exists(k, F_timer_base_vectors) ? add_bases(k, &w, cpu)
						      : add_tvec(k, &w, cpu);

	if (r < 0)
		wheel_free(&w);
	else
		*ret = w;
	return r;
}

void wheel_free(struct wheel *w)
{
	free(w->v);
	strbuf_fini(&w->problems);
	*w = (struct wheel){ 0 };
}
