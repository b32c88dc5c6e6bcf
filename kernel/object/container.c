#include "kernel/object/container.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/base/trouble.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"
#include "kernel/walk/maple.h"
#include "kernel/walk/rbtree.h"
#include "kernel/walk/xarray.h"

static int each_list(struct kernel *k, const struct container *c, container_fn *fn, void *arg);
static int each_hlist(struct kernel *k, const struct container *c, container_fn *fn, void *arg);
static int each_rb(struct kernel *k, const struct container *c, container_fn *fn, void *arg);
static int each_xa(struct kernel *k, const struct container *c, container_fn *fn, void *arg);
static int each_idr(struct kernel *k, const struct container *c, container_fn *fn, void *arg);
static int each_maple(struct kernel *k, const struct container *c, container_fn *fn, void *arg);

/* Which structures are containers. */
static const struct shape {
	const char *name;
	int (*each)(struct kernel *k, const struct container *c, container_fn *fn, void *arg);
	int (*find)(struct kernel *k, uint64_t addr, uint64_t index, uint64_t *ret); /* or NULL */
	bool pointers; /* entries are pointed to */
} shapes[] = {
	{ "list_head", each_list, NULL, false },       { "hlist_head", each_hlist, NULL, false },
	{ "rb_root", each_rb, NULL, false },	       { "rb_root_cached", each_rb, NULL, false },
	{ "timerqueue_head", each_rb, NULL, false },   { "xarray", each_xa, xa_find, true },
	{ "radix_tree_root", each_xa, xa_find, true }, { "idr", each_idr, idr_find, true },
	{ "maple_tree", each_maple, NULL, true },
};

static const struct convention {
	const char *in, *member; /* .in NULL: .member is a global variable */
	const char *entry, *link;
} conventions[] = {
#define HOLDS(in, member, entry, link) { in, member, entry, link },
#define HEAD(symbol, entry, link)      { NULL, symbol, entry, link },
#include "kernel/object/containers.def"
#undef HOLDS
#undef HEAD
};

static const struct shape *shape_of(const struct object *o)
{
	const struct type *t = type_strip(o->type);

	if (o->stars || !type_is_aggregate(t))
		return NULL;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (!strcmp(t->name, shapes[i].name))
			return &shapes[i];
	return NULL;
}

bool container_is(const struct object *o)
{
	return shape_of(o);
}

static int set_entry(struct kernel *k, struct container *c, const char *name, size_t len,
		     const char *link)
{
	struct place place;
	int r = object_type(k, name, len, &c->entry);

	if (r >= 0 && *link) {
		r = member_find(c->entry, link, &place);
		if (r >= 0)
			c->offset = place_offset(&place);
	}
	if (r < 0)
		c->entry = NULL;
	return r;
}

/* The variable that is known to be the bare head of such entries. */
static void find_head(struct kernel *k, const struct convention *like, struct container *c)
{
	for (size_t i = 0; i < sizeof(conventions) / sizeof(conventions[0]); i++) {
		const struct convention *v = &conventions[i];

		if (!v->in && !strcmp(v->entry, like->entry) && !strcmp(v->link, like->link) &&
		    symbol_addr(k, v->member, &c->head) == 0)
			return;
	}
}

static int by_convention(struct kernel *k, const char *in, const char *member,
			 const struct object *at, struct container *ret)
{
	struct container c = { .at = *at };

	if (!container_is(at))
		return fail(-ENOENT, "it holds nothing");
	for (size_t i = 0; i < sizeof(conventions) / sizeof(conventions[0]); i++) {
		const struct convention *v = &conventions[i];

		if (!v->in != !in || (in && strcmp(v->in, in) != 0) ||
		    strcmp(v->member, member) != 0)
			continue;
		if (set_entry(k, &c, v->entry, strlen(v->entry), v->link) < 0)
			continue;
		find_head(k, v, &c);
		break;
	}
	*ret = c;
	return 0;
}

int container_of_member(struct kernel *k, const struct object *of, const char *name,
			const struct object *member, struct container *ret)
{
	return by_convention(k, type_strip(of->type)->name, name, member, ret);
}

int container_of_object(struct kernel *k, const struct object *o, struct container *ret)
{
	struct symbol s;

	if (symbol_at(k, o->addr, &s) < 0 || s.addr != o->addr)
		s.name = "";
	return by_convention(k, NULL, s.name, o, ret);
}

int container_as(struct kernel *k, const struct object *o, const char *entry, struct container *ret)
{
	const char *dot = strchr(entry, '.');
	const struct shape *shape = shape_of(o);
	struct container c = { .at = *o };
	int r;

	if (!shape || shape->pointers != !dot)
		return fail(-ENOENT, "%s: not what such a container holds", entry);
	r = set_entry(k, &c, entry, dot ? (size_t)(dot - entry) : strlen(entry),
		      dot ? dot + 1 : "");
	if (r < 0)
		return r;
	*ret = c;
	return 0;
}

/* A walker's step to what it returns for the caller's function. */
static int hand_out(const struct container *c, uint64_t index, uint64_t addr, container_fn *fn,
		    void *arg)
{
	struct object o = { .type = c->entry, .addr = addr };

	return fn(arg, index, &o);
}

/* From a link of an entry as from the head: the ring leads through all others. */
static int each_list(struct kernel *k, const struct container *c, container_fn *fn, void *arg)
{
	struct list_walk w;
	uint64_t at, n = 0;
	int r = list_begin_at(&w, k, c->at.addr, c->offset);

	while (r >= 0 && (r = list_next(&w, &at)) > 0) {
		if (at + c->offset == c->head)
			continue;
		r = hand_out(c, n++, at, fn, arg);
		if (r)
			return r;
	}
	return r;
}

