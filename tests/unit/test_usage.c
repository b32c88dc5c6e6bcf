/* Who uses the memory: amounts that have no counter, memory cgroups; and what damaged
 * ones lead to. */
#include <errno.h>

#include "dump/base/limits.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/memcg.h"
#include "kernel/mem/usage.h"
#include "kernel/mem/usage_kept.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n) ((uint64_t)(FAKE_BASE + (n)))

static void put_symbol_at(struct fake *f, const char *name, uint64_t at)
{
	put(&f->vmcoreinfo, "SYMBOL(%s)=%lx\n", name, at);
}

/* Two units of 40 populated pages; the first chunk ends 30 pages behind its beginning. */
static struct fake *with_percpu(uint64_t units, uint64_t chunk_at)
{
	struct fake *f = fake_new();

	put_symbol_at(f, "pcpu_nr_units", AT(0x100));
	put_symbol_at(f, "pcpu_nr_populated", AT(0x108));
	put_symbol_at(f, "pcpu_base_addr", AT(0x110));
	put_symbol_at(f, "pcpu_first_chunk", AT(0x118));
	fake_put(f, AT(0x100), units, 4);
	fake_put(f, AT(0x108), 40, 8);
	fake_put(f, AT(0x110), 0x100000, 8);
	fake_put(f, AT(0x118), chunk_at, 8);
	fake_put(f, AT(0x200), 0x100000 + 20 * 4096, 8);
	fake_put(f, AT(0x208), 10, 4);
	fake_open(f);
	fake_structs(f, "pcpu_chunk 16 ptr base_addr@0 u32 nr_pages@8\n");
	return f;
}

static void percpu(void **state)
{
	static const struct {
		uint64_t units, chunk, all, boot;
	} cases[] = {
		{ 2, AT(0x200), 80, 60 },
		{ 2, 0x400000, 80, 0 },	       /* not known what was there at boot */
		{ 1u << 30, AT(0x200), 0, 0 }, /* no machine has as many */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_percpu(cases[i].units, cases[i].chunk);
		uint64_t all, boot;

		percpu_pages(f->kernel, &all, &boot);
		assert_int_equal(all, cases[i].all);
		assert_int_equal(boot, cases[i].boot);
		fake_free(f);
	}
}

static struct fake *with_hstates(bool missing)
{
	struct fake *f = fake_new();

	put_symbol_at(f, "hstates", AT(0x1000));
	put_symbol_at(f, "hugetlb_max_hstate", AT(0x100));
	put_symbol_at(f, "default_hstate_idx", AT(0x104));
	fake_put(f, AT(0x100), 2, 4);
	fake_put(f, AT(0x104), 1, 4);
	fake_put(f, AT(0x1000), 3, 8);
	fake_put(f, AT(0x1008), 9, 4);
	fake_put(f, AT(0x1010), 1, 8);
	fake_put(f, AT(0x1018), 18, 4);
	f->missing[1] = missing;
	fake_open(f);
	fake_structs(f, "hstate 16 u64 nr_huge_pages@0 u32 order@8\n");
	return f;
}

static void hugetlb(void **state)
{
	struct fake *f = with_hstates(false);
	uint64_t pages, hstate;

	(void)state;
	assert_ok(hugetlb_pages(f->kernel, &pages, &hstate));
	assert_int_equal(pages, 3 * 512 + 262144);
	assert_int_equal(hstate, AT(0x1010));
	fake_free(f);
	f = with_hstates(true);
	assert_fails(hugetlb_pages(f->kernel, &pages, &hstate), -ENODATA, "huge pages");
	fake_free(f);
}

static const char memcg_types[] =
	"cgroup_subsys_state 64 ptr cgroup@0 u64[2] sibling@8 u64[2] children@24 u32 flags@40\n"
	"page_counter 16 u64 usage@0 u64 max@8\n"
	"mem_cgroup 128 cgroup_subsys_state css@0 page_counter memory@64 page_counter swap@80\n"
	"cgroup 16 ptr root@0\n";

#define GROUP(i) AT(0x1000 + 0x100 * (i))

struct groups {
	unsigned int n;
	struct memcg last;
	unsigned int deepest;
	uint64_t pages;
};

