/* Trees and groups as old kernels have them: radix trees whose nodes know a height, idr_layers, control
 * groups that have their name, references of a module per CPU, memory counted by page; whole, and
 * damaged. */
#include <errno.h>

#include "kernel/mem/page.h"
#include "kernel/mem/rss.h"
#include "kernel/module/module.h"
#include "kernel/task/cgroup.h"
#include "kernel/walk/xarray.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define CPUS_AT (FAKE_BASE + 0x100)
#define ROOT	(FAKE_BASE + 0x200)
#define IDR	(FAKE_BASE + 0x240)
#define ROOTS	(FAKE_BASE + 0x300)
#define INIT	(FAKE_BASE + 0x380)
#define TASK	(FAKE_BASE + 0x400)
#define CSS_SET (FAKE_BASE + 0x480)
#define LINK	(FAKE_BASE + 0x500)
#define HIER	(FAKE_BASE + 0x600)
#define GROUP	(FAKE_BASE + 0x800)
#define SUBSYS	(FAKE_BASE + 0xa00)
#define NAMES	(FAKE_BASE + 0xb00)
#define MODULE	(FAKE_BASE + 0xc00)
#define REFS	(FAKE_BASE + 0xd00)
#define MM	(FAKE_BASE + 0xe00)
#define NODES	(FAKE_BASE + 0x10000)
#define LAYERS	(FAKE_BASE + 0x20000)
#define MISSING (FAKE_BASE + 0x3f000)

static const char types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"radix_tree_root 16 u32 height@0 ptr rnode@8\n"
	"radix_tree_node 544 u32 height@0 ptr[64] slots@16\n"
	"idr 40 ptr hint@0 ptr top@8\n"
	"idr_layer 2112 s32 prefix@0 s32 layer@4 ptr[256] ary@8\n"
	"task_struct 16 ptr cgroups@0\n"
	"css_set 32 list_head cg_links@0\n"
	"cg_cgroup_link 48 list_head cgrp_link_list@0 ptr cgrp@16 list_head cg_link_list@24\n"
	"cgroup_name 16 u8[0] name@8\n"
	"cgroup 64 ptr parent@0 ptr name@8 ptr root@16\n"
	"cgroupfs_root 256 u64 subsys_mask@0 s32 hierarchy_id@8 list_head subsys_list@16 "
	"cgroup top_cgroup@32 list_head root_list@96 u8[64] name@112\n"
	"cgroup_subsys 64 ptr name@0 list_head sibling@16\n"
	"module 16 ptr refptr@0\n"
	"module_ref 16 u64 incs@0 u64 decs@8\n"
	"mm_rss_stat 24 u64[3] count@0\n"
	"mm_struct 128 u64 nr_ptes@0 u64 total_vm@8 u64 shared_vm@16 u64 stack_vm@24 "
	"mm_rss_stat rss_stat@32 u64 mm_shmempages@64\n"
	"page 64 u64 flags@0 ptr first_page@48\n"
	"enum MM_FILEPAGES=0 MM_ANONPAGES=1 MM_SWAPENTS=2\n"
	"enum PG_tail=15 PG_slab=7\n"
	"enum CGROUP_SUBSYS_COUNT=2\n";

static uint64_t node(unsigned int i)
{
	return NODES + 0x400 * i;
}

static uint64_t layer(unsigned int i)
{
	return LAYERS + 0x1000 * i;
}

/* Node 0 leads to 1 at slot 2; 1 has entries 5 and an exceptional one, 63. */
static void put_radix(struct fake *f)
{
	fake_put(f, ROOT, 2, 4);
	fake_put(f, ROOT + 8, node(0) | 1, 8);
	fake_put(f, node(0), 2, 4);
	fake_put(f, node(0) + 16 + 8 * 2, node(1), 8);
	fake_put(f, node(1), 1, 4);
	fake_put(f, node(1) + 16 + 8 * 5, 0x7000, 8);
	fake_put(f, node(1) + 16 + 8 * 63, 77 << 2 | 2, 8);
}

/* The same with layers: 1 at slot 3 of 0. */
static void put_layers(struct fake *f)
{
	fake_put(f, IDR + 8, layer(0), 8);
	fake_put(f, layer(0) + 4, 1, 4);
	fake_put(f, layer(0) + 8 + 8 * 3, layer(1), 8);
	fake_put(f, layer(1) + 8 + 8 * 9, 0x7001, 8);
	fake_put(f, layer(1) + 8 + 8 * 255, 0x8000, 8);
}

