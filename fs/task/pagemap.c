/* /proc/<pid>/pagemap: eight bytes a page of a process's addresses, in which frame it is, or where on a swap
 * device. As of mem, who reads from the start, where nothing is ever mapped, finds an empty file: a search
 * through the tree shall not read the whole address space. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/mem/page.h"
#include "kernel/mem/user_mem.h"
#include "kernel/mem/vma.h"
#include "kernel/task/task.h"

#define ENTRY		    8
#define MAX_SWAPFILES_SHIFT 5
#define VM_HUGETLB	    0x400000
#define VM_SOFTDIRTY	    0x08000000

/* Bits of an entry: Documentation/admin-guide/mm/pagemap.rst */
#define PM_SOFT_DIRTY (1ull << 55)
#define PM_EXCLUSIVE  (1ull << 56)
#define PM_UFFD_WP    (1ull << 57)
#define PM_FILE	      (1ull << 61)
#define PM_SWAP	      (1ull << 62)
#define PM_PRESENT    (1ull << 63)

struct area {
	uint64_t start, end, flags;
};

struct pagemap {
	struct user_mem mem;
	unsigned int shift; /* log2 of the bytes of a page */
	uint64_t top;	    /* addresses of the process lie below */
	size_t n, room;
	struct area *areas; /* ascending */
};

static int add_area(struct pagemap *m, const struct vma *v)
{
	struct area *areas;

	if (m->n == m->room) {
		if (m->n >= LIMIT_VMAS)
			return fail(-ELOOP, "more than %u mappings", LIMIT_VMAS);
		m->room = m->room ? 2 * m->room : 64;
		areas = realloc(m->areas, m->room * sizeof(*areas));
		if (!areas)
			return fail(-ENOMEM, "%zu mappings", m->room);
		m->areas = areas;
	}
	m->areas[m->n++] = (struct area){ v->start, v->end, v->flags };
	return 0;
}

/* The one that @va lies in; NULL: none. */
static const struct area *area_at(const struct pagemap *m, uint64_t va)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->areas[mid].end <= va)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->n && m->areas[lo].start <= va ? &m->areas[lo] : NULL;
}

/* pte_to_pagemap_entry(), and its likes of huge pages. */
static int entry_of(const struct pagemap *m, const struct area *a, const struct mapping *at,
		    uint64_t *ret)
{
	const struct pt_format *f = m->mem.space.pt;
	const bool huge = a->flags & VM_HUGETLB;
	struct page_state p;
	uint64_t v = a->flags & VM_SOFTDIRTY ? PM_SOFT_DIRTY : 0;
	int r = 0;

	if (at->kind == MAP_RAM) {
		v |= PM_PRESENT | at->pa >> m->shift;
		if (at->entry & f->soft_dirty && !huge)
			v |= PM_SOFT_DIRTY;
		if (at->entry & f->uffd_wp)
			v |= PM_UFFD_WP;
		if (!(at->entry & f->special)) {
			r = page_state(m->mem.k, at->pa >> m->shift, &p);
			if (r >= 0)
				v |= (page_is_anon(&p) ? 0 : PM_FILE) |
				     (p.mapped == 1 ? PM_EXCLUSIVE : 0);
		}
	} else if (at->kind == MAP_SWAPPED) {
		v |= PM_SWAP | at->swap_type | at->swap_offset << MAX_SWAPFILES_SHIFT;
		if (at->entry & f->swap_soft_dirty)
			v |= PM_SOFT_DIRTY;
		if (at->entry & f->swap_uffd_wp)
			v |= PM_UFFD_WP;
	}
	*ret = v;
	return r;
}

static int page_entry(const struct pagemap *m, uint64_t va, uint64_t *ret)
{
	const struct area *a = area_at(m, va);
	struct mapping at;
	int r;

	*ret = 0;
	if (!a)
		return 0;
	r = space_lookup(&m->mem.space, kernel_dump(m->mem.k), va, &at);
	return r < 0 ? r : entry_of(m, a, &at, ret);
}

/* An entry that is not known ends what is read; when it is the first, that is an error. */
static int pagemap_read(const struct raw *raw, uint64_t off, void *buf, size_t len, size_t *ret)
{
	const struct pagemap *m = raw->priv;
	const uint64_t first = m->n ? m->areas[0].start >> m->shift : 0;
	size_t done = 0;

	*ret = 0;
	if (!m->n || off / ENTRY < first)
		return 0;
	while (done < len && (off + done) / ENTRY < m->top >> m->shift) {
		const size_t skip = (off + done) % ENTRY;
		const size_t n = len - done < ENTRY - skip ? len - done : ENTRY - skip;
		unsigned char bytes[ENTRY];
		uint64_t entry;
		int r = page_entry(m, (off + done) / ENTRY << m->shift, &entry);

		if (r < 0 && !done)
			return r;
		if (r < 0)
			break;
		for (size_t i = 0; i < ENTRY; i++)
			bytes[i] = (unsigned char)(entry >> 8 * i);
		memcpy((unsigned char *)buf + done, bytes + skip, n);
		done += n;
	}
	*ret = done;
	return 0;
}

static void pagemap_close(struct raw *raw)
{
	struct pagemap *m = raw->priv;

	free(m->areas);
	free(m);
}

static const struct raw_ops pagemap_ops = { .read_some = pagemap_read, .close = pagemap_close };

static int open_pagemap(struct pagemap *m, struct kernel *k, uint64_t mm)
{
	struct vma_walk walk;
	struct vma v;
	int r = user_mem_of(k, mm, &m->mem);

	if (r >= 0 && !m->mem.space.pt)
		r = fail(-EOPNOTSUPP, "no page tables");
	m->shift = kernel_page_shift(k);
	if (r >= 0)
		r = field_u64(k, mm, F_mm_task_size, &m->top);
	if (r >= 0)
		r = vma_begin(&walk, k, mm);
	while (r >= 0 && (r = vma_next(&walk, &v)) > 0)
		r = add_area(m, &v);
	return r;
}

int raw_task_pagemap(struct render *r, struct raw *ret)
{
	struct pagemap *m;
	uint64_t mm;
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e < 0)
		return e;
	*ret = (struct raw){ 0 };
	if (!mm)
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m)
		return fail(-ENOMEM, "pages of a task");
	*ret = (struct raw){ .ops = &pagemap_ops, .priv = m };
	e = open_pagemap(m, r->k, mm);
	if (e < 0) {
		pagemap_close(ret);
		*ret = (struct raw){ 0 };
		return e;
	}
	ret->weight = sizeof(*m) + m->room * sizeof(m->areas[0]);
	return 0;
}
