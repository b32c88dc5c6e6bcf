/* /tasks/{pid}/{maps,vm}: what a process has mapped. */
#include <errno.h>
#include <stdio.h>

#include "dump/base/err.h"
#include "fs/task/map_line.h"
#include "fs/task/maps_text.h"
#include "fs/stack/stack_text.h"
#include "fs/task/task_key.h"
#include "kernel/mem/rss.h"
#include "kernel/task/task.h"
#include "kernel/mem/vma.h"

int put_mapping_at(struct strbuf *out, struct kernel *k, uint64_t task, uint64_t va)
{
	struct vma_walk walk;
	struct map_view w;
	struct vma v;
	int e = map_view_open(k, out, task, &w);

	if (e >= 0 && w.mm)
		e = vma_begin(&walk, k, w.mm);
	while (e >= 0 && w.mm && (e = vma_next(&walk, &v)) > 0)
		if (va >= v.start && va < v.end)
			return put_map_line(&w, &v);
	return e < 0 ? e : fail(-ENOENT, "nothing is mapped at %#lx", va);
}

int gen_task_maps(struct render *r)
{
	struct vma_walk walk;
	struct map_view w;
	struct vma v;
	int e = map_view_open(r->k, r->out, key_task(r), &w);

	if (e < 0 || !w.mm)
		return e;
	e = vma_begin(&walk, r->k, w.mm);
	while (e >= 0 && (e = vma_next(&walk, &v)) > 0)
		e = put_map_line(&w, &v);
	if (e < 0)
		return e;
	return vma_gate(r->k, &v) == 0 ? put_map_line(&w, &v) : 0;
}

/* crash's table of a process's mappings. */
static int put_vm_header(const struct map_view *w)
{
	const unsigned int to_kb = kernel_page_shift(w->k) - 10;
	uint64_t pgd, total;
	struct rss rss;
	char size[2][32];
	int r = field_u64(w->k, w->mm, F_mm_pgd, &pgd);

	if (r == 0)
		r = field_u64(w->k, w->mm, F_mm_total_vm, &total);
	if (r == 0)
		r = mm_rss(w->k, w->mm, &rss);
	if (r < 0)
		return r;
	snprintf(size[0], sizeof(size[0]), "%luk", rss_total(&rss) << to_kb);
	snprintf(size[1], sizeof(size[1]), "%luk", total << to_kb);
	put(w->out, "       MM               PGD          RSS    TOTAL_VM\n");
	put(w->out, "%lx  %lx  %-7s %s\n", w->mm, pgd, size[0], size[1]);
	put(w->out, "      VMA           START       END     FLAGS FILE\n");
	return 0;
}

int gen_task_vm(struct render *r)
{
	struct vma_walk walk;
	struct map_view w;
	struct vma v;
	int e = map_view_open(r->k, r->out, key_task(r), &w);

	if (e == 0)
		e = put_task_line(r->out, r->k, w.task);
	if (e < 0 || !w.mm)
		return e;
	e = put_vm_header(&w);
	if (e == 0)
		e = vma_begin(&walk, r->k, w.mm);
	while (e >= 0 && (e = vma_next(&walk, &v)) > 0) {
		put(r->out, "%lx %12lx %12lx %7lx ", v.addr, v.start, v.end, v.flags);
		e = put_vma_name(r->out, r->k, &w.marks, &v, &w.root);
		put_str(r->out, "\n");
	}
	return e;
}