static int each_hlist(struct kernel *k, const struct container *c, container_fn *fn, void *arg)
{
	struct list_walk w;
	uint64_t at, n = 0;
	int r = hlist_begin_at(&w, k, c->at.addr, c->offset);

	while (r >= 0 && (r = hlist_next(&w, &at)) > 0) {
		r = hand_out(c, n++, at, fn, arg);
		if (r)
			return r;
	}
	return r;
}

static int each_rb(struct kernel *k, const struct container *c, container_fn *fn, void *arg)
{
	struct rb_walk w;
	uint64_t at, n = 0;
	int r = rb_begin_at(&w, k, c->at.addr, c->offset);

	while (r >= 0 && (r = rb_next(&w, &at)) > 0) {
		r = hand_out(c, n++, at, fn, arg);
		if (r)
			return r;
	}
	return r;
}

static int each_of_xa(struct xa_walk *w, const struct container *c, container_fn *fn, void *arg)
{
	uint64_t index, entry;
	int r;

	while ((r = xa_next(w, &index, &entry)) > 0) {
		struct object o = { .type = xa_is_value(entry) ? NULL : c->entry, .addr = entry };

		r = fn(arg, index, &o);
		if (r)
			return r;
	}
	return r;
}

static int each_xa(struct kernel *k, const struct container *c, container_fn *fn, void *arg)
{
	struct xa_walk w;
	int r = xa_begin(&w, k, c->at.addr);

	return r < 0 ? r : each_of_xa(&w, c, fn, arg);
}

static int each_idr(struct kernel *k, const struct container *c, container_fn *fn, void *arg)
{
	struct xa_walk w;
	int r = idr_begin(&w, k, c->at.addr);

	return r < 0 ? r : each_of_xa(&w, c, fn, arg);
}

static int each_maple(struct kernel *k, const struct container *c, container_fn *fn, void *arg)
{
	struct maple_entry e;
	struct maple_walk w;
	uint64_t n = 0;
	int r = maple_begin(&w, k, c->at.addr);

	while (r >= 0 && (r = maple_next(&w, &e)) > 0) {
		r = hand_out(c, n++, e.entry, fn, arg);
		if (r)
			return r;
	}
	return r;
}

int container_each(struct kernel *k, const struct container *c, container_fn *fn, void *arg)
{
	if (!c->entry)
		return fail(-ENOENT, "what it holds is not known");
	return shape_of(&c->at)->each(k, c, fn, arg);
}

struct container_memo {
	pthread_mutex_t lock;
	struct container of; /* .entry NULL: none */
	uint64_t *addrs;
	size_t n;
};

struct container_memo *container_memo_new(struct kernel *k)
{
	struct container_memo *m = calloc(1, sizeof(*m));

	(void)k;
	if (m)
		pthread_mutex_init(&m->lock, NULL);
	return m;
}

void container_memo_free(struct container_memo *m)
{
	if (!m)
		return;
	pthread_mutex_destroy(&m->lock);
	free(m->addrs);
	free(m);
}

static bool is_same(const struct container *a, const struct container *b)
{
	return a->entry == b->entry && a->at.addr == b->at.addr && a->at.type == b->at.type &&
	       a->offset == b->offset && a->head == b->head;
}

static int add_addr(void *arg, uint64_t index, const struct object *entry)
{
	struct container_memo *m = arg;

	(void)index;
	if (m->n == LIMIT_OBJECT_NAMES)
		return 1;
	if (!(m->n & (m->n - 1))) {
		uint64_t *more = realloc(m->addrs, (m->n ? 2 * m->n : 1) * sizeof(*more));

		if (!more)
			return fail(-ENOMEM, "entries");
		m->addrs = more;
	}
	m->addrs[m->n++] = entry->addr;
	return 0;
}

/* The lock is held. What could be reached stays: a broken container has its first entries. */
static int remember(struct kernel *k, struct container_memo *m, const struct container *c)
{
	int r;

	if (is_same(&m->of, c))
		return 0;
	m->of.entry = NULL;
	m->n = 0;
	r = container_each(k, c, add_addr, m);
	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (trouble() < 0)
		return trouble();
	if (cancelled())
		return fail(-EINTR, "interrupted");
	m->of = *c;
	return 0;
}

static int nth(struct kernel *k, const struct container *c, uint64_t index, struct object *ret)
{
	struct container_memo *m = kernel_container_memo(k);
	int r;

	pthread_mutex_lock(&m->lock);
	r = remember(k, m, c);
	if (r >= 0 && index >= m->n)
		r = fail(-ENOENT, "no entry %lu", index);
	if (r >= 0)
		*ret = (struct object){ .type = c->entry, .addr = m->addrs[index] };
	pthread_mutex_unlock(&m->lock);
	return r;
}

int container_at(struct kernel *k, const struct container *c, uint64_t index, struct object *ret)
{
	const struct shape *shape = shape_of(&c->at);
	uint64_t entry;
	int r;

	if (!c->entry)
		return fail(-ENOENT, "what it holds is not known");
	if (!shape->find)
		return nth(k, c, index, ret);
	r = shape->find(k, c->at.addr, index, &entry);
	if (r < 0)
		return r;
	*ret = (struct object){ .type = xa_is_value(entry) ? NULL : c->entry, .addr = entry };
	return 0;
}
