#include "fs/task/map_line.h"

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/file/inode.h"
#include "kernel/task/task.h"

#define MINOR_BITS 20

int map_view_open(struct kernel *k, struct strbuf *out, uint64_t task, struct map_view *ret)
{
	int e;

	*ret = (struct map_view){ .k = k, .out = out, .task = task };
	e = task_own_mm(k, task, &ret->mm);
	if (e < 0 || !ret->mm)
		return e;
	e = mm_marks(k, ret->mm, &ret->marks);
	return e < 0 ? e : path_of_init(k, &ret->root);
}

/* Where the file of a mapping is: device and inode number. Zeros without a file. */
static int place_of_file(struct kernel *k, uint64_t file, uint64_t *ret_dev, uint64_t *ret_ino)
{
	struct path p;
	uint64_t inode;
	int r;

	*ret_dev = *ret_ino = 0;
	if (!file)
		return 0;
	r = path_of_file(k, file, &p);
	if (r == 0)
		r = field_u64(k, p.dentry, F_dentry_inode, &inode);
	return r < 0 ? r : inode_id(k, inode, ret_ino, ret_dev);
}

int put_map_line(const struct map_view *w, const struct vma *v)
{
	uint64_t dev, ino;
	STRBUF(name);
	size_t start = w->out->len;
	int r = place_of_file(w->k, v->file, &dev, &ino), named;

	named = put_vma_name(&name, w->k, &w->marks, v, &w->root);
	put(w->out, "%08lx-%08lx %c%c%c%c %08lx %02lx:%02lx %lu ", v->start, v->end,
	    v->flags & VM_READ ? 'r' : '-', v->flags & VM_WRITE ? 'w' : '-',
	    v->flags & VM_EXEC ? 'x' : '-', v->flags & VM_MAYSHARE ? 's' : 'p',
	    v->file ? v->pgoff << kernel_page_shift(w->k) : 0, dev >> MINOR_BITS,
	    dev & ((1u << MINOR_BITS) - 1), ino);
	if (name.len) {
		size_t len = w->out->len - start;

		/* At least one more, however long the line is. */
		put(w->out, "%*s", len < MAP_NAME_COLUMN ? (int)(MAP_NAME_COLUMN - len) : 1, "");
		put_bytes(w->out, name.data, name.len);
	}
	put_str(w->out, "\n");
	return r < 0 ? r : named;
}