static int see_group(void *arg, const struct memcg *m)
{
	struct groups *g = arg;

	g->n++;
	g->last = *m;
	g->pages += m->usage;
	if (m->depth > g->deepest)
		g->deepest = m->depth;
	return 0;
}

/* @child is on the list of @parent alone. */
static void put_child(struct fake *f, unsigned int parent, unsigned int child, uint64_t next)
{
	fake_put(f, GROUP(parent) + 24, GROUP(child) + 8, 8);
	fake_put(f, GROUP(child) + 8, next, 8);
}

/* The root, 1 and 2 below it, 3 below 1, which was removed. */
static struct fake *with_groups(void)
{
	struct fake *f = fake_new();

	put_symbol_at(f, "root_mem_cgroup", AT(0x100));
	put_symbol_at(f, "cgrp_dfl_root", AT(0x200));
	fake_put(f, AT(0x100), GROUP(0), 8);
	for (unsigned int i = 0; i < 4; i++) {
		fake_put(f, GROUP(i), AT(0x800), 8);
		fake_put(f, GROUP(i) + 24, GROUP(i) + 24, 8);
		fake_put(f, GROUP(i) + 40, i == 3 ? 0 : 2, 4);
		fake_put(f, GROUP(i) + 64, 10 + i, 8);
		fake_put(f, GROUP(i) + 72, i ? 100 * i : INT64_MAX / 4096, 8);
		fake_put(f, GROUP(i) + 80, 20, 8);
		fake_put(f, GROUP(i) + 88, INT64_MAX / 4096, 8);
	}
	put_child(f, 0, 1, GROUP(2) + 8);
	fake_put(f, GROUP(2) + 8, GROUP(0) + 24, 8);
	put_child(f, 1, 3, GROUP(1) + 24);
	fake_put(f, AT(0x800), AT(0x200), 8);
	return f;
}

static void groups(void **state)
{
	struct fake *f = with_groups();
	struct groups g = { 0 };

	(void)state;
	fake_open(f);
	fake_structs(f, memcg_types);
	assert_ok(memcgs_each(f->kernel, see_group, &g));
	assert_int_equal(g.n, 4);
	assert_int_equal(g.deepest, 2);
	assert_int_equal(g.pages, 10 + 11 + 12 + 13);
	assert_int_equal(g.last.addr, GROUP(2));
	assert_int_equal(g.last.max, 200);
	assert_int_equal(g.last.swap, 20);
	assert_true(g.last.swap_max == MEMCG_NO_LIMIT);
	assert_false(g.last.is_dead);
	fake_free(f);

	/* version 1 counts memory and swap together */
	f = with_groups();
	fake_put(f, AT(0x800), AT(0x300), 8);
	fake_open(f);
	fake_structs(f, memcg_types);
	assert_ok(memcgs_each(f->kernel, see_group, &g));
	assert_int_equal(g.last.swap, 8);
	fake_free(f);
}

