/* What /tasks/<pid> shows of a process's own memory: cmdline, environ; and auxv, which the kernel keeps. */
#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/task/task.h"
#include "kernel/types/print.h"
#include "kernel/mem/user_mem.h"

#define CHUNK 4096

struct argument_area {
	uint64_t arg_start, arg_end, env_start, env_end;
};

static int read_area(struct kernel *k, uint64_t mm, struct argument_area *ret)
{
	int r = field_u64(k, mm, F_mm_arg_start, &ret->arg_start);

	if (r >= 0)
		r = field_u64(k, mm, F_mm_arg_end, &ret->arg_end);
	if (r >= 0)
		r = field_u64(k, mm, F_mm_env_start, &ret->env_start);
	if (r >= 0)
		r = field_u64(k, mm, F_mm_env_end, &ret->env_end);
	return r;
}

/* The bytes from @from to @to; what the dump lacks is said, and ends them. */
static void put_bytes_of(struct strbuf *out, const struct user_mem *m, uint64_t from, uint64_t to)
{
	char chunk[CHUNK];

	while (from < to && !out->error) {
		size_t want = CHUNK - from % CHUNK, got;

		if (want > to - from)
			want = to - from;
		got = user_read(m, from, chunk, want);
		put_bytes(out, chunk, got);
		if (got < want) {
			put_str(out, NOT_IN_DUMP "\n");
			return;
		}
		from += got;
	}
}

/* A process that has written a title over its arguments, beyond their end: the string there. */
static void put_title(struct strbuf *out, const struct user_mem *m, uint64_t start)
{
	char page[CHUNK];
	size_t got = user_read(m, start, page, sizeof(page)), len = strnlen(page, got);

	put_bytes(out, page, len < got ? len + 1 : got);
	if (got < sizeof(page) && len == got)
		put_str(out, NOT_IN_DUMP "\n");
}

/* 0, with *ret_mm 0: this task has none. */
static int open_memory(struct render *r, uint64_t *ret_mm, struct user_mem *ret)
{
	int e = task_own_mm(r->k, key_task(r), ret_mm);

	return e < 0 || !*ret_mm ? e : user_mem_of(r->k, *ret_mm, ret);
}

/* Most dumps are without any of it. ps shows this in place of the command: it needs the name as much as of
 * those that have no arguments, where it puts that in brackets. */
static int put_absent_cmdline(struct render *r)
{
	char name[TASK_NAME_LEN];
	int e = task_name(r->k, key_task(r), name);

	if (e >= 0)
		put(r->out, "[%s] " NOT_IN_DUMP "\n", name);
	return e;
}

int gen_task_cmdline(struct render *r)
{
	struct argument_area a;
	struct user_mem m;
	uint64_t mm;
	char first, last;
	int e = open_memory(r, &mm, &m);

	r->verbatim = true;
	if (e >= 0 && mm)
		e = read_area(r->k, mm, &a);
	if (e < 0 || !mm || !a.env_end || a.arg_start >= a.arg_end)
		return e;
	if (user_read(&m, a.arg_start, &first, 1) < 1)
		return put_absent_cmdline(r);
	if (user_read(&m, a.arg_end - 1, &last, 1) == 1 && last)
		put_title(r->out, &m, a.arg_start);
	else
		put_bytes_of(r->out, &m, a.arg_start, a.arg_end);
	return 0;
}

int gen_task_environ(struct render *r)
{
	struct argument_area a;
	struct user_mem m;
	uint64_t mm;
	int e = open_memory(r, &mm, &m);

	r->verbatim = true;
	if (e >= 0 && mm)
		e = read_area(r->k, mm, &a);
	if (e >= 0 && mm && a.env_end)
		put_bytes_of(r->out, &m, a.env_start, a.env_end);
	return e;
}

/* Pairs of numbers, the last of them AT_NULL. */
int gen_task_auxv(struct render *r)
{
	uint64_t mm;
	int e = task_own_mm(r->k, key_task(r), &mm);

	r->verbatim = true;
	return e < 0 || !mm ? e : put_auxv(r->out, r->k, mm);
}
