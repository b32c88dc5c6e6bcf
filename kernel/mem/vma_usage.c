#include "kernel/mem/vma_usage.h"

#include <errno.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/mem/page.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/xarray.h"

#define VM_SHARED   0x8
#define VM_LOCKED   0x2000
#define VM_HUGETLB  0x400000
#define SHMEM_MAGIC 0x01021994

struct counting {
	struct kernel *k;
	struct vma_usage *u;
	bool locked;
	uint64_t dirty; /* bits of an entry */
	uint64_t page;	/* bytes of one */
};

/* Was what @entry maps written to through it? */
static bool is_dirty(const struct counting *c, const struct pt_format *f, uint64_t entry)
{
	return entry & c->dirty || (entry & f->writable && !(entry & f->unwritten));
}

static void add_part(struct counting *c, const struct page_state *p, uint64_t size, uint64_t pss,
		     bool dirty, bool alone)
{
	struct vma_usage *u = c->u;

	u->pss += pss;
	if (page_is_anon(p))
		u->pss_anon += pss;
	else if (page_has(c->k, p, PAGE_SWAPBACKED))
		u->pss_shmem += pss;
	else
		u->pss_file += pss;
	if (c->locked)
		u->pss_locked += pss;
	if (dirty)
		u->pss_dirty += pss;
	if (alone)
		*(dirty ? &u->private_dirty : &u->private_clean) += size;
	else
		*(dirty ? &u->shared_dirty : &u->shared_clean) += size;
}

/* smaps_account(), of @size bytes from frame @pfn on. */
static int add_pages(struct counting *c, uint64_t pfn, uint64_t size, bool young, bool dirty)
{
	struct vma_usage *u = c->u;
	struct page_state p;
	int r = page_state(c->k, pfn, &p);

	if (r < 0)
		return r;
	if (page_is_anon(&p)) {
		u->anonymous += size;
		if (!page_has(c->k, &p, PAGE_SWAPBACKED) && !dirty &&
		    !page_has(c->k, &p, PAGE_DIRTY))
			u->lazyfree += size;
	}
	if (page_is_ksm(&p))
		u->ksm += size;
	u->resident += size;
	if (young || page_has(c->k, &p, PAGE_REFERENCED))
		u->referenced += size;
	dirty |= page_has(c->k, &p, PAGE_DIRTY);
	if (p.refs == 1) {
		add_part(c, &p, size, size << PSS_SHIFT, dirty, true);
		return 0;
	}
	for (uint64_t done = 0; done < size; done += c->page) {
		uint64_t pss = c->page << PSS_SHIFT;

		if (done)
			r = page_state(c->k, pfn + done / c->page, &p);
		if (r < 0)
			return r;
		if (p.mapped >= 2)
			pss /= (uint64_t)p.mapped;
		add_part(c, &p, c->page, pss, dirty, p.mapped < 2);
	}
	return 0;
}

/* A huge page that one entry of the middle level maps. */
static void add_huge(struct counting *c, const struct page_state *p, uint64_t size)
{
	if (page_is_anon(p))
		c->u->anonymous_huge += size;
	else if (page_has(c->k, p, PAGE_SWAPBACKED))
		c->u->shmem_huge += size;
	else
		c->u->file_huge += size;
}

/* The page that stands for memory that was never written to is nobody's. */
static bool is_zero_page(struct kernel *k, uint64_t pfn)
{
	uint64_t zero;

	return (symbol_u64(k, "huge_zero_pfn", 8, &zero) >= 0 && pfn == zero) ||
	       (symbol_u64(k, "zero_pfn", 8, &zero) >= 0 && pfn == zero);
}

static int add_ram(struct counting *c, const struct vma *v, const struct pt_format *f,
		   const struct mapping *m, uint64_t size)
{
	uint64_t pfn = m->pa / c->page;
	struct page_state p;
	int r;

	if (m->entry & f->special || is_zero_page(c->k, pfn))
		return 0;
	if (v->flags & VM_HUGETLB) {
		r = page_state(c->k, pfn, &p);
		if (r >= 0)
			*(p.mapped >= 2 ? &c->u->shared_hugetlb : &c->u->private_hugetlb) += size;
		return r;
	}
	r = add_pages(c, pfn, size, m->entry & f->young, is_dirty(c, f, m->entry));
	if (r >= 0 && 1ull << m->shift > c->page) {
		r = page_state(c->k, pfn, &p);
		if (r >= 0)
			add_huge(c, &p, size);
	}
	return r;
}