static void groups_broken(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
		const char *text;
	} cases[] = {
		{ AT(0x100), 0, -ENOENT, "is off" },
		{ AT(0x100), 0x400000, -EFAULT, "mem_cgroup" },
		/* a group that is below itself; a list that never ends; one that leads nowhere */
		{ GROUP(3) + 24, GROUP(1) + 8, -ELOOP, "memory of cgroups" },
		{ GROUP(2) + 8, GROUP(1) + 8, -ELOOP, "comes again" },
		{ GROUP(3) + 24, 0xdead000000000100, -EBADMSG, "poison" },
		{ GROUP(2) + 0, 0x400000, -EFAULT, "mem_cgroup" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_groups();
		struct groups g = { 0 };

		fake_put(f, cases[i].at, cases[i].value, 8);
		fake_open(f);
		fake_structs(f, memcg_types);
		assert_fails(memcgs_each(f->kernel, see_group, &g), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

/* A machine of one CPU and one node, whose second zone has no memory. */
static const char machine_types[] = "enum NR_VM_ZONE_STAT_ITEMS=1\n"
				    "enum NR_VM_NODE_STAT_ITEMS=6\n"
				    "enum NR_VM_EVENT_ITEMS=0 NR_VM_STAT_ITEMS=0\n"
				    "task_struct 16 ptr stack_vm_area@0\n"
				    "per_cpu_pages 8 u32 count@0\n"
				    "zone 32 u64 present_pages@0 ptr per_cpu_pageset@8\n"
				    "pglist_data 128 zone[2] node_zones@0 u32 node_id@64\n";

#define NAMES  AT(0x1000)
#define TEXTS  AT(0x1800)
#define NODE   AT(0x2000)
#define CPUS   AT(0x3000)
#define COUNTS AT(0x4000)

static void put_counters(struct fake *f)
{
	static const struct {
		const char *name;
		uint64_t value;
	} counters[] = {
		{ "nr_free_pages", 500 },  { "nr_anon_pages", 100 }, { "nr_shmem", 30 },
		{ "nr_file_pages", 90 },   { "nr_swapcached", 20 },  { "nr_kernel_stack", 64 },
		{ "nr_active_anon", 135 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(counters); i++) {
		memcpy(fake_at(f, TEXTS + 32 * i), counters[i].name, strlen(counters[i].name));
		fake_put(f, NAMES + 8 * i, TEXTS + 32 * i, 8);
		fake_put(f, COUNTS + (i ? 0x100 + 8 * (i - 1) : 0), counters[i].value, 8);
	}
	put_symbol_at(f, "vmstat_text", NAMES);
	put_symbol_at(f, "vm_zone_stat", COUNTS);
	put_symbol_at(f, "vm_node_stat", COUNTS + 0x100);
	put_symbol_at(f, "vm_event_states", COUNTS + 0x200);
	put_symbol_at(f, "_totalram_pages", COUNTS + 0x300);
	fake_put(f, COUNTS + 0x300, 1000, 8);
	put_symbol_at(f, "nr_vmalloc_pages", COUNTS + 0x308);
	fake_put(f, COUNTS + 0x308, 40, 8);
}

static struct fake *make_machine(uint64_t lists)
{
	struct fake *f = fake_new();

	put_counters(f);
	put_symbol_at(f, "node_data", AT(0x100));
	fake_put(f, AT(0x100), NODE, 8);
	fake_put(f, NODE, 1200, 8);
	fake_put(f, NODE + 8, lists, 8);
	fake_cpus(f, CPUS, 1, 0x100, 0);
	fake_put(f, AT(0x5100), 7, 4);
	fake_open(f);
	fake_structs(f, machine_types);
	return f;
}

static void machine(void **state)
{
	struct fake *f = make_machine(AT(0x5000));
	struct memory_usage u;

	(void)state;
	assert_ok(memory_usage(f->kernel, &u));
	assert_int_equal(u.total, 4000);
	assert_int_equal(u.present, 4800);
	assert_int_equal(u.part[MEM_FREE], 2000);
	assert_int_equal(u.part[MEM_FREE_ON_CPUS], 28);
	assert_int_equal(u.part[MEM_ANON], 400);
	assert_int_equal(u.part[MEM_SWAP_CACHE], 4 * 5); /* 135 in lists, 130 of them counted */
	assert_int_equal(u.part[MEM_SHMEM], 120);
	assert_int_equal(u.part[MEM_FILE], 4 * (90 - 20 - 30));
	assert_int_equal(u.part[MEM_KERNEL_STACKS], 64);
	assert_int_equal(u.part[MEM_VMALLOC], 160 - 64);
	assert_int_equal(u.counted, 2000 + 28 + 400 + 20 + 120 + 160 + 64 + 96);
	/* disks are not known: that is told, and costs nothing else */
	assert_non_null(strstr(u.problem, "requests of block devices: "));
	fake_free(f);

	f = make_machine(0x400000);
	assert_fails(memory_usage(f->kernel, &u), -EFAULT, "node at");
	fake_free(f);

	f = fake_new();
	fake_open(f);
	fake_structs(f, machine_types);
	assert_fails(memory_usage(f->kernel, &u), -ENOENT, "counters of memory");
	fake_free(f);
}

static const char kept_types[] =
	"array_buffer 8 ptr buffer@0\n"
	"trace_array 32 u64[2] list@0 array_buffer array_buffer@16 array_buffer max_buffer@24\n"
	"trace_buffer 16 ptr buffers@0 u32 subbuf_order@8\n"
	"ring_buffer_per_cpu 8 u64 nr_pages@0\n"
	"mempool 24 u32 curr_nr@0 ptr pool_data@8 ptr alloc@16\n";

/* One instance, whose buffer has 2^1 pages ten times, and of a CPU that never was none. */
static struct fake *with_kept(void)
{
	struct fake *f = fake_new();

	fake_cpus(f, CPUS, 1, 0x100, 0);
	put_symbol_at(f, "ftrace_number_of_pages", AT(0x6000));
	put_symbol_at(f, "ftrace_trace_arrays", AT(0x6010));
	put_symbol_at(f, "pool_size_dma", AT(0x6020));
	put_symbol_at(f, "integrity_buf_pool", AT(0x6200));
	put_symbol_at(f, "blk_crypto_bounce_page_pool", AT(0x6028));
	put_symbol_at(f, "mempool_alloc_pages", AT(0x6300));
	fake_put(f, AT(0x6000), 100, 8);
	fake_put(f, AT(0x6010), AT(0x6100), 8);
	fake_put(f, AT(0x6020), 0x20000, 8);
	fake_put(f, AT(0x6100), AT(0x6010), 8);
	fake_put(f, AT(0x6110), AT(0x6130), 8);
	fake_put(f, AT(0x6130), AT(0x6140), 8);
	fake_put(f, AT(0x6138), 1, 4);
	fake_put(f, AT(0x6140), AT(0x6150), 8);
	fake_put(f, AT(0x6150), 9, 8);
	fake_put(f, AT(0x6200), 2, 4);
	fake_put(f, AT(0x6208), 9, 8);
	fake_put(f, AT(0x6210), AT(0x6300), 8);
	return f;
}

static void kept_is(struct fake *f, uint64_t tracing, uint64_t dma, uint64_t pools)
{
	uint64_t n;

	assert_ok(tracing_pages(f->kernel, &n));
	assert_int_equal(n, tracing);
	assert_ok(dma_pool_pages(f->kernel, &n));
	assert_int_equal(n, dma);
	assert_ok(mempool_pages(f->kernel, &n));
	assert_int_equal(n, pools);
}

static void kept(void **state)
{
	struct fake *f = with_kept();

	(void)state;
	fake_open(f);
	fake_structs(f, kept_types);
	kept_is(f, 100 + 20, 32, 1024);
	fake_free(f);

	/* that of another kind is not of pages; and nothing is known */
	f = with_kept();
	fake_put(f, AT(0x6210), AT(0x6308), 8);
	fake_open(f);
	fake_structs(f, kept_types);
	kept_is(f, 100 + 20, 32, 0);
	fake_free(f);
	f = fake_new();
	fake_open(f);
	fake_structs(f, kept_types);
	kept_is(f, 0, 0, 0);
	fake_free(f);
}

static void kept_broken(void **state)
{
	static const struct {
		uint64_t at, value;
		int (*pages)(struct kernel *k, uint64_t *ret);
		int code;
		const char *text;
	} cases[] = {
		{ AT(0x6100), 0x400000, tracing_pages, -EFAULT, "tracing" },
		{ AT(0x6100), AT(0x6100), tracing_pages, -ELOOP, "tracing" },
		{ AT(0x6110), 0x400000, tracing_pages, -EFAULT, "buffer of tracing" },
		{ AT(0x6138), 60, tracing_pages, -EBADMSG, "2^60 pages" },
		{ AT(0x6140), 0x400000, tracing_pages, -EFAULT, "buffer of tracing" },
		{ AT(0x6150), UINT64_MAX, tracing_pages, -EBADMSG, "pages of a CPU" },
		{ AT(0x6208), 60, mempool_pages, -EBADMSG, "2^60 pages" },
		{ AT(0x6028), 0x400000, mempool_pages, -EFAULT, "blk_crypto" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_kept();
		uint64_t n;

		fake_put(f, cases[i].at, cases[i].value, 8);
		fake_open(f);
		fake_structs(f, kept_types);
		assert_fails(cases[i].pages(f->kernel, &n), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(machine), cmocka_unit_test(kept), cmocka_unit_test(kept_broken),
	   cmocka_unit_test(percpu), cmocka_unit_test(hugetlb), cmocka_unit_test(groups),
	   cmocka_unit_test(groups_broken))
