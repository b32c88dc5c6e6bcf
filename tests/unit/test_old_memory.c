/* Memory of the machine as kernels before v4.8 count it: one array for all counters of pages, and no
 * counters of nodes; the numbers are those of a machine with 3.10. */
#include "tests/unit/fake_render.h"
#include "tests/unit/unit.h"

#define AT(n)	 ((uint64_t)(FAKE_BASE + (n)))
#define NODE	 AT(0x2000)
#define CPUS	 AT(0x3000)
#define COUNTS	 AT(0x4000)
#define TABLE	 AT(0x5000)
#define TEXTS	 AT(0x5800)
#define BLOCKDEV AT(0x6000)
#define COMMIT	 AT(0x6100)
#define AREA(i)	 AT(0x7000 + 0x40 * (i))
#define VM	 AT(0x7400)
#define START	 0xffffb3a800000000ul

static void put_symbol_at(struct fake *f, const char *name, uint64_t va)
{
	put(&f->vmcoreinfo, "SYMBOL(%s)=%lx\n", name, va);
}

static const char types[] =
	"enum NR_VM_ZONE_STAT_ITEMS=6\n"
	"enum NR_VM_WRITEBACK_STAT_ITEMS=2\n"
	"enum NR_VM_EVENT_ITEMS=1\n"
	"list_head 16 ptr next@0 ptr prev@8\n"
	"per_cpu_pages 16 s32 count@0 s32 high@4 s32 batch@8\n"
	"per_cpu_pageset 32 per_cpu_pages pcp@0 u8 stat_threshold@16\n"
	"free_area 24 u64 nr_free@16\n"
	"zone 256 u64[3] watermark@0 u64[2] lowmem_reserve@24 ptr pageset@40 u64 pages_scanned@48 "
	"u64[6] vm_stat@56 u32 inactive_ratio@104 u64 zone_start_pfn@112 u64 spanned_pages@120 "
	"u64 present_pages@128 u64 managed_pages@136 ptr name@144\n"
	"pglist_data 600 zone[2] node_zones@0 u32 node_id@512\n"
	"super_block 32 list_head s_inodes@0\n"
	"inode 64 ptr i_mapping@0 list_head i_sb_list@8\n"
	"address_space 64 u64 nrpages@0\n"
	"percpu_counter 32 u64 count@0 ptr counters@8\n"
	"vmap_area 64 u64 va_start@0 u64 va_end@8 u64 flags@16 list_head list@24 ptr vm@40 "
	"ptr purge_list@48\n"
	"vm_struct 72 ptr addr@0 u64 size@8 u64 flags@16 ptr pages@24 u32 nr_pages@36 "
	"u64 phys_addr@40 ptr caller@48\n";

static const struct {
	const char *name;
	uint64_t value;
} counters[] = {
	{ "nr_free_pages", 3456 },
	{ "nr_inactive_file", 4 },
	{ "nr_active_file", 6 },
	{ "nr_file_pages", 3745 },
	{ "nr_unstable", 2 },
	{ "numa_hit", 524 },
	{ "nr_dirty_threshold", 0 },
	{ "nr_dirty_background_threshold", 0 },
	{ "pgpgin", 64 },
};

static void put_counters(struct fake *f)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(counters); i++) {
		memcpy(fake_at(f, TEXTS + 32 * i), counters[i].name, strlen(counters[i].name));
		fake_put(f, TABLE + 8 * i, TEXTS + 32 * i, 8);
		if (i < 6) {
			fake_put(f, COUNTS + 8 * i, counters[i].value, 8);
			fake_put(f, NODE + 56 + 8 * i, counters[i].value, 8);
		}
	}
	fake_put(f, COUNTS + 0x100, 64, 8);
	put_symbol_at(f, "vmstat_text", TABLE);
	put_symbol_at(f, "vm_stat", COUNTS);
	put_symbol_at(f, "vm_event_states", COUNTS);
}

/* Two zones, of which the second is empty. */
static void put_node(struct fake *f)
{
	static const struct {
		unsigned int at;
		uint64_t value;
	} words[] = {
		{ 0, 27 },	    { 8, 33 },	   { 16, 40 },	  { 32, 308 },
		{ 40, AT(0x2c00) }, { 48, 60 },	   { 104, 1 },	  { 112, 1 },
		{ 120, 4095 },	    { 128, 3998 }, { 136, 3977 }, { 144, AT(0x2f00) },
	};

	put_symbol_at(f, "node_data", AT(0x2e00));
	fake_put(f, AT(0x2e00), NODE, 8);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		fake_put(f, NODE + words[i].at, words[i].value, 8);
	memcpy(fake_at(f, AT(0x2f00)), "DMA", 4);
	fake_put(f, AT(0x2d00) + 4, 6, 4); /* .high, with the CPU's offset of 0x100 */
	fake_put(f, AT(0x2d00) + 8, 1, 4);
	fake_put(f, AT(0x2d00) + 16, 4, 1);
}

