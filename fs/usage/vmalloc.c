/* /memory/usage/vmalloc: pages that vmalloc() and its like have allocated, by the function that asked. */
#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/usage/top.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/vm_area.h"
#include "kernel/symbol/symbols.h"

#define VM_MAP 4 /* of vm_struct.flags */

struct sums {
	struct kernel *k;
	struct top callers; /* key: pages; v: the function, areas */
	struct top mapped;  /* the same of vmap(): pages that were others' */
};

/* All calls in one function are of one caller. */
static uint64_t function_of(struct kernel *k, uint64_t caller)
{
	struct symbol s;

	return symbol_at(k, caller, &s) < 0 ? caller : s.addr;
}

static int add_area(void *arg, uint64_t area)
{
	struct sums *sums = arg;
	struct top_row row = { 0 };
	struct vm_area a;
	int e = vm_area_read(sums->k, area, &a);

	if (e < 0 || !a.nr_pages)
		return e;
	row.key = (uint32_t)a.nr_pages;
	row.v[0] = a.caller ? function_of(sums->k, a.caller) : 0;
	row.v[1] = 1;
	return top_add(a.flags & VM_MAP ? &sums->mapped : &sums->callers, &row);
}

static void put_table(struct render *r, struct top *t, const char *what, bool whole)
{
	uint64_t sum = 0;

	top_merge(t);
	top_sort(t);
	for (size_t i = 0; i < t->n; i++) {
		const struct top_row *row = &t->rows[i];

		put(r->out, "%12lu %8lu  %-8s ", row->key * page_kb(r->k), row->v[1], what);
		if (row->v[0])
			put_symbol(r->out, r->k, row->v[0]);
		else
			put_str(r->out, "?");
		put_str(r->out, "\n");
		sum += row->key;
	}
	put_left(r->out, t, "pages");
	if (t->n && whole)
		put(r->out, "%12lu %8s  %-8s (sum)\n", (sum + t->left_key) * page_kb(r->k), "-",
		    what);
}

int gen_usage_vmalloc(struct render *r)
{
	struct sums sums = { .k = r->k };
	int e = vm_areas_each(r->k, add_area, &sums);

	put_str(r->out, "          kB    AREAS  KIND     CALLER\n");
	put_table(r, &sums.callers, "vmalloc", e >= 0);
	put_table(r, &sums.mapped, "vmap", e >= 0);
	top_fini(&sums.callers);
	top_fini(&sums.mapped);
	return e;
}
