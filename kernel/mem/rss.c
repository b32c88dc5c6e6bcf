#include "kernel/mem/rss.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"

/* One counter: what all CPUs have agreed on, and with what each keeps to itself. */
struct count {
	int64_t common, all;
};

static uint64_t positive(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

/* An array of atomic_long_t. */
static int read_plain(struct kernel *k, uint64_t counters, uint64_t i, struct count *ret)
{
	uint64_t v;
	int r = kernel_read_uint(k, counters + 8 * i, 8, &v);

	if (r >= 0)
		ret->common = ret->all = (int64_t)v;
	return r;
}

/* An array of struct percpu_counter: f1a7941243c1 (v6.2). */
static int read_per_cpu(struct kernel *k, uint64_t counters, uint64_t i, struct count *ret)
{
	uint64_t size, common, parts, at, part;
	const struct cpus *c;
	int r = kernel_sizeof(k, "percpu_counter", &size);

	if (r >= 0)
		r = field_u64(k, counters + i * size, F_percpu_counter_count, &common);
	if (r >= 0)
		r = field_u64(k, counters + i * size, F_percpu_counter_counters, &parts);
	if (r >= 0)
		r = cpus_get(k, &c);
	if (r < 0)
		return r;
	ret->common = ret->all = (int64_t)common;
	for (size_t cpu = 0; cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = percpu_addr(k, parts, cpu, &at);
		if (r >= 0)
			r = kernel_read_uint(k, at, 4, &part);
		if (r < 0)
			return r;
		ret->all += (int32_t)part;
	}
	return 0;
}

/* Enterprise Linux 7 counts shared memory apart, for it may not change the array's length. */
static int add_apart(struct kernel *k, uint64_t mm, struct rss *rss)
{
	uint64_t v;
	int r;

	if (!field_exists(k, F_mm_shmempages))
		return 0;
	r = field_u64(k, mm, F_mm_shmempages, &v);
	if (r < 0)
		return r;
	rss->shmem = positive((int64_t)v);
	rss->quick += rss->shmem;
	return 0;
}

int mm_rss(struct kernel *k, uint64_t mm, struct rss *ret)
{
	struct rss rss = { 0 };
	const struct {
		const char *name;
		uint64_t *to;
	} kinds[] = {
		{ "MM_FILEPAGES", &rss.file },
		{ "MM_ANONPAGES", &rss.anon },
		{ "MM_SHMEMPAGES", &rss.shmem }, /* eca56ff906bd (v4.5) */
		{ "MM_SWAPENTS", &rss.swap },
	};
	uint64_t counters, i, nr;
	int r = field_addr(k, mm, F_mm_rss_stat, &counters);

	if (r >= 0)
		r = field_count(k,
				field_exists(k, F_mm_rss_stat_count) ? F_mm_rss_stat_count
								     : F_mm_rss_stat,
				&nr);

	for (size_t n = 0; r >= 0 && n < sizeof(kinds) / sizeof(kinds[0]); n++) {
		struct count count = { 0 };

		if (kernel_enumerator(k, kinds[n].name, &i) < 0 || i >= nr)
			continue;
		r = field_exists(k, F_mm_rss_stat_count) ? read_plain(k, counters, i, &count)
							 : read_per_cpu(k, counters, i, &count);
		*kinds[n].to = positive(count.all);
		*(kinds[n].to != &rss.swap ? &rss.quick : &rss.quick_swap) +=
			positive(count.common);
	}
	if (r >= 0)
		r = add_apart(k, mm, &rss);
	if (r < 0)
		return within(r, "resident pages of %#lx", mm);
	*ret = rss;
	return 0;
}

/* 84638335900f (v4.5) counts them; before, they are what is left. */
int mm_data_pages(struct kernel *k, uint64_t mm, uint64_t *ret)
{
	uint64_t total, shared, stack;
	int r;

	if (field_exists(k, F_mm_data_vm))
		return field_u64(k, mm, F_mm_data_vm, ret);
	r = field_u64(k, mm, F_mm_total_vm, &total);
	if (r >= 0)
		r = field_u64(k, mm, F_mm_shared_vm, &shared);
	if (r >= 0)
		r = field_u64(k, mm, F_mm_stack_vm, &stack);
	if (r >= 0)
		*ret = total - shared - stack;
	return r;
}

/* af5b0f6a09e4 (v4.15) counts bytes; before, tables of the lowest level, and from dc6c9a35b66b (v4.0) on
 * of the one above, are counted apart. */
int mm_tables(struct kernel *k, uint64_t mm, struct mm_tables *ret)
{
	const uint64_t page = kernel_page_size(k);
	uint64_t n;
	int r;

	*ret = (struct mm_tables){ 0 };
	if (field_exists(k, F_mm_pgtables_bytes)) {
		r = field_u64(k, mm, F_mm_pgtables_bytes, &ret->all);
		ret->lowest = ret->all;
		return r;
	}
	r = field_u64(k, mm, F_mm_nr_ptes, &n);
	ret->all = ret->lowest = n * page;
	if (r >= 0 && field_exists(k, F_mm_nr_pmds)) {
		r = field_u64(k, mm, F_mm_nr_pmds, &n);
		ret->all += n * page;
	}
	return r;
}
