#include "kernel/mem/slab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/mem/page.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"

#define OO_SHIFT 16 /* of kmem_cache_order_objects.x: the order above, objects below */

/* The struct page of the slab that @va lies in, and its cache. -ENOENT: none. */
static int slab_of_address(struct kernel *k, uint64_t va, struct slab_place *ret)
{
	uint64_t page;
	int r = page_of_direct(k, va, &page);

	if (r >= 0)
		r = page_head(k, page, &page);
	if (r < 0)
		return r;
	if (!page_is_slab(k, page))
		return fail(-ENOENT, "%#lx is in no slab", va);
	ret->page = page;
	return field_u64(k, page, F_slab_cache, &ret->cache);
}

int slab_cache_name(struct kernel *k, uint64_t va, char ret[SLAB_NAME_MAX])
{
	char name[SLAB_NAME_MAX];
	struct slab_place slab;
	int r = slab_of_address(k, va, &slab);

	if (r >= 0)
		r = field_str(k, slab.cache, F_kmem_cache_name, name, sizeof(name));
	if (r < 0)
		return r;
	if (!*name)
		return fail(-EBADMSG, "the cache at %#lx has no name", slab.cache);
	memcpy(ret, name, sizeof(name));
	return 0;
}

int slab_caches_begin(struct list_walk *w, struct kernel *k)
{
	uint64_t head;
	int r = symbol_addr(k, "slab_caches", &head);

	return r < 0 ? r : list_begin(w, k, head, F_kmem_cache_list);
}

int slab_cache_read(struct kernel *k, uint64_t addr, struct slab_cache *ret)
{
	struct slab_cache c = { .addr = addr };
	const struct {
		enum field f;
		uint64_t *to;
		bool may_lack;
	} parts[] = {
		{ F_kmem_cache_size, &c.size, false },
		{ F_kmem_cache_object_size, &c.object_size, false },
		{ F_kmem_cache_align, &c.align, false },
		{ F_kmem_cache_offset, &c.free_at, false },
		{ F_kmem_cache_oo, &c.per_slab, false },
		{ F_kmem_cache_random, &c.key, true },
		{ F_kmem_cache_red_left_pad, &c.pad, true },
	};
	uint64_t users;
	int r = field_str(k, addr, F_kmem_cache_name, c.name, sizeof(c.name));

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && r >= 0; i++)
		if (!parts[i].may_lack || field_exists(k, parts[i].f))
			r = field_u64(k, addr, parts[i].f, parts[i].to);
	if (r >= 0)
		r = field_u64(k, addr, F_kmem_cache_refcount, &users);
	if (r < 0)
		return within(r, "cache at %#lx", addr);
	c.order = c.per_slab >> OO_SHIFT & 0xffff;
	c.per_slab &= (1u << OO_SHIFT) - 1;
	c.is_hardened = field_exists(k, F_kmem_cache_random);
	c.is_shared = users > 1;
	if (!c.size || c.size > LIMIT_SLAB_BYTES || c.object_size > c.size || c.pad > c.size ||
	    c.free_at > c.size || !*c.name)
		return fail(-EBADMSG, "the cache at %#lx contradicts itself", addr);
	*ret = c;
	return 0;
}

int slab_cache_type(struct kernel *k, const struct slab_cache *c, const char **ret)
{
	static const struct {
		const char *cache, *type;
		bool is_part;
	} known[] = {
#define SLAB_TYPE(cache, type) { cache, type, false },
#define SLAB_PART(cache, type) { cache, type, true },
#include "kernel/mem/slab_types.def"
#undef SLAB_TYPE
#undef SLAB_PART
	};
	uint64_t size;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].cache, c->name) || c->is_shared ||
		    kernel_sizeof(k, known[i].type, &size) < 0 ||
		    (size > c->object_size && !known[i].is_part))
			continue;
		*ret = known[i].type;
		return 0;
	}
	return fail(-ENOENT, "what %s holds is not known", c->name);
}

/* The object that @p points to, by its number. */
static bool object_index(const struct slab_view *v, const struct slab *s, uint64_t p, uint32_t *ret)
{
	uint64_t off = p - s->base - v->cache.pad;

	if (off % v->cache.size || off / v->cache.size >= s->objects)
		return false;
	*ret = (uint32_t)(off / v->cache.size);
	return true;
}

/* The pointer to the next free object that is at @at: mixed with a key and with where it is,
 * 2482ddec670f (v4.14), which since 1ad53d9fa3f6 (v5.7) is turned around. */
