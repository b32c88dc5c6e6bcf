/* The slab allocator's caches, and which objects in them are in use. Of SLUB; a kernel with SLAB (until
 * v6.7) or SLOB has none of what it looks for.
 *
 * An object is free when it is on the freelist of its slab, on that of the CPU that allocates from the
 * slab, or in one of the sheaves in which CPUs and nodes keep what they will hand out next. */
#pragma once

#include "dump/base/limits.h"
#include "kernel/kernel.h"
#include "kernel/walk/list.h"

#define SLAB_NAME_MAX 128

/* The name of the cache that the object at @va is of, free or not; cut. -ENOENT: it is none. */
int slab_cache_name(struct kernel *k, uint64_t va, char ret[SLAB_NAME_MAX]);

struct slab_cache {
	uint64_t addr;	      /* of the struct kmem_cache */
	uint64_t size;	      /* from one object to the next; */
	uint64_t object_size; /* of it for the user */
	uint64_t align, order, per_slab;
	uint64_t free_at; /* of the freelist's pointer in an object that is free */
	uint64_t pad;	  /* before an object: SLAB_RED_ZONE */
	uint64_t key;	  /* that freelists are mixed with; 0: they are not */
	bool is_hardened;
	bool is_shared; /* caches of other names were merged into it */
	char name[SLAB_NAME_MAX];
};

/* Begin at the first cache: list_next() gives their addresses. */
int slab_caches_begin(struct list_walk *w, struct kernel *k);

/* -EBADMSG: it contradicts itself. */
int slab_cache_read(struct kernel *k, uint64_t addr, struct slab_cache *ret);

/* The structure that objects of @c are, by the convention of slab_types.def. -ENOENT: not known. */
int slab_cache_type(struct kernel *k, const struct slab_cache *c, const char **ret);

/* A slab, as found by its struct page. */
struct slab_place {
	uint64_t cache, page;
};

/* All slabs of the cache at @cache, by rising address: found once for all caches, by a look at every
 * struct page, and kept. Borrowed. -EINTR. */
int slabs_of_cache(struct kernel *k, uint64_t cache, const struct slab_place **ret, size_t *ret_n);

/* What a CPU allocates from. */
struct cpu_slab {
	uint64_t page, freelist;
};

/* A cache, and which of its objects are free elsewhere than on a slab's own freelist. */
struct slab_view {
	struct kernel *k;
	struct slab_cache cache;
	struct cpu_slab *cpu;
	size_t nr_cpu;
	uint64_t *sheaf; /* objects in sheaves, sorted */
	size_t nr_sheaf, room;
};

/* -ENODATA and so on: what is free is not known. */
int slab_view_open(struct kernel *k, uint64_t cache, struct slab_view *ret);
void slab_view_close(struct slab_view *v);

struct slab {
	uint64_t page, base; /* base: of its memory */
	uint32_t objects,
		inuse;	 /* as its struct page says: inuse counts those of a CPU and in sheaves */
	uint32_t free;	 /* on its freelist, */
	uint32_t on_cpu; /* on a CPU's, */
	uint32_t cached; /* in sheaves */
	unsigned char is_free[(LIMIT_SLAB_OBJECTS + 8) / 8];
};

/* The slab of the struct page at @page. Errors of kernel_read(); -EBADMSG: its freelist leads elsewhere;
 * -ELOOP: in a circle. */
int slab_read(const struct slab_view *v, uint64_t page, struct slab *ret);

static inline bool slab_is_free(const struct slab *s, uint32_t i)
{
	return s->is_free[i / 8] >> i % 8 & 1;
}

static inline uint64_t slab_object(const struct slab_view *v, const struct slab *s, uint32_t i)
{
	return s->base + i * v->cache.size + v->cache.pad;
}

struct slab_object {
	struct slab_cache cache;
	uint64_t start;
	bool is_free;
};

/* The object that @va lies in. -ENOENT: it lies in none, or between two; and the errors of slab_read(). */
int slab_object_at(struct kernel *k, uint64_t va, struct slab_object *ret);

/* For free lists: find the places of @v where objects wait that no slab has. */
int slab_find_free(struct slab_view *v);

/* Objects that are free in slabs which a node has on its list: what /proc/slabinfo takes for free. */
int slab_free_in_nodes(const struct slab_view *v, uint64_t *ret);

/* How many there are, over all nodes, as the kernel counts them; free ones are those in slabs that are
 * neither full nor a CPU's. */
struct slab_counts {
	uint64_t slabs, objects, free;
};

int slab_cache_counts(struct kernel *k, uint64_t cache, struct slab_counts *ret);

struct slabs;

/* kernel.c's: what is kept of them. NULL: no memory. */
struct slabs *slabs_new(struct kernel *k);
void slabs_free(struct slabs *s);
