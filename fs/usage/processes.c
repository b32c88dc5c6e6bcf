/* /memory/usage/processes: what each process has in memory, biggest first. Pages that several map count
 * for each, as RSS does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/usage/top.h"
#include "kernel/fields.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/rss.h"
#include "kernel/task/task.h"

/* An address space, and the process whose it is. */
struct owner {
	uint64_t mm, task;
	uint32_t pid;
};

static int by_mm(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->mm != y->mm)
		return x->mm < y->mm ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Threads share one, and so do some processes: that of the lowest number stays. */
static size_t one_each(struct owner *v, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(v, n, sizeof(*v), by_mm);
	for (size_t i = 0; i < n; i++)
		if (!kept || v[kept - 1].mm != v[i].mm)
			v[kept++] = v[i];
	return kept;
}

/* What cannot be read is told at once, before the table. */
static int find_owners(struct render *r, const struct task_list *l, struct owner *v, size_t *ret)
{
	uint64_t mm;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct task_entry *t = &l->v[i];
		int e = task_own_mm(r->k, t->task, &mm);

		if (e == -EINTR)
			return e;
		if (e < 0)
			put(r->out, "!! %u %#lx: %s\n", t->pid, t->task, why());
		else if (mm)
			v[n++] = (struct owner){ mm, t->task, t->tgid };
	}
	*ret = one_each(v, n);
	return 0;
}

enum { PID, TASK, ANON, OF_FILES, SHMEM, SWAP, TABLES };

static int add_owner(struct render *r, const struct owner *o, struct top *t)
{
	uint64_t tables = 0;
	struct rss rss;
	int e = mm_rss(r->k, o->mm, &rss);

	if (e >= 0 && field_exists(r->k, F_mm_pgtables_bytes))
		e = field_u64(r->k, o->mm, F_mm_pgtables_bytes, &tables);
	if (e == -EINTR)
		return e;
	if (e < 0) {
		put(r->out, "!! %u %#lx: %s\n", o->pid, o->task, why());
		return 0;
	}
	return top_add(t, &(struct top_row){ .key = rss_total(&rss) + rss.swap,
					     .v = { [PID] = o->pid,
						    [TASK] = o->task,
						    [ANON] = rss.anon,
						    [OF_FILES] = rss.file,
						    [SHMEM] = rss.shmem,
						    [SWAP] = rss.swap,
						    [TABLES] = tables / 1024 } });
}

static int put_row(struct render *r, const struct top_row *row)
{
	uint64_t kb = page_kb(r->k);
	char comm[TASK_COMM_LEN];
	int e = task_comm(r->k, row->v[TASK], comm);

	put(r->out, "%12lu %10lu %10lu %10lu %10lu %9lu %8lu  ", kb * (row->key - row->v[SWAP]),
	    kb * row->v[ANON], kb * row->v[OF_FILES], kb * row->v[SHMEM], kb * row->v[SWAP],
	    row->v[TABLES], row->v[PID]);
	if (e < 0)
		put(r->out, "!! %s", why());
	else
		put_escaped(r->out, comm, strlen(comm), "");
	put_str(r->out, "\n");
	return e == -EINTR ? e : 0;
}

int gen_usage_processes(struct render *r)
{
	const struct task_list *l;
	_free_ struct owner *v = NULL;
	size_t n = 0;
	TOP(t);
	int e = tasks_get(r->k, &l);

	if (e < 0)
		return e;
	v = malloc((l->n + 1) * sizeof(*v));
	if (!v)
		return fail(-ENOMEM, "a table of %zu tasks", l->n);
	put_str(r->out,
		"      RSS_kB    ANON_kB    FILE_kB   SHMEM_kB    SWAP_kB TABLES_kB      PID  COMM\n");
	e = find_owners(r, l, v, &n);
	for (size_t i = 0; e >= 0 && i < n; i++)
		e = add_owner(r, &v[i], &t);
	top_sort(&t);
	for (size_t i = 0; e >= 0 && i < t.n; i++)
		e = put_row(r, &t.rows[i]);
	put_left(r->out, &t, "pages");
	if (!l->n)
		put_str(r->out, "!! no tasks are known, see /dump/problems\n");
	return e;
}
