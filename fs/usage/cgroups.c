/* /memory/usage/cgroups: memory charged to control groups, biggest first. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/usage/top.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/memcg.h"
#include "kernel/task/cgroup.h"

enum { GROUP, MAX, SWAP, SWAP_MAX, IS_DEAD, CGROUP };

static int add_group(void *arg, const struct memcg *m)
{
	return top_add(arg, &(struct top_row){ .key = m->usage,
					       .v = { [GROUP] = m->addr,
						      [MAX] = m->max,
						      [SWAP] = m->swap,
						      [SWAP_MAX] = m->swap_max,
						      [IS_DEAD] = m->is_dead,
						      [CGROUP] = m->cgroup } });
}

static void put_limit(struct strbuf *out, uint64_t pages, uint64_t kb)
{
	if (pages == MEMCG_NO_LIMIT)
		put(out, "%12s", "max");
	else
		put(out, "%12lu", pages * kb);
}

static int put_group(struct render *r, const struct top_row *row)
{
	uint64_t kb = page_kb(r->k);
	STRBUF(path);
	int e = put_cgroup_path(&path, r->k, row->v[CGROUP]);

	put(r->out, "%12lu", row->key * kb);
	put_limit(r->out, row->v[MAX], kb);
	put(r->out, "%12lu", row->v[SWAP] * kb);
	put_limit(r->out, row->v[SWAP_MAX], kb);
	put(r->out, "  %-5s  ", row->v[IS_DEAD] ? "dead" : "-");
	if (e < 0)
		put(r->out, "!! %s", why());
	else
		put_escaped(r->out, path.data, path.len, "");
	put_str(r->out, "\n");
	return e == -EINTR ? e : 0;
}

int gen_usage_cgroups(struct render *r)
{
	TOP(t);
	int e = memcgs_each(r->k, add_group, &t), p = 0;

	put_str(r->out, "          kB      MAX_kB     SWAP_kB SWAP_MAX_kB  STATE  CGROUP\n");
	top_sort(&t);
	for (size_t i = 0; p >= 0 && i < t.n; i++)
		p = put_group(r, &t.rows[i]);
	put_left(r->out, &t, "pages");
	return e < 0 ? e : p;
}
