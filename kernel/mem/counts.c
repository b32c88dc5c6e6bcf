#include "kernel/mem/counts.h"

#include <errno.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

#define SWAP_FILES  23 /* MAX_SWAPFILES at least */
#define HSTATES_MAX 64
#define UNITS_MAX   LIMIT_CPUS
#define UNIT_MAX    (1ull << 20) /* pages of per-CPU memory of one CPU */
#define ORDER_MASK  31

uint64_t page_kb(struct kernel *k)
{
	return kernel_page_size(k) / 1024;
}

uint64_t pmd_pages(struct kernel *k)
{
	return kernel_page_size(k) / 8;
}

/* A variable of its own since ca79b0c211af (v5.0). */
int total_pages(struct kernel *k, uint64_t *ret)
{
	int r = symbol_u64(k, "_totalram_pages", 8, ret);

	return r == -ENOENT ? symbol_u64(k, "totalram_pages", 8, ret) : r;
}

/* Before NR_SWAPCACHE, b6038942480e (v5.12): one address space for each 64 MB of swap. */
static int count_swap_cache(struct kernel *k, uint64_t *ret)
{
	uint64_t spaces, counts, at, n, size, pages, sum = 0;
	int r = symbol_addr(k, "swapper_spaces", &spaces);

	if (r >= 0)
		r = symbol_addr(k, "nr_swapper_spaces", &counts);
	if (r >= 0)
		r = kernel_sizeof(k, "address_space", &size);
	for (size_t i = 0; r >= 0 && i < SWAP_FILES; i++) {
		r = kernel_read_uint(k, counts + 4 * i, 4, &n);
		if (r >= 0)
			r = kernel_read_uint(k, spaces + 8 * i, 8, &at);
		for (uint64_t s = 0; r >= 0 && at && s < n && s < LIMIT_WALK; s++) {
			r = field_u64(k, at + s * size, F_mapping_nrpages, &pages);
			if (r >= 0)
				sum += pages;
		}
	}
	if (r < 0)
		return within(r, "swap cache");
	*ret = sum;
	return 0;
}

int swap_cache_pages(struct kernel *k, const struct vm_stats *s, uint64_t *ret)
{
	if (!vm_stat_exists(s, "nr_swapcached"))
		return count_swap_cache(k, ret);
	*ret = vm_stat(s, "nr_swapcached");
	return 0;
}

int hugetlb_pages(struct kernel *k, uint64_t *ret, uint64_t *ret_default)
{
	uint64_t table, size, n, i, count, order, sum = 0;
	int r = symbol_addr(k, "hstates", &table);

	if (r == -ENOENT) {
		*ret = *ret_default = 0;
		return 0;
	}
	if (r >= 0)
		r = kernel_sizeof(k, "hstate", &size);
	if (r >= 0)
		r = symbol_u64(k, "hugetlb_max_hstate", 4, &n);
	if (r >= 0)
		r = symbol_u64(k, "default_hstate_idx", 4, &i);
	for (uint64_t s = 0; r >= 0 && s < n && s < HSTATES_MAX; s++) {
		r = field_u64(k, table + s * size, F_hstate_nr_huge_pages, &count);
		if (r >= 0)
			r = field_u64(k, table + s * size, F_hstate_order, &order);
		if (r >= 0)
			sum += count << (order & ORDER_MASK);
	}
	if (r < 0)
		return within(r, "huge pages");
	*ret = sum;
	*ret_default = table + i * size;
	return 0;
}

uint64_t vmalloc_pages(struct kernel *k, const struct vm_stats *s)
{
	uint64_t n;

	if (vm_stat_exists(s, "nr_vmalloc"))
		return vm_stat(s, "nr_vmalloc");
	return symbol_u64(k, "nr_vmalloc_pages", 8, &n) < 0 ? 0 : n;
}

/* Pages of one CPU that the first chunk has, which was made at boot: what is static, what is kept for
 * modules, and the struct pcpu_chunk's, which are its last. */
static int first_chunk(struct kernel *k, uint64_t *ret)
{
	uint64_t base, chunk, at, n;
	int r = symbol_u64(k, "pcpu_base_addr", 8, &base);

	if (r >= 0)
		r = symbol_u64(k, "pcpu_first_chunk", 8, &chunk);
	if (r >= 0)
		r = field_u64(k, chunk, F_pcpu_chunk_base_addr, &at);
	if (r >= 0)
		r = field_u64(k, chunk, F_pcpu_chunk_nr_pages, &n);
	if (r < 0)
		return r;
	*ret = (at - base) / kernel_page_size(k) + n;
	return *ret > UNIT_MAX ? fail(-EBADMSG, "per-CPU memory of %lu pages", *ret) : 0;
}

/* 7e8a6304d541 (v4.20) counts them. */
void percpu_pages(struct kernel *k, uint64_t *ret, uint64_t *ret_boot)
{
	uint64_t units, populated, first;

	*ret = *ret_boot = 0;
	if (symbol_u64(k, "pcpu_nr_units", 4, &units) < 0 || units > UNITS_MAX ||
	    symbol_u64(k, "pcpu_nr_populated", 8, &populated) < 0 || populated > UNIT_MAX)
		return;
	*ret = populated * units;
	if (first_chunk(k, &first) >= 0)
		*ret_boot = first < populated ? first * units : *ret;
}
