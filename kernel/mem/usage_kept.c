/* Pages that the kernel keeps: for tracing, in pools. */
#include "kernel/mem/usage_kept.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define ORDER_MAX 10	       /* of pages that are allocated at once */
#define PAGES_MAX (1ull << 44) /* no machine has as many */

/* A kernel built without it has no such symbol. */
static int absent_is_none(int r)
{
	return r == -ENOENT ? 0 : r;
}

/* Each CPU has as many as it says, and one more that who reads them takes. */
static int add_buffer(struct kernel *k, uint64_t buffer, uint64_t *pages)
{
	const struct cpus *c;
	uint64_t order = 0, table, at, n;
	int r = cpus_get(k, &c);

	if (r >= 0)
		r = field_u64(k, buffer, F_trace_buffer_buffers, &table);
	if (r >= 0 && field_exists(k, F_trace_buffer_order))
		r = field_u64(k, buffer, F_trace_buffer_order, &order);
	if (r >= 0 && order > ORDER_MAX)
		r = fail(-EBADMSG, "2^%lu pages at once", order);
	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = kernel_read_uint(k, table + 8 * cpu, 8, &at);
		if (r < 0 || !at)
			continue;
		r = field_u64(k, at, F_trace_cpu_nr_pages, &n);
		if (r >= 0 && n >= PAGES_MAX >> order)
			r = fail(-EBADMSG, "%lu pages of a CPU", n);
		if (r >= 0)
			*pages += (n + 1) << order;
	}
	return r < 0 ? within(r, "buffer of tracing at %#lx", buffer) : 0;
}

static int add_instance(struct kernel *k, uint64_t instance, uint64_t *pages)
{
	const enum field buffers[] = { F_trace_array_buffer, F_trace_array_snapshot };
	uint64_t buffer;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		if (!field_exists(k, buffers[i]))
			continue;
		r = field_u64(k, instance, buffers[i], &buffer);
		if (r >= 0 && buffer)
			r = add_buffer(k, buffer, pages);
	}
	return r;
}

int tracing_pages(struct kernel *k, uint64_t *ret)
{
	struct list_walk w;
	uint64_t head, instance, n = 0, sum = 0;
	int r;

	/* da537f0aef13 (v5.5) */
	if (symbol_u64(k, "ftrace_number_of_pages", 8, &n) >= 0 && n < PAGES_MAX)
		sum = n;
	r = symbol_addr(k, "ftrace_trace_arrays", &head);
	if (r >= 0)
		r = list_begin(&w, k, head, F_trace_array_list);
	while (r >= 0 && (r = list_next(&w, &instance)) > 0)
		r = add_instance(k, instance, &sum);
	r = absent_is_none(r);
	if (r < 0)
		return within(r, "tracing");
	*ret = sum;
	return 0;
}

/* c84dc6e68a1d (v5.8), in bytes. */
int dma_pool_pages(struct kernel *k, uint64_t *ret)
{
	static const char *const sizes[] = { "pool_size_dma", "pool_size_dma32",
					     "pool_size_kernel" };
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t bytes = 0;
		int r = absent_is_none(symbol_u64(k, sizes[i], 8, &bytes));

		if (r < 0)
			return within(r, "pools for DMA");
		sum += bytes >> kernel_page_shift(k);
	}
	*ret = sum;
	return 0;
}

static const struct {
	const char *name;
	bool pointer; /* to it; else it is there */
} mempools[] = {
	{ "integrity_buf_pool", false }, /* v7.1 */
	{ "fscrypt_bounce_page_pool", true },
	{ "blk_crypto_bounce_page_pool", true },
};

/* Pools of pages tell the order of one. */
static int add_mempool(struct kernel *k, uint64_t pool, uint64_t *pages)
{
	uint64_t alloc, alloc_pages, n, order;
	int r = symbol_addr(k, "mempool_alloc_pages", &alloc_pages);

	if (r >= 0)
		r = field_u64(k, pool, F_mempool_alloc, &alloc);
	if (r >= 0)
		r = field_u64(k, pool, F_mempool_curr_nr, &n);
	if (r >= 0)
		r = field_u64(k, pool, F_mempool_data, &order);
	if (r < 0 || alloc != alloc_pages)
		return r;
	if (order > ORDER_MAX)
		return fail(-EBADMSG, "2^%lu pages at once", order);
	*pages += n << order;
	return 0;
}

int mempool_pages(struct kernel *k, uint64_t *ret)
{
	uint64_t pool, sum = 0;

	for (size_t i = 0; i < sizeof(mempools) / sizeof(mempools[0]); i++) {
		int r = symbol_addr(k, mempools[i].name, &pool);

		if (r >= 0 && mempools[i].pointer)
			r = kernel_read_uint(k, pool, 8, &pool);
		if (r >= 0 && pool)
			r = add_mempool(k, pool, &sum);
		r = absent_is_none(r);
		if (r < 0)
			return within(r, "%s", mempools[i].name);
	}
	*ret = sum;
	return 0;
}