/* How many page tables have it: 1 where this kernel does not tell. */
static uint64_t swap_count(struct kernel *k, const struct mapping *m)
{
	enum { HAS_CACHE = 0x40, CONTINUED = 0x80 };
	uint64_t table, swap, map, count;

	if (!field_exists(k, F_swap_map) || symbol_addr(k, "swap_info", &table) < 0 ||
	    kernel_read_uint(k, table + 8 * (uint64_t)m->swap_type, 8, &swap) < 0 || !swap ||
	    field_u64(k, swap, F_swap_map, &map) < 0 ||
	    kernel_read_uint(k, map + m->swap_offset, 1, &count) < 0)
		return 1;
	count &= ~(uint64_t)(HAS_CACHE | CONTINUED);
	return count ? count : 1;
}

/* Of the numbers of swap devices the last are no devices but marks. */
static bool is_swap_device(struct kernel *k, uint64_t type)
{
	uint64_t n;

	return symbol_u64(k, "nr_swapfiles", 4, &n) >= 0 && type < n;
}

/* What of a file in memory alone was swapped out. */
static int add_shmem_swap(struct counting *c, const struct vma *v)
{
	uint64_t mapping, host, sb, magic, info, swapped, index, entry;
	struct xa_walk w;
	int r = field_u64(c->k, v->file, F_file_mapping, &mapping);

	if (r >= 0)
		r = field_u64(c->k, mapping, F_mapping_host, &host);
	if (r >= 0)
		r = field_u64(c->k, host, F_inode_sb, &sb);
	if (r >= 0)
		r = field_u64(c->k, sb, F_sb_magic, &magic);
	if (r < 0 || magic != SHMEM_MAGIC)
		return r;
	r = field_owner(c->k, host, F_shmem_inode_vfs_inode, &info);
	if (r >= 0)
		r = field_u64(c->k, info, F_shmem_inode_swapped, &swapped);
	if (r < 0 || !swapped)
		return r;
	r = field_addr(c->k, mapping, F_mapping_pages, &mapping);
	if (r >= 0)
		r = xa_begin(&w, c->k, mapping);
	while (r >= 0 && (r = xa_next(&w, &index, &entry)) > 0)
		if (xa_is_value(entry) && index - v->pgoff < (v->end - v->start) / c->page)
			c->u->swap += c->page;
	return r;
}

int vma_usage_add(const struct user_mem *m, const struct vma *v, struct vma_usage *usage)
{
	struct counting c = { .k = m->k,
			      .u = usage,
			      .page = 1ull << kernel_page_shift(m->k),
			      .locked = v->flags & VM_LOCKED };
	const struct pt_format *f = m->space.pt;
	struct mapping at;
	uint64_t size;
	int r = v->file ? add_shmem_swap(&c, v) : 0;

	if (r >= 0 && !f)
		r = fail(-EOPNOTSUPP, "no page tables");
	if (r >= 0) {
		c.dirty = f->dirty;
		/* Before there were shadow stacks the bit meant something else. */
		if (field_exists(m->k, F_task_thread_features))
			c.dirty |= f->saved_dirty;
	}
	for (uint64_t va = v->start; r >= 0 && va < v->end; va += size) {
		r = space_lookup(&m->space, kernel_dump(m->k), va, &at);
		if (r < 0)
			break;
		size = at.left < v->end - va ? at.left : v->end - va;
		if (at.kind == MAP_RAM) {
			r = add_ram(&c, v, f, &at, size);
		} else if (at.kind == MAP_SWAPPED && is_swap_device(m->k, at.swap_type)) {
			usage->swap += size;
			usage->swap_pss += (size << PSS_SHIFT) / swap_count(m->k, &at);
		}
		if (cancelled())
			r = fail(-EINTR, "interrupted");
	}
	return r < 0 ? within(r, "mapping at %#lx", v->start) : 0;
}

/* A file system of huge pages has one size of them. */
int vma_page_size(struct kernel *k, const struct vma *v, uint64_t *ret)
{
	uint64_t inode, sb, info, hstate, order;
	int r;

	*ret = 1ull << kernel_page_shift(k);
	if (!(v->flags & VM_HUGETLB) || !v->file)
		return 0;
	r = field_u64(k, v->file, F_file_inode, &inode);
	if (r >= 0)
		r = field_u64(k, inode, F_inode_sb, &sb);
	if (r >= 0)
		r = field_u64(k, sb, F_sb_fs_info, &info);
	if (r >= 0)
		r = field_u64(k, info, F_hugetlbfs_hstate, &hstate);
	if (r >= 0)
		r = field_u64(k, hstate, F_hstate_order, &order);
	if (r >= 0)
		*ret <<= order & 31;
	return r;
}