static struct fake *made(void)
{
	static const struct {
		const char *name;
		uint64_t at;
	} symbols[] = {
		{ "roots", ROOTS },
		{ "init_css_set", INIT },
		{ "nr_cpu_ids", CPUS_AT },
		{ "__cpu_possible_mask", CPUS_AT + 8 },
		{ "__cpu_present_mask", CPUS_AT + 16 },
		{ "__cpu_online_mask", CPUS_AT + 24 },
		{ "__per_cpu_offset", CPUS_AT + 32 },
	};
	struct fake *f = fake_new();

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		put(&f->vmcoreinfo, "SYMBOL(%s)=%lx\n", symbols[i].name, symbols[i].at);
	fake_put(f, CPUS_AT, 2, 4);
	for (size_t i = 1; i <= 3; i++)
		fake_put(f, CPUS_AT + 8 * i, 3, 8);
	fake_put(f, CPUS_AT + 40, 0x40, 8);
	f->missing[FAKE_PAGES - 1] = true;
	put_radix(f);
	put_layers(f);
	return f;
}

static struct kernel *open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
	return f->kernel;
}

static void expect(struct xa_walk *w, uint64_t index, uint64_t entry)
{
	uint64_t i, e;

	assert_int_equal(xa_next(w, &i, &e), 1);
	assert_int_equal(i, index);
	assert_int_equal(e, entry);
}

static void trees(void **state)
{
	struct fake *f = made();
	struct kernel *k = open_it(f);
	uint64_t i, e;
	struct xa_walk w;

	(void)state;
	assert_ok(xa_begin(&w, k, ROOT));
	expect(&w, 2 * 64 + 5, 0x7000);
	expect(&w, 2 * 64 + 63, 77 << 2 | 2);
	assert_int_equal(xa_next(&w, &i, &e), 0);
	assert_ok(xa_find(k, ROOT, 2 * 64 + 5, &e));
	assert_int_equal(e, 0x7000);
	assert_fails(xa_find(k, ROOT, 6, &e), -ENOENT, "no entry 6");
	assert_ok(idr_begin(&w, k, IDR));
	expect(&w, 3 * 256 + 9, 0x7001);
	expect(&w, 3 * 256 + 255, 0x8000);
	assert_int_equal(xa_next(&w, &i, &e), 0);
	assert_ok(idr_find(k, IDR, 3 * 256 + 255, &e));
	assert_int_equal(e, 0x8000);
	assert_fails(idr_find(k, IDR, 3 * 256 + 10, &e), -ENOENT, "no entry");
	assert_fails(idr_find(k, IDR, 70000, &e), -ENOENT, "no entry");
	fake_free(f);
}

static void broken_trees(void **state)
{
	static const struct {
		uint64_t at, value;
		unsigned int size;
		bool layers;
		int code;
	} cases[] = {
		{ NODES, 0, 4, false, -EBADMSG },	  /* no height */
		{ NODES, 13, 4, false, -EBADMSG },	  /* taller than an index */
		{ NODES + 0x400, 2, 4, false, -EBADMSG }, /* not lower than its parent */
		{ NODES + 32, MISSING, 8, false, -ENODATA },
		{ NODES + 32, 0x1000, 8, false, -EFAULT },
		{ LAYERS + 4, 9, 4, true, -EBADMSG },
		{ LAYERS + 4, 0x80000000, 4, true, -EBADMSG },
		{ LAYERS + 0x1004, 1, 4, true, -EBADMSG },
		{ LAYERS + 32, LAYERS, 8, true, -EBADMSG }, /* a ring */
		{ IDR + 8, MISSING, 8, true, -ENODATA },
	};

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		struct fake *f = made();
		struct kernel *k;
		struct xa_walk w;
		uint64_t i, e;
		int r;

		fake_put(f, cases[n].at, cases[n].value, cases[n].size);
		k = open_it(f);
		r = cases[n].layers ? idr_begin(&w, k, IDR) : xa_begin(&w, k, ROOT);
		while (r >= 0 && (r = xa_next(&w, &i, &e)) > 0)
			;
		if (r != cases[n].code)
			test_failed("case %zu: %d", n, r);
		fake_free(f);
	}
}

static void put_ring(struct fake *f, uint64_t head, uint64_t a, uint64_t b)
{
	fake_put(f, head, a, 8);
	fake_put(f, a, b ? b : head, 8);
	if (b)
		fake_put(f, b, head, 8);
}

