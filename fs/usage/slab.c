/* /memory/usage/slab: caches of the slab allocator, biggest first, in the columns of slabtop(1). */
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/usage/top.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/slab.h"

static int add_cache(struct kernel *k, uint64_t cache, struct top *t)
{
	struct slab_counts n;
	struct slab_cache c;
	int e = slab_cache_read(k, cache, &c);

	if (e >= 0)
		e = slab_cache_counts(k, cache, &n);
	if (e < 0)
		return within(e, "cache at %#lx", cache);
	return top_add(t, &(struct top_row){ .key = (n.slabs << c.order) * page_kb(k),
					     .v = { cache, n.objects, n.free, n.slabs } });
}

static int put_cache(struct render *r, const struct top_row *row)
{
	uint64_t objects = row->v[1], used = objects - row->v[2];
	struct slab_cache c;
	int e = slab_cache_read(r->k, row->v[0], &c);

	if (e < 0)
		return e;
	put(r->out, "%10lu %10lu %3lu%% %7.2fK %8lu %8lu %10luK ", objects, used,
	    objects ? 100 * used / objects : 0, (double)c.size / 1024, row->v[3], c.per_slab,
	    row->key);
	put_escaped(r->out, c.name, strlen(c.name), "");
	put_str(r->out, "\n");
	return 0;
}

int gen_usage_slab(struct render *r)
{
	struct list_walk w;
	uint64_t cache, sum = 0;
	TOP(t);
	int e = slab_caches_begin(&w, r->k), p = 0;

	while (e >= 0 && (e = list_next(&w, &cache)) > 0)
		e = add_cache(r->k, cache, &t);
	put_str(r->out, "      OBJS     ACTIVE  USE OBJ SIZE    SLABS OBJ/SLAB CACHE SIZE NAME\n");
	top_sort(&t);
	for (size_t i = 0; p >= 0 && i < t.n; i++) {
		p = put_cache(r, &t.rows[i]);
		sum += t.rows[i].key;
	}
	put_left(r->out, &t, "kB");
	if (e >= 0 && p >= 0)
		put(r->out, "%10s %10s %4s %8s %8s %8s %10luK (sum)\n", "-", "-", "-", "-", "-",
		    "-", sum + t.left_key);
	return e < 0 ? e : p;
}