/* Two in use, one given back between them, and an ioremap() of one page. */
static void put_areas(struct fake *f)
{
	static const struct {
		uint64_t start, end, flags;
	} areas[] = {
		{ START, START + 0x3000, 4 },
		{ START + 0x4000, START + 0x6000, 1 },
		{ START + 0x8000, START + 0x9000, 0 },
	};
	uint64_t at = AT(0x7500);

	put_symbol_at(f, "vmap_area_list", at);
	put_symbol_at(f, "get_vmalloc_info", AT(0x7600));
	put_symbol_at(f, "vmalloc_base", AT(0x7610));
	fake_put(f, AT(0x7610), START, 8);
	for (unsigned int i = 0; i < ARRAY_SIZE(areas); i++) {
		fake_put(f, at, AREA(i) + 24, 8);
		at = AREA(i) + 24;
		fake_put(f, AREA(i), areas[i].start, 8);
		fake_put(f, AREA(i) + 8, areas[i].end, 8);
		fake_put(f, AREA(i) + 16, areas[i].flags, 8);
		fake_put(f, AREA(i) + 40, i ? 0xdead : VM, 8); /* stale where it has none */
	}
	fake_put(f, at, AT(0x7500), 8);
	fake_put(f, VM, START, 8);
	fake_put(f, VM + 8, 0x3000, 8);
	fake_put(f, VM + 16, 1, 8);
	fake_put(f, VM + 40, 0xfed00000, 8);
}

/* With @value at @at, if any. */
static struct fake *make_machine(uint64_t at, uint64_t value)
{
	static const char *const zeros[] = { "blockdev_superblock", "swapper_spaces",
					     "nr_swapper_spaces", "nr_swap_pages",
					     "total_swap_pages" };
	struct fake *f = fake_new();

	put_counters(f);
	put_node(f);
	put_areas(f);
	fake_cpus(f, CPUS, 1, 0x100, 0);
	for (size_t i = 0; i < ARRAY_SIZE(zeros); i++)
		put_symbol_at(f, zeros[i], AT(0x6800) + 0x100 * i);
	fake_put(f, AT(0x6800), BLOCKDEV, 8);
	fake_put(f, BLOCKDEV, BLOCKDEV, 8);
	put_symbol_at(f, "totalram_pages", AT(0x6020));
	fake_put(f, AT(0x6020), 83951, 8);
	put_symbol_at(f, "sysctl_overcommit_ratio", AT(0x6028));
	fake_put(f, AT(0x6028), 50, 4);
	put_symbol_at(f, "totalreserve_pages", AT(0x6030));
	fake_put(f, AT(0x6030), 1170, 8);
	put_symbol_at(f, "vm_committed_as", COMMIT);
	fake_put(f, COMMIT, 100, 8);
	fake_put(f, COMMIT + 8, AT(0x6200), 8);
	if (at)
		fake_put(f, at, value, 8);
	fake_open(f);
	fake_structs(f, types);
	return f;
}

static void vmstat(void **state)
{
	struct fake *f = make_machine(0, 0);

	(void)state;
	expect_text(f, gen_proc_vmstat, 0,
		    "nr_free_pages 3456\nnr_inactive_file 4\nnr_active_file 6\nnr_file_pages 3745\n"
		    "nr_unstable 2\nnuma_hit 524\nnr_dirty_threshold 0\n"
		    "nr_dirty_background_threshold 0\npgpgin 32\n");
	fake_free(f);
}

static void meminfo(void **state)
{
	struct fake *f = make_machine(0, 0);

	(void)state;
	expect_part(f, gen_proc_meminfo, 0,
		    "MemTotal:         335804 kB\nMemFree:           13824 kB\n"
		    "MemAvailable:       9164 kB\nBuffers:               0 kB\n"
		    "Cached:            14980 kB\n");
	expect_part(f, gen_proc_meminfo, 0, "NFS_Unstable:          8 kB\n");
	expect_part(f, gen_proc_meminfo, 0,
		    "CommitLimit:      167900 kB\nCommitted_AS:        400 kB\n"
		    "VmallocTotal:   34359738367 kB\nVmallocUsed:          16 kB\n"
		    "VmallocChunk:   34359738331 kB\n");
	fake_free(f);
}

static void zoneinfo(void **state)
{
	struct fake *f = make_machine(0, 0);

	(void)state;
	expect_text(f, gen_proc_zoneinfo, 0,
		    "Node 0, zone      DMA\n  pages free     3456\n        min      27\n"
		    "        low      33\n        high     40\n        scanned  60\n"
		    "        spanned  4095\n        present  3998\n        managed  3977\n"
		    "    nr_free_pages 3456\n    nr_inactive_file 4\n    nr_active_file 6\n"
		    "    nr_file_pages 3745\n    nr_unstable  2\n    numa_hit     524\n"
		    "        protection: (0, 308)\n  pagesets\n    cpu: 0\n"
		    "              count: 0\n              high:  6\n              batch: 1\n"
		    "  vm stats threshold: 4\n  all_unreclaimable: 1\n  start_pfn:         1\n"
		    "  inactive_ratio:    1\n");
	fake_free(f);

	f = make_machine(NODE + 48, 59);
	expect_part(f, gen_proc_zoneinfo, 0, "  all_unreclaimable: 0\n");
	fake_free(f);
}

/* What was given back, and vm_map_ram(), have no line. */
static void vmallocinfo(void **state)
{
	struct fake *f = make_machine(0, 0);

	(void)state;
	expect_text(f, gen_proc_vmallocinfo, 0,
		    "0xffffb3a800000000-0xffffb3a800003000   12288 phys=fed00000 ioremap\n");
	fake_free(f);

	/* it lies in the first */
	f = make_machine(AREA(2), START + 0x1000);
	expect_error(f, gen_proc_meminfo, 0, "area at");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(vmstat), cmocka_unit_test(meminfo), cmocka_unit_test(zoneinfo),
	   cmocka_unit_test(vmallocinfo))
