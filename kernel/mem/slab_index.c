/* Where the slabs of each cache are. The allocator itself does not know those that are full: every struct
 * page is looked at. */
#include <errno.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/lazy.h"
#include "kernel/mem/page.h"
#include "kernel/mem/slab.h"

struct slabs {
	struct kernel *kernel;
	struct lazy once;
	struct slab_place *v; /* by cache, then by address */
	size_t n, room;
};

struct slabs *slabs_new(struct kernel *k)
{
	struct slabs *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->kernel = k;
	lazy_init(&s->once);
	return s;
}

void slabs_free(struct slabs *s)
{
	if (!s)
		return;
	lazy_fini(&s->once);
	free(s->v);
	free(s);
}

static int add(struct slabs *s, uint64_t page)
{
	struct slab_place *more;
	uint64_t cache;

	if (field_u64(s->kernel, page, F_slab_cache, &cache) < 0)
		return 0;
	if (s->n == LIMIT_SLABS)
		return fail(-ELOOP, "more than %u slabs", LIMIT_SLABS);
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 1024;
		more = realloc(s->v, s->room * sizeof(*more));
		if (!more)
			return fail(-ENOMEM, "%zu slabs", s->room);
		s->v = more;
	}
	s->v[s->n++] = (struct slab_place){ cache, page };
	return 0;
}

static int add_page(void *arg, uint64_t page)
{
	return add(arg, page);
}

static int compare(const void *a, const void *b)
{
	const struct slab_place *x = a, *y = b;

	if (x->cache != y->cache)
		return x->cache < y->cache ? -1 : 1;
	return x->page < y->page ? -1 : x->page > y->page;
}

static int find_all(void *arg)
{
	struct slabs *s = arg;
	int r;

	s->n = 0;
	r = page_each_slab(s->kernel, add_page, s);
	if (r >= 0 && s->n)
		qsort(s->v, s->n, sizeof(*s->v), compare);
	return r;
}

int slabs_of_cache(struct kernel *k, uint64_t cache, const struct slab_place **ret, size_t *ret_n)
{
	struct slabs *s = kernel_slabs(k);
	size_t low = 0, high, first;
	int r = lazy_get(&s->once, find_all, s);

	if (r < 0)
		return r;
	for (high = s->n; low < high;) {
		size_t mid = (low + high) / 2;

		if (s->v[mid].cache < cache)
			low = mid + 1;
		else
			high = mid;
	}
	first = low;
	while (low < s->n && s->v[low].cache == cache)
		low++;
	*ret = s->v ? s->v + first : NULL;
	*ret_n = low - first;
	return 0;
}