static uint64_t next_free(const struct slab_view *v, const struct slab *s, uint64_t word,
			  uint64_t at)
{
	const uint64_t ways[] = { word ^ v->cache.key ^ __builtin_bswap64(at),
				  word ^ v->cache.key ^ at };
	uint32_t i;

	if (!v->cache.is_hardened)
		return word;
	for (size_t way = 0; way < 2; way++)
		if (!ways[way] || object_index(v, s, ways[way], &i))
			return ways[way];
	return ways[0];
}

/* Mark the objects from @p on as free; count them. */
static int mark_free(const struct slab_view *v, struct slab *s, uint64_t p, uint32_t *count)
{
	uint64_t at, word;
	uint32_t i;
	int r;

	for (; p; p = next_free(v, s, word, at)) {
		if (!object_index(v, s, p, &i))
			return fail(-EBADMSG, "the freelist of the slab at %#lx leads to %#lx",
				    s->base, p);
		if (slab_is_free(s, i))
			return fail(-ELOOP, "%#lx is twice on the freelist of its slab", p);
		s->is_free[i / 8] |= (unsigned char)(1u << i % 8);
		++*count;
		at = p + v->cache.free_at;
		r = kernel_read_uint(v->k, at, 8, &word);
		if (r < 0)
			return r;
	}
	return 0;
}

static void mark_cached(const struct slab_view *v, struct slab *s)
{
	const uint64_t end = s->base + s->objects * v->cache.size;
	size_t low = 0, high = v->nr_sheaf;
	uint32_t i;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (v->sheaf[mid] < s->base)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < v->nr_sheaf && v->sheaf[low] < end; low++) {
		if (!object_index(v, s, v->sheaf[low], &i) || slab_is_free(s, i))
			continue;
		s->is_free[i / 8] |= (unsigned char)(1u << i % 8);
		s->cached++;
	}
}

static int slab_base(struct kernel *k, uint64_t page, uint64_t *ret)
{
	const struct space *space;
	uint64_t pfn;
	int r = page_frame(k, page, &pfn);

	if (r >= 0)
		r = kernel_space(k, &space);
	if (r >= 0)
		*ret = (pfn << kernel_page_shift(k)) - space->direct.delta;
	return r;
}

int slab_read(const struct slab_view *v, uint64_t page, struct slab *ret)
{
	uint64_t freelist, objects, inuse;
	int r;

	*ret = (struct slab){ .page = page };
	r = slab_base(v->k, page, &ret->base);
	if (r >= 0)
		r = field_u64(v->k, page, F_slab_objects, &objects);
	if (r >= 0)
		r = field_u64(v->k, page, F_slab_inuse, &inuse);
	if (r >= 0)
		r = field_u64(v->k, page, F_slab_freelist, &freelist);
	if (r < 0)
		return r;
	if (!objects || objects > LIMIT_SLAB_OBJECTS || objects * v->cache.size > LIMIT_SLAB_BYTES)
		return fail(-EBADMSG, "the slab at %#lx has %lu objects", ret->base, objects);
	ret->objects = (uint32_t)objects;
	ret->inuse = (uint32_t)inuse;
	r = mark_free(v, ret, freelist, &ret->free);
	for (size_t i = 0; i < v->nr_cpu && r >= 0; i++)
		if (v->cpu[i].page == page)
			r = mark_free(v, ret, v->cpu[i].freelist, &ret->on_cpu);
	mark_cached(v, ret);
	return r;
}

int slab_view_open(struct kernel *k, uint64_t cache, struct slab_view *ret)
{
	int r;

	*ret = (struct slab_view){ .k = k };
	r = slab_cache_read(k, cache, &ret->cache);
	if (r >= 0)
		r = slab_find_free(ret);
	if (r < 0)
		slab_view_close(ret);
	return r;
}

void slab_view_close(struct slab_view *v)
{
	free(v->cpu);
	free(v->sheaf);
	*v = (struct slab_view){ 0 };
}

static int object_in(const struct slab_view *v, uint64_t page, uint64_t va, struct slab_object *ret)
{
	struct slab slab;
	uint64_t off;
	uint32_t i;
	int r = slab_read(v, page, &slab);

	if (r < 0)
		return r;
	off = va - slab.base;
	i = (uint32_t)(off / v->cache.size);
	if (off / v->cache.size >= slab.objects || off % v->cache.size < v->cache.pad)
		return fail(-ENOENT, "%#lx is in no object of its slab", va);
	*ret = (struct slab_object){ v->cache, slab_object(v, &slab, i), slab_is_free(&slab, i) };
	return 0;
}

int slab_object_at(struct kernel *k, uint64_t va, struct slab_object *ret)
{
	struct slab_place place;
	struct slab_view v;
	int r = slab_of_address(k, va, &place);

	if (r >= 0)
		r = slab_view_open(k, place.cache, &v);
	if (r < 0)
		return r;
	r = object_in(&v, place.page, va, ret);
	slab_view_close(&v);
	return r;
}
