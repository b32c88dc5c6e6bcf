/* /tasks/{pid}/mem: the memory of a process at its virtual addresses. What is not mapped, swapped out or
 * not in the dump cannot be read; but who reads from the start, where nothing is ever mapped, finds an
 * empty file. */
#include <errno.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/task/task.h"
#include "kernel/mem/user_mem.h"

static int mem_read(const struct raw *raw, uint64_t off, void *buf, size_t len, size_t *ret)
{
	size_t n = user_read(raw->priv, off, buf, len);

	if (!n && off)
		return fail(-ENODATA, "nothing at %#lx", off);
	*ret = n;
	return 0;
}

static void mem_close(struct raw *raw)
{
	free(raw->priv);
}

static const struct raw_ops mem_ops = { .read_some = mem_read, .close = mem_close };

int raw_task_mem(struct render *r, struct raw *ret)
{
	struct user_mem *m;
	uint64_t mm;
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e < 0)
		return e;
	*ret = (struct raw){ 0 };
	if (!mm)
		return 0;
	m = malloc(sizeof(*m));
	if (!m)
		return fail(-ENOMEM, "memory of a task");
	e = user_mem_of(r->k, mm, m);
	if (e < 0) {
		free(m);
		return e;
	}
	*ret = (struct raw){ .ops = &mem_ops, .weight = sizeof(*m), .priv = m };
	return 0;
}
