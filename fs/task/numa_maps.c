/* /proc/<pid>/numa_maps: on which nodes of memory the mappings of a process are. */
#include "dump/base/err.h"
#include "dump/base/mask.h"
#include "fs/task/map_line.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/mem/vma_nodes.h"
#include "kernel/mem/vma_usage.h"
#include "kernel/symbol/symbols.h"

#define VM_HUGETLB 0x400000

enum { DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL, PREFERRED_MANY, WEIGHTED, MODES };

enum { F_LOCAL = 1 << 1, RELATIVE_NODES = 1 << 14, STATIC_NODES = 1 << 15 };

bool has_task_numa_maps(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "proc_pid_numa_maps_operations", &va) >= 0;
}

/* mpol_to_str() */
static void put_policy(struct strbuf *out, const struct mempolicy *p)
{
	static const char *const modes[MODES] = {
		[DEFAULT] = "default",
		[PREFERRED] = "prefer",
		[BIND] = "bind",
		[INTERLEAVE] = "interleave",
		[LOCAL] = "local",
		[PREFERRED_MANY] = "prefer (many)",
		[WEIGHTED] = "weighted interleave",
	};
	const uint32_t mode = p->mode == PREFERRED && p->flags & F_LOCAL ? LOCAL : p->mode;

	if (mode >= MODES) {
		put_str(out, "unknown");
		return;
	}
	put_str(out, modes[mode]);
	if (p->flags & (STATIC_NODES | RELATIVE_NODES))
		put_str(out, p->flags & STATIC_NODES ? "=static" : "=relative");
	if (p->has_nodes && mode != DEFAULT && mode != LOCAL) {
		put_str(out, ":");
		put_mask_list(out, p->nodes, LIMIT_NODES);
	}
}

/* Also the blank of " (deleted)" is escaped here. */
static int put_file(const struct map_view *w, uint64_t file)
{
	struct path p;
	STRBUF(name);
	int e = path_of_file(w->k, file, &p);

	if (e >= 0)
		e = put_path(&name, w->k, &p, &w->root, "\n\t= ");
	put_str(w->out, " file=");
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] == ' ')
			put_str(w->out, "\\040");
		else
			put_bytes(w->out, &name.data[i], 1);
	return e;
}

/* What it is of: a file by its name, heap, stack. */
static int put_kind(const struct map_view *w, const struct vma *v)
{
	int e = 0;

	if (v->file)
		e = put_file(w, v->file);
	else if (vma_is_heap(&w->marks, v))
		put_str(w->out, " heap");
	else if (vma_is_stack(&w->marks, v))
		put_str(w->out, " stack");
	put_str(w->out, v->flags & VM_HUGETLB ? " huge" : "");
	return e;
}

static void put_count(struct strbuf *out, const char *name, uint64_t n)
{
	if (n)
		put(out, " %s=%lu", name, n);
}

static int put_nodes(const struct map_view *w, const struct vma *v, const struct vma_nodes *n)
{
	uint64_t size;
	int e = vma_page_size(w->k, v, &size);

	if (e < 0 || !n->pages)
		return e;
	put_count(w->out, "anon", n->anon);
	put_count(w->out, "dirty", n->dirty);
	if (n->pages != n->anon && n->pages != n->dirty)
		put_count(w->out, "mapped", n->pages);
	if (n->mapped_most > 1)
		put_count(w->out, "mapmax", n->mapped_most);
	put_count(w->out, "swapcache", n->swapcache);
	if (n->active < n->pages && !(v->flags & VM_HUGETLB))
		put(w->out, " active=%lu", n->active);
	put_count(w->out, "writeback", n->writeback);
	for (size_t i = 0; i < LIMIT_NODES; i++)
		if (n->node[i])
			put(w->out, " N%zu=%lu", i, n->node[i]);
	put(w->out, " kernelpagesize_kB=%lu", size >> 10);
	return 0;
}

int gen_task_numa_maps(struct render *r)
{
	struct mempolicy policy;
	struct vma_nodes nodes;
	struct vma_walk walk;
	struct user_mem mem;
	struct map_view w;
	struct vma v;
	int e = map_view_open(r->k, r->out, key_task(r), &w);

	if (e < 0 || !w.mm)
		return e;
	e = user_mem_of(r->k, w.mm, &mem);
	if (e >= 0)
		e = vma_begin(&walk, r->k, w.mm);
	while (e >= 0 && (e = vma_next(&walk, &v)) > 0) {
		e = vma_policy(r->k, key_task(r), &v, &policy);
		if (e < 0)
			break;
		put(r->out, "%08lx ", v.start);
		put_policy(r->out, &policy);
		e = put_kind(&w, &v);
		if (e >= 0)
			e = vma_nodes(&mem, &v, &nodes);
		if (e >= 0)
			e = put_nodes(&w, &v, &nodes);
		put_str(r->out, "\n");
	}
	return e;
}
