/* Page tables that are in no counter. */
#include <errno.h>
#include <stdlib.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/mem/page.h"
#include "kernel/mem/space.h"
#include "kernel/mem/usage_kept.h"
#include "kernel/task/task.h"

#define COUNTED_LEVELS 2 /* of processes' tables, from the lowest up */

struct tables {
	struct kernel *k;
	const struct space *space;
	uint64_t pages, root;
};

/* Those of the boot are not in MemTotal. That which has a type has been counted as a table, or as a slab. A
 * frame that has no struct page is no memory. */
static bool is_uncounted(struct kernel *k, uint64_t pa)
{
	struct page_state p;
	uint64_t type = UINT32_MAX;

	if (page_state(k, pa >> kernel_page_shift(k), &p) < 0 || page_has(k, &p, PAGE_RESERVED) ||
	    page_is_slab(k, p.head))
		return false;
	return !field_exists(k, F_page_type) ||
	       (field_u64(k, p.addr, F_page_type, &type) >= 0 && type == UINT32_MAX);
}

static int add_table(void *arg, uint64_t pa)
{
	struct tables *t = arg;

	t->pages += is_uncounted(t->k, pa);
	return 0;
}

int tables_of_kernel(struct kernel *k, uint64_t *ret)
{
	struct tables t = { .k = k };
	int r = kernel_space(k, &t.space);

	if (r >= 0 && !t.space->pt)
		r = fail(-EOPNOTSUPP, "page tables of this machine");
	if (r >= 0)
		r = pgtable_tables(kernel_dump(k), t.space->pt, t.space->root, t.space->clear,
				   PT_UPPER, t.space->pt->nr_levels, add_table, &t,
				   &(uint64_t){ 0 });
	if (r < 0)
		return within(r, "page tables of the kernel");
	*ret = t.pages;
	return 0;
}

static int add_process(struct tables *t, uint64_t mm)
{
	const struct pt_format *f = t->space->pt->user ? t->space->pt->user : t->space->pt;
	struct dump *d = kernel_dump(t->k);
	uint64_t pgd, root, top, before = t->pages;
	int r = field_u64(t->k, mm, F_mm_pgd, &pgd);

	if (r >= 0)
		r = space_translate(t->space, d, pgd, &root, &(uint64_t){ 0 });
	if (r >= 0 && f->nr_levels > COUNTED_LEVELS)
		r = pgtable_tables(d, f, root, t->space->clear, PT_LOWER,
				   f->nr_levels - COUNTED_LEVELS, add_table, t, &top);
	else
		return r;
	/* The second one is of the first's allocation. */
	if (r >= 0 && top != UINT64_MAX && top & f->twin && t->pages > before &&
	    is_uncounted(t->k, root))
		t->pages++;
	return r;
}

static int by_address(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Threads share an address space. One whose tables cannot be read is told by others, who read it for its
 * own sake. */
int tables_of_processes(struct kernel *k, uint64_t *ret)
{
	struct tables t = { .k = k };
	const struct task_list *l;
	_free_ uint64_t *mm = NULL;
	size_t n = 0;
	int r = kernel_space(k, &t.space);

	if (r >= 0 && !t.space->pt)
		r = fail(-EOPNOTSUPP, "page tables of this machine");
	if (r >= 0)
		r = tasks_get(k, &l);
	if (r < 0)
		return within(r, "page tables of processes");
	mm = malloc((l->n + 1) * sizeof(*mm));
	if (!mm)
		return fail(-ENOMEM, "a table of %zu tasks", l->n);
	for (size_t i = 0; i < l->n; i++)
		if (task_own_mm(k, l->v[i].task, &mm[n]) >= 0 && mm[n])
			n++;
	qsort(mm, n, sizeof(*mm), by_address);
	for (size_t i = 0; i < n; i++) {
		r = i && mm[i] == mm[i - 1] ? 0 : add_process(&t, mm[i]);
		if (r == -EINTR || r == -ELOOP)
			return r;
	}
	*ret = t.pages;
	return 0;
}
