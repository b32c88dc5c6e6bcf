#include "kernel/file/holders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/file/files.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

/* A table of descriptors, and a task of the process that has it. */
struct table {
	uint64_t files, task;
	uint32_t tgid, pid;
};

struct search {
	struct kernel *k;
	uint64_t fops, other; /* 0: none */
	struct holders *h;
};

static int by_table(const void *a, const void *b)
{
	const struct table *x = a, *y = b;

	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	if (x->files != y->files)
		return x->files < y->files ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static int by_what(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

/* Errors of the dump are told; 0 then. */
static int tell(struct holders *h, const struct table *t, int r)
{
	if (r >= 0 || r == -EINTR || r == -ENOMEM || r == -ELOOP)
		return r < 0 ? r : 0;
	put(&h->problems, "task %u: %s\n", t->pid, why());
	return 0;
}

/* Threads share a table: one of each process stays. */
static int find_tables(struct search *s, const struct task_list *l, struct table *v, size_t *ret)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct task_entry *e = &l->v[i];
		struct table t = { .task = e->task, .tgid = e->tgid, .pid = e->pid };
		int r = field_u64(s->k, e->task, F_task_files, &t.files);

		if (r >= 0 && t.files)
			v[n++] = t;
		r = tell(s->h, &t, r);
		if (r < 0)
			return r;
	}
	if (n)
		qsort(v, n, sizeof(*v), by_table);
	for (size_t i = 0; i < n; i++)
		if (!kept || v[kept - 1].tgid != v[i].tgid || v[kept - 1].files != v[i].files)
			v[kept++] = v[i];
	*ret = kept;
	return 0;
}

static int add(struct holders *h, const struct holder *found)
{
	if (h->n == LIMIT_HOLDERS)
		return fail(-ELOOP, "more than %u open files of a kind", LIMIT_HOLDERS);
	if (h->n == h->room) {
		size_t room = h->room ? 2 * h->room : 256;
		struct holder *v = realloc(h->v, room * sizeof(*v));

		if (!v)
			return fail(-ENOMEM, "%zu open files", room);
		h->v = v;
		h->room = room;
	}
	h->v[h->n++] = *found;
	return 0;
}

static int look_into(struct search *s, const struct table *t)
{
	struct files_walk w;
	struct open_file f;
	uint64_t op;
	int r = files_begin(&w, s->k, t->task);

	while (r >= 0 && (r = files_next(&w, &f)) > 0) {
		struct holder found = { .task = t->task, .pid = t->tgid, .fd = (uint32_t)f.fd };

		r = field_u64(s->k, f.file, F_file_op, &op);
		if (r < 0 || !op || (op != s->fops && op != s->other))
			continue;
		r = field_u64(s->k, f.file, F_file_private_data, &found.what);
		if (r >= 0)
			r = add(s->h, &found);
	}
	return r;
}

int holders_find(struct kernel *k, const char *fops, const char *other, struct holders *ret)
{
	struct holders h = { 0 };
	struct search s = { .k = k, .h = &h };
	const struct task_list *l;
	_free_ struct table *v = NULL;
	size_t n = 0;
	int r = symbol_addr(k, fops, &s.fops);

	if (r >= 0 && other)
		r = symbol_addr(k, other, &s.other);
	if (r >= 0)
		r = tasks_get(k, &l);
	if (r < 0)
		return r;
	v = malloc((l->n + 1) * sizeof(*v));
	r = v ? find_tables(&s, l, v, &n) : fail(-ENOMEM, "a table of %zu tasks", l->n);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = tell(&h, &v[i], look_into(&s, &v[i]));
	if (r >= 0 && !l->n)
		put_str(&h.problems, "no tasks are known\n");
	if (r < 0 && r != -ELOOP) {
		holders_fini(&h);
		return r;
	}
	if (r < 0)
		put(&h.problems, "%s\n", why());
	if (h.n)
		qsort(h.v, h.n, sizeof(*h.v), by_what);
	*ret = h;
	return 0;
}

void holders_fini(struct holders *h)
{
	free(h->v);
	strbuf_fini(&h->problems);
	*h = (struct holders){ 0 };
}

/* The first whose .what is @what or more. */
static size_t lower_bound(const struct holders *h, uint64_t what)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (h->v[mid].what < what)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct holder *holders_of(const struct holders *h, uint64_t what, size_t *ret_n)
{
	size_t low = lower_bound(h, what);
	size_t end = what == UINT64_MAX ? h->n : lower_bound(h, what + 1);

	*ret_n = end - low;
	return *ret_n ? h->v + low : NULL;
}

void put_holders(struct strbuf *out, struct kernel *k, const struct holders *h, uint64_t what)
{
	size_t n;
	const struct holder *v = holders_of(h, what, &n);

	for (size_t i = 0; i < n && i < LIMIT_HOLDERS_SHOWN; i++) {
		char comm[TASK_COMM_LEN];

		put_str(out, i ? ",(\"" : "users:((\"");
		if (task_comm(k, v[i].task, comm) >= 0)
			put_escaped(out, comm, strlen(comm), "\" ");
		else
			put_str(out, "?");
		put(out, "\",pid=%u,fd=%u)", v[i].pid, v[i].fd);
	}
	if (n > LIMIT_HOLDERS_SHOWN)
		put(out, ",... %zu more", n - LIMIT_HOLDERS_SHOWN);
	put_str(out, n ? ")" : "-");
}
