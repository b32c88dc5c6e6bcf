/* /ps: one line a task, in crash's columns, so that what cuts its lines goes on working. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/mem/rss.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

struct ps {
	struct kernel *k;
	struct strbuf *out;
	uint64_t pages; /* that the kernel has to give; 0: not known */
	uint64_t page_kb;
};

struct row {
	uint64_t parent, cpu, vsize, rss; /* pages */
	char comm[TASK_COMM_LEN];
	bool kernel_thread;
};

static const char *two_letters(char state)
{
	static const char *const of[] = { "RRU", "SIN", "DUN", "TST", "tTR",
					  "XDE", "ZZO", "PPA", "IID" };

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (of[i][0] == state)
			return of[i] + 1;
	return "??";
}

static int read_memory(struct kernel *k, uint64_t task, struct row *ret)
{
	struct rss rss;
	uint64_t mm;
	int r = task_own_mm(k, task, &mm);

	if (r < 0 || !mm)
		return r;
	r = field_u64(k, mm, F_mm_total_vm, &ret->vsize);
	if (r >= 0)
		r = mm_rss(k, mm, &rss);
	if (r >= 0)
		ret->rss = rss_total(&rss);
	return r;
}

static int read_row(struct kernel *k, const struct task_entry *e, struct row *ret)
{
	uint64_t parent, flags;
	int r = field_u64(k, e->task, F_task_real_parent, &parent);

	if (r >= 0)
		r = field_u64(k, parent, F_task_tgid, &ret->parent);
	if (r >= 0)
		r = field_u64(k, e->task, F_task_flags, &flags);
	if (r >= 0)
		r = task_cpu(k, e->task, &ret->cpu);
	if (r >= 0)
		r = task_comm(k, e->task, ret->comm);
	if (r < 0)
		return r;
	ret->kernel_thread = flags & PF_KTHREAD || e->idle;
	if (e->idle) {
		ret->cpu = e->cpu;
		ret->parent = 0;
	}
	return ret->kernel_thread ? 0 : read_memory(k, e->task, ret);
}

static double percent(const struct ps *ps, uint64_t pages)
{
	return ps->pages ? 100.0 * (double)pages / (double)ps->pages : 0;
}

static int put_row(const struct ps *ps, const struct task_entry *e)
{
	struct row row = { 0 };
	int r = read_row(ps->k, e, &row);

	if (r == -EINTR)
		return r;
	if (r < 0) {
		put(ps->out, "!! %u %#lx: %s\n", e->pid, e->task, why());
		return 0;
	}
	put(ps->out, "%c%8u%8" PRIu64 "%4" PRIu64 "  %016lx  %s%6.1f%9" PRIu64 "%9" PRIu64 "  %s",
	    e->running ? '>' : ' ', e->pid, row.parent, row.cpu, e->task, two_letters(e->state),
	    percent(ps, row.rss), row.vsize * ps->page_kb, row.rss * ps->page_kb,
	    row.kernel_thread ? "[" : "");
	put_escaped(ps->out, row.comm, strlen(row.comm), "");
	put(ps->out, "%s\n", row.kernel_thread ? "]" : "");
	return 0;
}

/* A variable of its own since ca79b0c211af (v5.0). */
static uint64_t all_pages(struct kernel *k)
{
	uint64_t va, pages;

	if (symbol_addr(k, "_totalram_pages", &va) < 0 && symbol_addr(k, "totalram_pages", &va) < 0)
		return 0;
	return kernel_read_uint(k, va, 8, &pages) < 0 ? 0 : pages;
}

int gen_ps(struct render *r)
{
	struct ps ps = { .k = r->k, .out = r->out };
	const struct task_list *l;
	int e = tasks_get_some(r->k, &l);

	put_str(r->out,
		"      PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM\n");
	if (e < 0)
		return e;
	ps.pages = all_pages(r->k);
	ps.page_kb = 1ull << (kernel_page_shift(r->k) - 10);
	for (size_t i = 0; e >= 0 && i < l->n; i++)
		e = put_row(&ps, &l->v[i]);
	return e;
}