/* A hierarchy of cpuacct and cpu, and a task in /user.slice of it. */
static void put_groups(struct fake *f)
{
	put_ring(f, ROOTS, HIER + 96, 0);
	fake_put(f, HIER + 8, 4, 4);
	put_ring(f, HIER + 16, SUBSYS + 16, SUBSYS + 64 + 16);
	fake_put(f, SUBSYS, NAMES, 8);
	fake_put(f, SUBSYS + 64, NAMES + 16, 8);
	memcpy(fake_at(f, NAMES), "cpuacct", 8);
	memcpy(fake_at(f, NAMES + 16), "cpu", 4);
	memcpy(fake_at(f, NAMES + 32 + 8), "user.slice", 11);
	fake_put(f, GROUP, HIER + 32, 8);
	fake_put(f, GROUP + 8, NAMES + 32, 8);
	fake_put(f, GROUP + 16, HIER, 8);
	fake_put(f, TASK, CSS_SET, 8);
	put_ring(f, CSS_SET, LINK + 24, 0);
	fake_put(f, LINK + 16, GROUP, 8);
}

static int see(void *arg, const struct cgroup_hierarchy *h)
{
	struct fake *f = arg;
	uint64_t cgroup;
	STRBUF(out);

	assert_int_equal(h->id, 4);
	assert_false(h->is_default);
	assert_ok(put_controllers(&out, f->kernel, h));
	put_str(&out, ":");
	assert_ok(task_cgroup(f->kernel, TASK, h, &cgroup));
	assert_ok(put_cgroup_path(&out, f->kernel, cgroup));
	assert_string_equal(out.data, "cpuacct,cpu:/user.slice");
	return 0;
}

static void groups(void **state)
{
	struct fake *f = made();
	STRBUF(out);

	(void)state;
	put_groups(f);
	open_it(f);
	assert_ok(cgroup_hierarchies(f->kernel, see, f));
	assert_ok(put_cgroup_path(&out, f->kernel, HIER + 32));
	assert_string_equal(out.data, "/");
	fake_free(f);

	f = made();
	put_groups(f);
	fake_put(f, GROUP, GROUP, 8);
	open_it(f);
	assert_fails(put_cgroup_path(&out, f->kernel, GROUP), -ELOOP, "levels deep");
	fake_free(f);
}

static void references(void **state)
{
	struct fake *f = made();
	int64_t refs;

	(void)state;
	fake_put(f, MODULE, REFS, 8);
	fake_put(f, REFS, 5, 8);
	fake_put(f, REFS + 8, 1, 8);
	fake_put(f, REFS + 0x40, 1, 8);
	fake_put(f, REFS + 0x48, 3, 8);
	open_it(f);
	assert_ok(module_refcnt(f->kernel, MODULE, &refs));
	assert_int_equal(refs, 2);
	assert_ok(module_refcnt(f->kernel, MODULE + 8, &refs));
	assert_int_equal(refs, 0);
	fake_free(f);
	f = made();
	fake_put(f, MODULE, MISSING, 8);
	assert_fails(module_refcnt(open_it(f), MODULE, &refs), -ENODATA, "");
	fake_free(f);
}

static void memory(void **state)
{
	struct fake *f = made();
	struct mm_tables tables;
	struct rss rss;
	uint64_t pages;

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		fake_put(f, MM + 8 * i, (uint64_t[]){ 3, 100, 30, 33 }[i], 8);
	for (unsigned int i = 0; i < 3; i++)
		fake_put(f, MM + 32 + 8 * i, 10 + i, 8);
	fake_put(f, MM + 64, 7, 8);
	open_it(f);
	assert_ok(mm_rss(f->kernel, MM, &rss));
	assert_int_equal(rss.file, 10);
	assert_int_equal(rss.anon, 11);
	assert_int_equal(rss.swap, 12);
	assert_int_equal(rss.shmem, 7);
	assert_int_equal(rss.quick, 28);
	assert_ok(mm_data_pages(f->kernel, MM, &pages));
	assert_int_equal(pages, 37);
	assert_ok(mm_tables(f->kernel, MM, &tables));
	assert_int_equal(tables.lowest, 3 * 4096);
	assert_int_equal(tables.all, 3 * 4096);
	fake_free(f);
}

static void tail_pages(void **state)
{
	struct fake *f = made();
	uint64_t head;

	(void)state;
	fake_put(f, NODES + 64, 1 << 15, 8);
	fake_put(f, NODES + 64 + 48, NODES, 8);
	open_it(f);
	assert_ok(page_head(f->kernel, NODES + 64, &head));
	assert_int_equal(head, NODES);
	assert_ok(page_head(f->kernel, LAYERS, &head));
	assert_int_equal(head, LAYERS);
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(trees), cmocka_unit_test(broken_trees), cmocka_unit_test(groups),
	   cmocka_unit_test(references), cmocka_unit_test(memory), cmocka_unit_test(tail_pages))
