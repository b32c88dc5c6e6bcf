/* /proc/<pid>/map_files: the files that a process has mapped, by their addresses. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/file/path.h"
#include "kernel/mem/vma.h"
#include "kernel/task/task.h"

static int add_map_files(struct render *r, struct names *names)
{
	struct vma_walk walk;
	struct vma v;
	uint64_t mm;
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e < 0 || !mm)
		return e;
	e = vma_begin(&walk, r->k, mm);
	while (e >= 0 && (e = vma_next(&walk, &v)) > 0) {
		char name[40];

		if (!v.file)
			continue;
		snprintf(name, sizeof(name), "%" PRIx64 "-%" PRIx64, v.start, v.end);
		names_add(names, name, v.file);
	}
	return e;
}

const struct lister list_task_map_files = { .list = add_map_files };

int gen_task_map_file(struct render *r)
{
	struct path p, root;
	int e = path_of_init(r->k, &root);

	if (e >= 0)
		e = path_of_file(r->k, r->key[key_count(r) - 1].id, &p);
	return e < 0 ? e : put_path(r->out, r->k, &p, &root, "");
}
