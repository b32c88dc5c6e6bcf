/* /memory/usage/{files,shmem}: the page cache, by file and, of what has no disk, by file system. */
#include <errno.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/gen.h"
#include "fs/usage/inode.h"
#include "fs/usage/top.h"
#include "kernel/fields.h"
#include "kernel/file/super.h"
#include "kernel/mem/counts.h"
#include "kernel/symbol/symbols.h"

/* What of a super block is gone through. */
typedef int inode_fn(void *arg, uint64_t sb, uint64_t inode);

/* One that is damaged ends the walk of its file system, not of the others. @seen: over all. */
static int each_inode(struct render *r, uint64_t sb, uint64_t *seen, inode_fn *fn, void *arg)
{
	struct list_walk w;
	uint64_t inode;
	int e = super_inodes_begin(&w, r->k, sb);

	while (e >= 0 && (e = list_next(&w, &inode)) > 0) {
		if (++*seen > LIMIT_USAGE_INODES)
			return fail(-ELOOP, "more than %u inodes", LIMIT_USAGE_INODES);
		e = fn(arg, sb, inode);
	}
	if (e == -EINTR || e == -ENOMEM)
		return e;
	if (e < 0)
		put(r->out, "!! file system at %#lx: %s\n", sb, why());
	return 0;
}

struct cached {
	struct kernel *k;
	struct top top;
};

enum { INODE, SB };

/* The pages of the inode's own: a special file's i_mapping is that of the device. */
static int add_inode(void *arg, uint64_t sb, uint64_t inode)
{
	struct cached *c = arg;
	uint64_t pages;
	int e = field_u64(c->k, inode, F_inode_data_nrpages, &pages);

	if (e < 0 || !pages)
		return e;
	return top_add(&c->top, &(struct top_row){ .key = pages, .v = { inode, sb } });
}

static int put_file(struct render *r, struct super_memo *memo, const struct top_row *row)
{
	uint64_t sb = row->v[SB], inode = row->v[INODE], ino, dev;
	STRBUF(type);
	STRBUF(name);
	int e = field_u64(r->k, inode, F_inode_ino, &ino);

	if (e >= 0)
		e = field_u64(r->k, sb, F_sb_dev, &dev);
	if (e >= 0)
		e = put_super_type(&type, r->k, sb);
	if (e >= 0)
		e = put_inode_name(&name, r->k, memo, sb, inode);
	put(r->out, "%12lu ", row->key * page_kb(r->k));
	if (e < 0) {
		put(r->out, "!! inode at %#lx: %s\n", inode, why());
		return e == -EINTR ? e : 0;
	}
	put_dev(r->out, dev, 9);
	put(r->out, " %12lu  %-10s %s\n", ino, type.data, name.data);
	return 0;
}

int gen_usage_files(struct render *r)
{
	struct cached c = { .k = r->k };
	struct super_memo memo = { 0 };
	uint64_t sb, seen = 0, sum = 0;
	struct list_walk w;
	int e, p = 0;

	put_str(r->out, "          kB       DEV        INODE  FS         FILE\n");
	e = supers_begin(&w, r->k);
	while (e >= 0 && (e = list_next(&w, &sb)) > 0)
		e = each_inode(r, sb, &seen, add_inode, &c);
	top_sort(&c.top);
	for (size_t i = 0; p >= 0 && i < c.top.n; i++) {
		p = put_file(r, &memo, &c.top.rows[i]);
		sum += c.top.rows[i].key;
	}
	put_left(r->out, &c.top, "pages");
	if (e >= 0 && p >= 0)
		put(r->out, "%12lu %9s %12s  %-10s (sum)\n", (sum + c.top.left_key) * page_kb(r->k),
		    "-", "-", "-");
	top_fini(&c.top);
	return e < 0 ? e : p;
}

/* Of one tmpfs. */
struct tmpfs {
	struct kernel *k;
	uint64_t pages, swapped, inodes;
};

