#include "kernel/mem/vma_nodes.h"

#include <errno.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "kernel/mem/page.h"

#define VM_HUGETLB 0x400000

/* gather_stats(), of @pages pages of which the first is in frame @pfn. */
static int add_page(struct kernel *k, uint64_t pfn, uint64_t pages, bool dirty, struct vma_nodes *n)
{
	struct page_state p;
	uint64_t node;
	int r = page_state(k, pfn, &p);

	if (r < 0)
		return r;
	if (page_has(k, &p, PAGE_RESERVED))
		return 0;
	node = page_node(k, &p);
	if (node >= LIMIT_NODES)
		return fail(-EBADMSG, "page frame %#lx on node %lu", pfn, node);
	n->pages += pages;
	n->node[node] += pages;
	if (dirty || page_has(k, &p, PAGE_DIRTY))
		n->dirty += pages;
	if (page_has(k, &p, PAGE_SWAPBACKED) && page_has(k, &p, PAGE_SWAPCACHE))
		n->swapcache += pages;
	if (page_has(k, &p, PAGE_ACTIVE) || page_has(k, &p, PAGE_UNEVICTABLE))
		n->active += pages;
	if (page_has(k, &p, PAGE_WRITEBACK))
		n->writeback += pages;
	if (page_is_anon(&p))
		n->anon += pages;
	if (p.mapped > 0 && (uint64_t)p.mapped > n->mapped_most)
		n->mapped_most = (uint64_t)p.mapped;
	return 0;
}

int vma_nodes(const struct user_mem *m, const struct vma *v, struct vma_nodes *ret)
{
	const struct pt_format *f = m->space.pt;
	const unsigned int shift = kernel_page_shift(m->k);
	struct mapping at;
	uint64_t size, dirty;
	int r = f ? 0 : fail(-EOPNOTSUPP, "no page tables");

	memset(ret, 0, sizeof(*ret));
	if (r < 0)
		return r;
	/* Before there were shadow stacks the bit meant something else. */
	dirty = f->dirty | (field_exists(m->k, F_task_thread_features) ? f->saved_dirty : 0);
	for (uint64_t va = v->start; r >= 0 && va < v->end; va += size) {
		r = space_lookup(&m->space, kernel_dump(m->k), va, &at);
		if (r < 0)
			break;
		size = at.left < v->end - va ? at.left : v->end - va;
		/* An entry of a file system of huge pages is one page. */
		if (at.kind == MAP_RAM && !(at.entry & f->special))
			r = add_page(m->k, at.pa >> shift,
				     v->flags & VM_HUGETLB ? 1 : size >> shift, at.entry & dirty,
				     ret);
		if (cancelled())
			r = fail(-EINTR, "interrupted");
	}
	return r < 0 ? within(r, "mapping at %#lx", v->start) : 0;
}

static int read_nodes(struct kernel *k, uint64_t policy, struct mempolicy *ret)
{
	uint64_t at, size, one;
	int r;

	if (field_exists(k, F_mempolicy_preferred) && ret->mode == 1) {
		r = field_u64(k, policy, F_mempolicy_preferred, &one);
		if (r >= 0 && one < LIMIT_NODES)
			ret->nodes[one / 64] |= 1ull << one % 64;
		return r;
	}
	r = field_addr(k, policy, F_mempolicy_nodes, &at);
	if (r >= 0)
		r = field_size(k, F_mempolicy_nodes, &size);
	for (uint64_t i = 0; r >= 0 && i < size / 8 && i < LIMIT_NODES / 64; i++)
		r = kernel_read_uint(k, at + 8 * i, 8, &ret->nodes[i]);
	return r;
}

int vma_policy(struct kernel *k, uint64_t task, const struct vma *v, struct mempolicy *ret)
{
	uint64_t policy, mode, flags;
	int r = field_u64(k, v->addr, F_vma_policy, &policy);

	memset(ret, 0, sizeof(*ret));
	if (r >= 0 && !policy)
		r = field_u64(k, task, F_task_mempolicy, &policy);
	if (r < 0 || !policy)
		return r;
	r = field_u64(k, policy, F_mempolicy_mode, &mode);
	if (r >= 0)
		r = field_u64(k, policy, F_mempolicy_flags, &flags);
	if (r < 0)
		return within(r, "mempolicy at %#lx", policy);
	ret->mode = (uint32_t)mode;
	ret->flags = (uint32_t)flags;
	r = read_nodes(k, policy, ret);
	for (size_t i = 0; i < LIMIT_NODES / 64; i++)
		ret->has_nodes |= ret->nodes[i] != 0;
	return r < 0 ? within(r, "mempolicy at %#lx", policy) : 0;
}
