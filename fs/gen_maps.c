/* /tasks/{pid}/{maps,vm}: what a process has mapped. */
#include <errno.h>
#include <stdio.h>

#include "dump/base/err.h"
#include "fs/stack_text.h"
#include "fs/task_key.h"
#include "kernel/rss.h"
#include "kernel/task.h"
#include "kernel/vma.h"

#define PAGE_SHIFT  12
#define NAME_COLUMN 73 /* of maps, from 0 on */
#define MINOR_BITS  20

/* What a table of mappings is about. */
struct view {
	struct kernel *k;
	struct strbuf *out;
	uint64_t task, mm; /* mm 0: none */
	struct mm_marks marks;
	struct path root; /* names are as init sees them */
};

static int open_view(struct render *r, struct view *v)
{
	int e;

	*v = (struct view){ .k = r->k, .out = r->out, .task = key_task(r) };
	e = task_own_mm(r->k, v->task, &v->mm);
	if (e < 0 || !v->mm)
		return e;
	e = mm_marks(r->k, v->mm, &v->marks);
	return e < 0 ? e : path_of_init(r->k, &v->root);
}

/* Where the file of a mapping is: device and inode number. Zeros without a file. */
static int place_of_file(struct kernel *k, uint64_t file, uint64_t *ret_dev, uint64_t *ret_ino)
{
	struct path p;
	uint64_t inode, sb;
	int r;

	*ret_dev = *ret_ino = 0;
	if (!file)
		return 0;
	r = path_of_file(k, file, &p);
	if (r == 0)
		r = field_u64(k, p.dentry, F_dentry_inode, &inode);
	if (r == 0)
		r = field_u64(k, inode, F_inode_sb, &sb);
	if (r == 0)
		r = field_u64(k, sb, F_sb_dev, ret_dev);
	return r < 0 ? r : field_u64(k, inode, F_inode_ino, ret_ino);
}

static int put_mapping(const struct view *w, const struct vma *v)
{
	uint64_t dev, ino;
	STRBUF(name);
	size_t start = w->out->len;
	int r = place_of_file(w->k, v->file, &dev, &ino), named;

	named = put_vma_name(&name, w->k, &w->marks, v, &w->root);
	put(w->out, "%08lx-%08lx %c%c%c%c %08lx %02lx:%02lx %lu ", v->start, v->end,
	    v->flags & VM_READ ? 'r' : '-', v->flags & VM_WRITE ? 'w' : '-',
	    v->flags & VM_EXEC ? 'x' : '-', v->flags & VM_MAYSHARE ? 's' : 'p',
	    v->file ? v->pgoff << PAGE_SHIFT : 0, dev >> MINOR_BITS, dev & ((1u << MINOR_BITS) - 1),
	    ino);
	if (name.len) {
		size_t len = w->out->len - start;

		/* At least one more, however long the line is. */
		put(w->out, "%*s", len < NAME_COLUMN ? (int)(NAME_COLUMN - len) : 1, "");
		put_bytes(w->out, name.data, name.len);
	}
	put_str(w->out, "\n");
	return r < 0 ? r : named;
}

int gen_task_maps(struct render *r)
{
	struct vma_walk walk;
	struct view w;
	struct vma v;
	int e = open_view(r, &w);

	if (e < 0 || !w.mm)
		return e;
	e = vma_begin(&walk, r->k, w.mm);
	while (e >= 0 && (e = vma_next(&walk, &v)) > 0)
		e = put_mapping(&w, &v);
	if (e < 0)
		return e;
	return vma_gate(r->k, &v) == 0 ? put_mapping(&w, &v) : 0;
}

/* crash's table of a process's mappings. */
static int put_vm_header(const struct view *w)
{
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
	snprintf(size[0], sizeof(size[0]), "%luk", rss_total(&rss) << (PAGE_SHIFT - 10));
	snprintf(size[1], sizeof(size[1]), "%luk", total << (PAGE_SHIFT - 10));
	put(w->out, "       MM               PGD          RSS    TOTAL_VM\n");
	put(w->out, "%lx  %lx  %-7s %s\n", w->mm, pgd, size[0], size[1]);
	put(w->out, "      VMA           START       END     FLAGS FILE\n");
	return 0;
}

int gen_task_vm(struct render *r)
{
	struct vma_walk walk;
	struct view w;
	struct vma v;
	int e = open_view(r, &w);

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