static int add_shmem(void *arg, uint64_t sb, uint64_t inode)
{
	struct tmpfs *t = arg;
	uint64_t info, pages, swapped;
	int e = field_u64(t->k, inode, F_inode_data_nrpages, &pages);

	(void)sb;
	if (e >= 0)
		e = field_owner(t->k, inode, F_shmem_inode_vfs_inode, &info);
	if (e >= 0)
		e = field_u64(t->k, info, F_shmem_inode_swapped, &swapped);
	if (e < 0)
		return e;
	t->pages += pages;
	t->swapped += swapped;
	t->inodes++;
	return 0;
}

enum { TMPFS, SWAPPED, INODES, MAX_PAGES, MAX_INODES };

static int add_tmpfs(struct render *r, uint64_t sb, uint64_t *seen, struct top *t)
{
	struct tmpfs sums = { .k = r->k };
	uint64_t info, pages, inodes;
	int e = field_u64(r->k, sb, F_sb_fs_info, &info);

	if (e >= 0)
		e = field_u64(r->k, info, F_shmem_max_blocks, &pages);
	if (e >= 0)
		e = field_u64(r->k, info, F_shmem_max_inodes, &inodes);
	if (e >= 0)
		e = each_inode(r, sb, seen, add_shmem, &sums);
	return e < 0 ? e
		     : top_add(t, &(struct top_row){ .key = sums.pages,
						     .v = { [TMPFS] = sb,
							    [SWAPPED] = sums.swapped,
							    [INODES] = sums.inodes,
							    [MAX_PAGES] = pages,
							    [MAX_INODES] = inodes } });
}

/* 0: without a bound. */
static void put_max(struct strbuf *out, uint64_t n)
{
	if (n)
		put(out, " %10lu", n);
	else
		put(out, " %10s", "max");
}

static int put_tmpfs(struct render *r, const struct top_row *row)
{
	uint64_t dev;
	STRBUF(type);
	STRBUF(place);
	int e = field_u64(r->k, row->v[TMPFS], F_sb_dev, &dev);

	if (e >= 0)
		e = put_super_type(&type, r->k, row->v[TMPFS]);
	if (e >= 0)
		e = put_super_place(&place, r->k, row->v[TMPFS]);
	put(r->out, "%12lu %10lu", row->key * page_kb(r->k), row->v[SWAPPED] * page_kb(r->k));
	put_max(r->out, row->v[MAX_PAGES] * page_kb(r->k));
	put(r->out, " %10lu", row->v[INODES]);
	put_max(r->out, row->v[MAX_INODES]);
	if (e < 0) {
		put(r->out, " !! file system at %#lx: %s\n", row->v[TMPFS], why());
		return e == -EINTR ? e : 0;
	}
	put_dev(r->out, dev, 10);
	put(r->out, "  %-10s %s\n", type.data, place.data);
	return 0;
}

int gen_usage_shmem(struct render *r)
{
	uint64_t sb, op, shmem, seen = 0, sum = 0, swapped = 0;
	struct list_walk w;
	TOP(t);
	int e = symbol_addr(r->k, "shmem_ops", &shmem), p = 0;

	put_str(r->out,
		"          kB    SWAP_kB     MAX_kB     INODES MAX_INODES       DEV  FS         "
		"MOUNTED ON\n");
	if (e >= 0)
		e = supers_begin(&w, r->k);
	while (e >= 0 && (e = list_next(&w, &sb)) > 0) {
		e = field_u64(r->k, sb, F_sb_op, &op);
		if (e >= 0 && op == shmem)
			e = add_tmpfs(r, sb, &seen, &t);
	}
	top_sort(&t);
	for (size_t i = 0; p >= 0 && i < t.n; i++) {
		p = put_tmpfs(r, &t.rows[i]);
		sum += t.rows[i].key;
		swapped += t.rows[i].v[SWAPPED];
	}
	put_left(r->out, &t, "pages");
	if (e >= 0 && p >= 0)
		put(r->out, "%12lu %10lu %10s %10s %10s %9s  %-10s (sum)\n", sum * page_kb(r->k),
		    swapped * page_kb(r->k), "-", "-", "-", "-", "-");
	return e < 0 ? e : p;
}
