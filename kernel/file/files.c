#include "kernel/file/files.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"

int files_begin(struct files_walk *w, struct kernel *k, uint64_t task)
{
	uint64_t table;
	int r;

	*w = (struct files_walk){ .k = k };
	r = field_u64(k, task, F_task_files, &w->files);
	if (r < 0 || !w->files)
		return r;
	r = field_u64(k, w->files, F_files_fdt, &table);
	if (r == 0)
		r = field_u64(k, table, F_fdtable_max_fds, &w->max);
	if (r == 0)
		r = field_u64(k, table, F_fdtable_fd, &w->array);
	if (r == 0)
		r = field_u64(k, table, F_fdtable_close_on_exec, &w->cloexec);
	if (r == 0 && w->max > LIMIT_FDS)
		r = fail(-EBADMSG, "room for %lu open files", w->max);
	return r;
}

static int read_chunk(struct files_walk *w)
{
	unsigned char raw[sizeof(w->chunk)];
	uint64_t n = w->max - w->next;
	int r;

	if (cancelled())
		return fail(-EINTR, "interrupted");
	if (n > FILES_CHUNK)
		n = FILES_CHUNK;
	r = kernel_read(w->k, w->array + 8 * w->next, raw, 8 * n);
	if (r == 0)
		r = kernel_read_uint(w->k, w->cloexec + w->next / 8, 8, &w->word);
	if (r < 0)
		return within(r, "open files");
	for (uint64_t i = 0; i < n; i++)
		w->chunk[i] = load_le64(raw + 8 * i);
	return 0;
}

int files_next(struct files_walk *w, struct open_file *ret)
{
	while (w->next < w->max) {
		uint64_t i = w->next % FILES_CHUNK;

		if (!i) {
			int r = read_chunk(w);

			if (r < 0)
				return r;
		}
		w->next++;
		if (!w->chunk[i])
			continue;
		*ret = (struct open_file){ w->next - 1, w->chunk[i], w->word >> i & 1 };
		return 1;
	}
	return 0;
}

int files_find(struct kernel *k, uint64_t task, uint64_t fd, struct open_file *ret)
{
	struct files_walk w;
	uint64_t i = fd % FILES_CHUNK;
	int r = files_begin(&w, k, task);

	if (r < 0)
		return r;
	if (fd >= w.max)
		return fail(-ENOENT, "not open");
	w.next = fd - i;
	r = read_chunk(&w);
	if (r < 0)
		return r;
	if (!w.chunk[i])
		return fail(-ENOENT, "not open");
	*ret = (struct open_file){ fd, w.chunk[i], w.word >> i & 1 };
	return 0;
}
