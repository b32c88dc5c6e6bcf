/* /slab: the caches of the slab allocator, and what is in them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/text.h"
#include "kernel/fields.h"
#include "kernel/mem/slab.h"

/* Of several caches of one name the later ones carry their address. */
static int add_caches(struct render *r, struct names *names)
{
	char name[SLAB_NAME_MAX], other[SLAB_NAME_MAX + 20];
	uint64_t cache, id;
	struct list_walk w;
	int e = slab_caches_begin(&w, r->k);

	while (e >= 0 && (e = list_next(&w, &cache)) > 0) {
		e = field_str(r->k, cache, F_kmem_cache_name, name, sizeof(name));
		if (e < 0)
			break;
		for (char *p = name; (p = strchr(p, '/'));)
			*p = '!';
		snprintf(other, sizeof(other), "%s@%lx", name, cache);
		names_add(names, names_find(names, name, &id) < 0 ? name : other, cache);
	}
	return e;
}

const struct lister list_caches = { .list = add_caches };

static int open_view(struct render *r, struct slab_view *v)
{
	return slab_view_open(r->k, r->key[0].id, v);
}

static bool is_our_end(int e)
{
	return e == -EINTR || e == -ENOMEM;
}

/* What all slabs of a cache have together. */
struct sums {
	uint64_t slabs, objects, free, on_cpu, cached;
	uint64_t damaged; /* slabs of which it is not known */
};

static void add_slab(struct sums *s, const struct slab *slab)
{
	s->slabs++;
	s->objects += slab->objects;
	s->free += slab->free;
	s->on_cpu += slab->on_cpu;
	s->cached += slab->cached;
}

static int sum_slabs(struct render *r, const struct slab_view *v, struct sums *ret,
		     struct strbuf *bad)
{
	const struct slab_place *places;
	struct slab slab;
	size_t n;
	int e = slabs_of_cache(r->k, v->cache.addr, &places, &n);

	if (e < 0)
		return e;
	for (size_t i = 0; i < n; i++) {
		if (cancelled())
			return fail(-EINTR, "interrupted");
		e = slab_read(v, places[i].page, &slab);
		if (is_our_end(e))
			return e;
		if (e >= 0) {
			add_slab(ret, &slab);
			continue;
		}
		if (!ret->damaged++)
			put(bad, "%s", why());
	}
	return 0;
}

static void put_number(struct strbuf *out, const char *label, uint64_t n)
{
	put(out, "%-17s %" PRIu64 "\n", label, n);
}

/* "kmalloc-64 1234 1280 64 64 1": the first columns of /proc/slabinfo, which takes for used what CPUs
 * hold. */
static int put_slabinfo(struct strbuf *out, const struct slab_view *v, const struct sums *s)
{
	uint64_t free;
	int e = slab_free_in_nodes(v, &free);

	if (e < 0)
		return e;
	put_number(out, "active, slabinfo", s->objects - (free < s->objects ? free : s->objects));
	return 0;
}

/* Only where it matters. */
static void put_listed(struct strbuf *out, const struct sums *s)
{
	if (s->objects - s->free - s->on_cpu - s->cached > LIMIT_SLAB_LISTED)
		put(out, "%-17s %u, in objects/; all are found there by address\n", "listed",
		    LIMIT_SLAB_LISTED);
}

int gen_slab_info(struct render *r)
{
	struct sums s = { 0 };
	struct slab_view v;
	const char *type;
	STRBUF(bad);
	int e = open_view(r, &v);

	if (e < 0)
		return e;
	e = sum_slabs(r, &v, &s, &bad);
	put(r->out, "%-17s %s\n", "name", v.cache.name);
	put(r->out, "%-17s %lx\n", "kmem_cache", v.cache.addr);
	if (slab_cache_type(r->k, &v.cache, &type) >= 0)
		put(r->out, "%-17s struct %s\n", "type", type);
	put_number(r->out, "object size", v.cache.object_size);
	put_number(r->out, "size", v.cache.size);
	put_number(r->out, "align", v.cache.align);
	put_number(r->out, "order", v.cache.order);
	put_number(r->out, "objects per slab", v.cache.per_slab);
	if (e >= 0) {
		put_number(r->out, "slabs", s.slabs);
		put_number(r->out, "objects", s.objects);
		put_number(r->out, "allocated", s.objects - s.free - s.on_cpu - s.cached);
		put_number(r->out, "free in slabs", s.free);
		put_number(r->out, "free on CPUs", s.on_cpu);
		put_number(r->out, "free in sheaves", s.cached);
		put_listed(r->out, &s);
		e = put_slabinfo(r->out, &v, &s);
	}
	slab_view_close(&v);
	if (e >= 0 && s.damaged)
		e = fail(-EBADMSG, "%" PRIu64 " slabs are not counted: %s", s.damaged, bad.data);
	return e;
}

