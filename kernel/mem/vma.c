#include "kernel/mem/vma.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"

#define VSYSCALL_NONE 2 /* in every kernel that has the variable */

int vma_begin(struct vma_walk *w, struct kernel *k, uint64_t mm)
{
	uint64_t tree;
	int r;

	*w = (struct vma_walk){ .k = k, .is_tree = field_exists(k, F_mm_mt) };
	if (!w->is_tree)
		return field_u64(k, mm, F_mm_mmap, &w->next);
	r = field_addr(k, mm, F_mm_mt, &tree);
	return r < 0 ? r : maple_begin(&w->tree, k, tree);
}

int vma_read(struct kernel *k, uint64_t addr, struct vma *ret)
{
	struct vma v = { .addr = addr };
	int r = field_u64(k, addr, F_vma_start, &v.start);

	if (r == 0)
		r = field_u64(k, addr, F_vma_end, &v.end);
	if (r == 0)
		r = field_u64(k, addr, F_vma_flags, &v.flags);
	if (r == 0)
		r = field_u64(k, addr, F_vma_pgoff, &v.pgoff);
	if (r == 0)
		r = field_u64(k, addr, F_vma_file, &v.file);
	if (r == 0)
		*ret = v;
	return r;
}

static int next_of_list(struct vma_walk *w, struct vma *ret)
{
	struct vma v;
	int r;

	if (!w->next)
		return 0;
	r = guard_step(&w->guard, w->next);
	if (r == 0)
		r = vma_read(w->k, w->next, &v);
	if (r == 0)
		r = field_u64(w->k, w->next, F_vma_next, &w->next);
	if (r < 0)
		return r;
	*ret = v;
	return 1;
}

int vma_next(struct vma_walk *w, struct vma *ret)
{
	struct maple_entry e;
	int r;

	if (!w->is_tree)
		return next_of_list(w, ret);
	r = maple_next(&w->tree, &e);
	if (r <= 0)
		return r;
	r = vma_read(w->k, e.entry, ret);
	return r < 0 ? r : 1;
}

int vma_gate(struct kernel *k, struct vma *ret)
{
	uint64_t mode, gate;
	int r = symbol_addr(k, "vsyscall_mode", &mode);

	if (r == 0)
		r = kernel_read_uint(k, mode, 4, &mode);
	if (r == 0 && mode == VSYSCALL_NONE)
		r = fail(-ENOENT, "no vsyscall page");
	if (r == 0)
		r = symbol_addr(k, "gate_vma", &gate);
	return r < 0 ? r : vma_read(k, gate, ret);
}

int mm_marks(struct kernel *k, uint64_t mm, struct mm_marks *ret)
{
	struct mm_marks m = { 0 };
	uint64_t size;
	int r = field_u64(k, mm, F_mm_start_brk, &m.start_brk);

	if (r == 0)
		r = field_u64(k, mm, F_mm_brk, &m.brk);
	if (r == 0)
		r = field_u64(k, mm, F_mm_start_stack, &m.start_stack);
	if (r < 0)
		return r;
	if (field_exists(k, F_mm_vdso))
		r = field_u64(k, mm, F_mm_vdso, &m.vdso);
	/* It came with v6.7, to which nothing testifies; v6.11 has this type for the same file. */
	m.is_strict = kernel_sizeof(k, "procmap_query", &size) == 0;
	if (r == 0)
		*ret = m;
	return r;
}

static int put_anon_name(struct strbuf *out, struct kernel *k, const char *kind, uint64_t name)
{
	char text[256];
	uint64_t addr;
	int r = field_addr(k, name, F_anon_vma_name_name, &addr);

	if (r == 0)
		r = kernel_read_str(k, addr, text, sizeof(text));
	if (r == 0)
		put(out, "[%s:%s]", kind, text);
	return r;
}

/* The name that prctl(PR_SET_VMA_ANON_NAME) gave it; 0: none. Until d09e8ca6cb93 (v6.2) the mapping of a
 * file has something else in its place. */
static uint64_t anon_name_of(struct kernel *k, const struct vma *v)
{
	uint64_t name, at, shared;

	if (field_offset(k, F_vma_anon_name, &at) < 0 ||
	    (v->file && field_offset(k, F_vma_shared, &shared) == 0 && at == shared) ||
	    field_u64(k, v->addr, F_vma_anon_name, &name) < 0)
		return 0;
	return name;
}

static int put_file_name(struct strbuf *out, struct kernel *k, const struct vma *v,
			 const struct path *root)
{
	uint64_t name = anon_name_of(k, v);
	struct path p;
	int r;

	if (name)
		return put_anon_name(out, k, "anon_shmem", name);
	r = path_of_file(k, v->file, &p);
	return r < 0 ? r : put_path(out, k, &p, root, "\n");
}

/* [vdso], [vvar]: struct vm_special_mapping. */
static bool put_special_name(struct strbuf *out, struct kernel *k, const struct vma *v)
{
	uint64_t ops, name, mapping;
	struct symbol s;
	char text[64];

	if (field_u64(k, v->addr, F_vma_ops, &ops) < 0 || !ops ||
	    field_u64(k, ops, F_vm_ops_name, &name) < 0 || symbol_at(k, name, &s) < 0 ||
	    strcmp(s.name, "special_mapping_name"))
		return false;
	if (field_u64(k, v->addr, F_vma_private_data, &mapping) < 0 ||
	    field_str(k, mapping, F_special_mapping_name, text, sizeof(text)) < 0)
		return false;
	put_str(out, text);
	return true;
}

bool vma_is_heap(const struct mm_marks *m, const struct vma *v)
{
	return m->is_strict ? v->start < m->brk && v->end > m->start_brk
			    : v->start <= m->brk && v->end >= m->start_brk;
}

bool vma_is_stack(const struct mm_marks *m, const struct vma *v)
{
	return v->start <= m->start_stack && v->end >= m->start_stack;
}

int put_vma_name(struct strbuf *out, struct kernel *k, const struct mm_marks *m,
		 const struct vma *v, const struct path *root)
{
	uint64_t name;

	if (v->file)
		return put_file_name(out, k, v, root);
	if (put_special_name(out, k, v))
		return 0;
	if (m->vdso && v->start == m->vdso)
		put_str(out, "[vdso]");
	else if (vma_is_heap(m, v))
		put_str(out, "[heap]");
	else if (vma_is_stack(m, v))
		put_str(out, "[stack]");
	else if ((name = anon_name_of(k, v)))
		return put_anon_name(out, k, "anon", name);
	return 0;
}
