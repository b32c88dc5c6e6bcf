#include "kernel/walk/rhashtable.h"

#include <errno.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/walk/guard.h"

#define NULLS 1 /* the end of a chain; in a bucket, a lock */

static int each_of_chain(struct kernel *k, uint64_t at, uint64_t offset, rhashtable_fn *fn,
			 void *arg)
{
	struct guard guard = { 0 };
	uint64_t next;
	int r = 0;

	while (r == 0 && at && !(at & NULLS)) {
		r = guard_step(&guard, at);
		if (r >= 0)
			r = field_u64(k, at, F_rhash_head_next, &next);
		if (r >= 0)
			r = fn(arg, at - offset);
		at = r < 0 ? 0 : next;
	}
	return r;
}

static int each_of_table(struct kernel *k, uint64_t table, uint64_t offset, rhashtable_fn *fn,
			 void *arg)
{
	uint64_t size, nest, buckets, at;
	int r = field_u64(k, table, F_bucket_table_size, &size);

	if (r >= 0)
		r = field_u64(k, table, F_bucket_table_nest, &nest);
	if (r >= 0)
		r = field_addr(k, table, F_bucket_table_buckets, &buckets);
	if (r >= 0 && nest)
		r = fail(-EOPNOTSUPP, "a nested hash table at %#lx", table);
	if (r >= 0 && size > LIMIT_WALK)
		r = fail(-EBADMSG, "a hash table of %lu buckets at %#lx", size, table);
	for (uint64_t i = 0; r == 0 && i < size; i++) {
		/* Short chains never ask. */
		r = i % 256 == 0 && cancelled() ? fail(-EINTR, "interrupted")
						: kernel_read_uint(k, buckets + 8 * i, 8, &at);
		if (r >= 0) /* since v5.2 the lock is in the pointer */
			r = each_of_chain(k, at & ~(uint64_t)NULLS, offset, fn, arg);
	}
	return r;
}

int rhashtable_each(struct kernel *k, uint64_t addr, uint64_t offset, rhashtable_fn *fn, void *arg)
{
	uint64_t table;
	int r = field_u64(k, addr, F_rhashtable_tbl, &table);

	/* One that grows has the rest in the next table, which may grow in turn. */
	for (size_t i = 0; r == 0 && table && i < 8; i++) {
		r = each_of_table(k, table, offset, fn, arg);
		if (r >= 0)
			r = field_u64(k, table, F_bucket_table_future, &table) < 0 ? -EBADMSG : r;
	}
	return r < 0 ? within(r, "hash table at %#lx", addr) : r;
}