/* One line a slab, in the columns of crash's kmem -S. */
int gen_slab_slabs(struct render *r)
{
	const struct slab_place *places;
	struct slab slab;
	struct slab_view v;
	size_t n;
	int e = open_view(r, &v);

	if (e < 0)
		return e;
	e = slabs_of_cache(r->k, v.cache.addr, &places, &n);
	put_str(r->out, "SLAB              MEMORY            TOTAL  ALLOCATED  FREE\n");
	for (size_t i = 0; e >= 0 && i < n && !r->out->error; i++) {
		uint32_t free;

		if (cancelled()) {
			e = fail(-EINTR, "interrupted");
			break;
		}
		e = slab_read(&v, places[i].page, &slab);
		if (is_our_end(e))
			break;
		put(r->out, "%016lx  %016lx", places[i].page, slab.base);
		if (e < 0)
			put(r->out, "  !! %s\n", why());
		free = slab.free + slab.on_cpu + slab.cached;
		if (e >= 0)
			put(r->out, "  %5u  %9u  %4u\n", slab.objects, slab.objects - free, free);
		e = 0;
	}
	slab_view_close(&v);
	return e;
}

static int add_objects_of(struct names *names, const struct slab_view *v, const struct slab *s)
{
	char name[20];

	for (uint32_t i = 0; i < s->objects; i++) {
		if (slab_is_free(s, i))
			continue;
		if (names->n >= LIMIT_SLAB_LISTED)
			return fail(-ELOOP, "more than %u objects", LIMIT_SLAB_LISTED);
		snprintf(name, sizeof(name), "%lx", slab_object(v, s, i));
		names_add(names, name, slab_object(v, s, i));
	}
	return 0;
}

/* Those that are in use; of a slab whose freelist is damaged none, for it is not known. When there are
 * too many the listing ends with an error, and info says so; each is found by its address all the same. */
static int add_objects(struct render *r, struct names *names)
{
	const struct slab_place *places;
	struct slab slab;
	struct slab_view v;
	size_t n;
	int e = open_view(r, &v);

	if (e < 0)
		return e;
	e = slabs_of_cache(r->k, v.cache.addr, &places, &n);
	for (size_t i = 0; e >= 0 && i < n; i++) {
		if (cancelled()) {
			e = fail(-EINTR, "interrupted");
			break;
		}
		e = slab_read(&v, places[i].page, &slab);
		if (e >= 0)
			e = add_objects_of(names, &v, &slab);
		else if (!is_our_end(e))
			e = 0;
	}
	slab_view_close(&v);
	return e;
}

static int find_object(struct render *r, const char *name, uint64_t *ret)
{
	uint64_t at = strtoull(name, NULL, 16);
	struct slab_object o;
	char again[20];
	int e;

	snprintf(again, sizeof(again), "%lx", at);
	if (strcmp(name, again))
		return fail(-ENOENT, "not an address");
	e = slab_object_at(r->k, at, &o);
	if (e < 0)
		return e;
	if (o.cache.addr != r->key[0].id || o.start != at || o.is_free)
		return fail(-ENOENT, "no object of this cache is in use at %#lx", at);
	*ret = at;
	return 0;
}

const struct lister list_slab_objects = { .list = add_objects, .lookup = find_object };

int gen_slab_object(struct render *r)
{
	struct slab_cache c;
	const char *type;
	int e = slab_cache_read(r->k, r->key[0].id, &c);

	if (e < 0)
		return e;
	if (slab_cache_type(r->k, &c, &type) >= 0)
		put(r->out, "../../../objects/%s@%lx", type, r->key[1].id);
	else
		put(r->out, "../../../address/%lx", r->key[1].id);
	return 0;
}
