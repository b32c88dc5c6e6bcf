/* /proc/vmallocinfo, sysvipc, pagetypeinfo: whole and damaged. */
#include "tests/unit/fake_render.h"
#include "tests/unit/unit.h"

#define AT(n)	((uint64_t)(FAKE_BASE + (n)))
#define HEAD	AT(0x100)
#define AREA(i) AT(0x1000 + 0x40 * (i))
#define VM(i)	AT(0x2000 + 0x80 * (i))
#define PAGES	AT(0x3000)
#define PAGE	AT(0x4000)

static void open_with(struct fake *f, const char *text)
{
	f->missing[0x3f] = true;
	fake_open(f);
	fake_structs(f, text);
}

static const char vmalloc_types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"nodemask 8 u64 bits@0\n"
	"task_struct 16 nodemask mems_allowed@8\n"
	"page 64 u64 flags@0\n"
	"vmap_area 64 u64 va_start@0 u64 va_end@8 list_head list@16 ptr vm@32\n"
	"vm_struct 72 ptr addr@0 u64 size@8 u64 flags@16 ptr pages@24 u32 page_order@32 u32 nr_pages@36 "
	"u64 phys_addr@40 ptr caller@48\n";

/* An area of two pages, one of a device, one that was mapped otherwise. */
static struct fake *with_areas(void)
{
	struct fake *f = fake_new();
	uint64_t at = HEAD;

	put(&f->vmcoreinfo, "SYMBOL(vmap_area_list)=%lx\n", HEAD);
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, at, AREA(i) + 16, 8);
		at = AREA(i) + 16;
		fake_put(f, AREA(i), 0xffffc90000000000 + 0x10000 * i, 8);
		fake_put(f, AREA(i) + 8, 0xffffc90000003000 + 0x10000 * i, 8);
		fake_put(f, AREA(i) + 32, i < 2 ? VM(i) : 0, 8);
		fake_put(f, VM(i), 0xffffc90000000000 + 0x10000 * i, 8);
		fake_put(f, VM(i) + 8, 0x3000, 8);
		fake_put(f, VM(i) + 16, i ? 1 : 2, 8);
	}
	fake_put(f, at, HEAD, 8);
	fake_put(f, VM(0) + 24, PAGES, 8);
	fake_put(f, VM(0) + 36, 2, 4);
	fake_put(f, PAGES, PAGE, 8);
	fake_put(f, PAGES + 8, PAGE + 64, 8);
	fake_put(f, PAGE + 64, 3ull << 58, 8);
	fake_put(f, VM(1) + 40, 0xfed00000, 8);
	return f;
}

static void vmalloc(void **state)
{
	struct fake *f = with_areas();

	(void)state;
	open_with(f, vmalloc_types);
	expect_text(
		f, gen_proc_vmallocinfo, 0,
		"0xffffc90000000000-0xffffc90000003000   12288 pages=2 vmalloc N0=1 N3=1\n"
		"0xffffc90000010000-0xffffc90000013000   12288 phys=0x00000000fed00000 ioremap\n"
		"0xffffc90000020000-0xffffc90000023000   12288 vm_map_ram\n");
	fake_free(f);
}

static void damaged_vmalloc(void **state)
{
	static const struct {
		uint64_t at, value;
		size_t size;
		const char *text;
	} cases[] = {
		{ AREA(1) + 16, AREA(0) + 16, 8, "comes again" },
		{ AREA(1) + 16, 0xdead000000000100, 8, "poison" },
		{ AREA(1) + 16, AT(0x3f000), 8, "list" },
		{ AREA(1) + 32, 0x400000, 8, "vm_struct" },
		{ PAGES + 8, 0x400000, 8, "page.flags" },
		{ VM(0) + 36, 0xffffffff, 4, "an area of 4294967295 pages" },
		{ VM(0) + 36, 100000, 4, "" }, /* goes on to what is no page */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_areas();

		fake_put(f, cases[i].at, cases[i].value, cases[i].size);
		open_with(f, vmalloc_types);
		expect_part(f, gen_proc_vmallocinfo, 0, "0xffffc90000000000-0xffffc90000003000");
		expect_error(f, gen_proc_vmallocinfo, 0, cases[i].text);
		fake_free(f);
	}
}

#define NS	AT(0x200)
#define NODE	AT(0x400)
#define SHM(i)	AT(0x5000 + 0x100 * (i))
#define FILE_AT AT(0x6000)
#define INODE	AT(0x6100)

static const char ipc_types[] =
	"xarray 16 ptr xa_head@8\n"
	"xa_node 48 u8 shift@0 ptr[4] slots@8\n"
	"idr 32 xarray idr_rt@0\n"
	"ipc_ids 64 idr ipcs_idr@16\n"
	"ipc_namespace 256 ipc_ids[3] ids@8\n"
	"kern_ipc_perm 64 s32 id@0 s32 key@4 u32 uid@8 u32 gid@12 u32 cuid@16 u32 cgid@20 u16 mode@24\n"
	"msg_queue 160 kern_ipc_perm q_perm@0 u64 q_cbytes@64 u64 q_qnum@72 ptr q_lspid@80 ptr q_lrpid@88 "
	"u64 q_stime@96 u64 q_rtime@104 u64 q_ctime@112\n"
	"sem 16 u64 sem_otime@8\n"
	"sem_array 128 kern_ipc_perm sem_perm@0 u64 sem_ctime@64 s32 sem_nsems@72 sem[0] sems@80\n"
	"shmid_kernel 192 kern_ipc_perm shm_perm@0 ptr shm_file@64 u64 shm_nattch@72 u64 shm_segsz@80 "
	"u64 shm_atim@88 u64 shm_dtim@96 u64 shm_ctim@104 ptr shm_cprid@112 ptr shm_lprid@120\n"
	"address_space 32 u64 nrpages@8\n"
	"inode 64 ptr i_mapping@0\n"
	"file 64 ptr f_inode@0 ptr f_op@8\n"
	"shmem_inode_info 128 u64 swapped@0 inode vfs_inode@64\n"
	"upid 16 s32 nr@0\n"
	"pid 64 upid[1] numbers@32\n";

/* One of each kind. */
static struct fake *with_ipc(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(init_ipc_ns)=%lx\n", NS);
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, NS + 8 + 64 * i + 16 + 8, (NODE + 0x40 * i) | 2, 8);
		fake_put(f, NODE + 0x40 * i + 8 + 8 * i, SHM(i), 8);
		fake_put(f, SHM(i), 32768 + i, 4);
		fake_put(f, SHM(i) + 4, 0x1000 + i, 4);
		fake_put(f, SHM(i) + 8, 1000, 4);
		fake_put(f, SHM(i) + 24, 0600, 2);
		fake_put(f, SHM(i) + 64, 7 + i, 8);
	}
	fake_put(f, SHM(0) + 72, 2, 4); /* semaphores */
	fake_put(f, SHM(0) + 80 + 8, 5, 8);
	fake_put(f, SHM(0) + 96 + 8, 9, 8);
	fake_put(f, SHM(2) + 64, FILE_AT, 8);
	fake_put(f, SHM(2) + 80, 8192, 8);
	fake_put(f, FILE_AT, INODE + 64, 8);
	fake_put(f, INODE, 1, 8);
	fake_put(f, INODE + 64, INODE + 0x100, 8);
	fake_put(f, INODE + 0x108, 1, 8);
	fake_put(f, SHM(2) + 112, AT(0x7000), 8);
	fake_put(f, AT(0x7000) + 32, 77, 4);
	return f;
}

static void ipc(void **state)
{
	struct fake *f = with_ipc();

	(void)state;
	open_with(f, ipc_types);
	expect_part(
		f, gen_proc_sem, 0,
		"\n      4096      32768   600          2  1000     0     0     0          9          7\n");
	expect_part(
		f, gen_proc_msg, 0,
		"\n      4097      32769   600           8          0     0     0  1000     0     0     0"
		"          0          0          0\n");
	expect_part(
		f, gen_proc_shm, 0,
		"\n      4098      32770   600                  8192    77     0      0  1000     0     0"
		"     0          0          0          0                  4096                  4096\n");
	fake_free(f);
}

/* Until v4.13 the semaphores are elsewhere; until v4.16 numbers of processes are numbers. */
static void old_ipc(void **state)
{
	static const char types[] =
		"xarray 16 ptr xa_head@8\n"
		"xa_node 48 u8 shift@0 ptr[4] slots@8\n"
		"idr 32 xarray idr_rt@0\n"
		"ipc_ids 64 idr ipcs_idr@16\n"
		"ipc_namespace 256 ipc_ids[3] ids@8\n"
		"kern_ipc_perm 64 s32 id@0 s32 key@4 u32 uid@8 u32 gid@12 u32 cuid@16 u32 cgid@20 "
		"u16 mode@24\n"
		"msg_queue 160 kern_ipc_perm q_perm@0 u64 q_cbytes@64 u64 q_qnum@72 u32 q_lspid@80 "
		"u32 q_lrpid@84 u64 q_stime@96 u64 q_rtime@104 u64 q_ctime@112\n"
		"sem 16 u64 sem_otime@8\n"
		"sem_array 128 kern_ipc_perm sem_perm@0 u64 sem_ctime@64 s32 sem_nsems@72 "
		"ptr sem_base@112\n";
	struct fake *f = with_ipc();

	(void)state;
	fake_put(f, SHM(0) + 112, SHM(0) + 80, 8);
	fake_put(f, SHM(1) + 80, 77, 4);
	fake_put(f, SHM(1) + 84, 78, 4);
	open_with(f, types);
	expect_part(
		f, gen_proc_sem, 0,
		"\n      4096      32768   600          2  1000     0     0     0          9          7\n");
	expect_part(
		f, gen_proc_msg, 0,
		"\n      4097      32769   600           8          0    77    78  1000     0     0     0"
		"          0          0          0\n");
	fake_free(f);
}

static void damaged_ipc(void **state)
{
	static const struct {
		text_fn *fn;
		uint64_t at, value;
		const char *text;
	} cases[] = {
		{ gen_proc_sem, NODE + 16, NODE | 2, "a node of shift" },
		{ gen_proc_sem, NODE + 16, 0x400000, "kern_ipc_perm" },
		{ gen_proc_sem, SHM(0) + 72, 0x7fffffff, "semaphores" },
		{ gen_proc_msg, NODE + 0x40 + 8, AT(0x3f000), "kern_ipc_perm" },
		{ gen_proc_msg, NS + 8 + 64 + 24, 0x400002, "xarray node" },
		{ gen_proc_shm, SHM(2) + 64, 0x400000, "file.f_inode" },
		{ gen_proc_shm, SHM(2) + 112, 0x400000, "upid.nr" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_ipc();

		fake_put(f, cases[i].at, cases[i].value, 8);
		open_with(f, ipc_types);
		expect_part(f, cases[i].fn, 0, "       key");
		expect_error(f, cases[i].fn, 0, cases[i].text);
		fake_free(f);
	}
}

#define ZONES	AT(0x1000) /* of the only node */
#define LIST(t) (ZONES + 0x100 + 16 * (t))

static const char page_types[] =
	"enum MIGRATE_TYPES=2 NR_PAGEBLOCK_BITS=4\n"
	"list_head 16 ptr next@0 ptr prev@8\n"
	"zoneref 16 ptr zone@0\n"
	"zonelist 1040 zoneref[65] _zonerefs@0\n" /* of 64 nodes */
	"free_area 48 list_head[2] free_list@0 u64 nr_free@32\n"
	"zone 512 u64 zone_start_pfn@0 u64 spanned_pages@8 u64 present_pages@16 ptr name@24 free_area[1] free_area@256\n"
	"pglist_data 1024 zone[1] node_zones@0 s32 node_id@512\n"
	"mem_section 16 u64 section_mem_map@0 ptr usage@8\n"
	"mem_section_usage 64 u64[1] subsection_map@0 u64[4] pageblock_flags@8\n"
	"page 8 u64 flags@0\n";

/* Two free pages of the second kind; of four blocks, which are a page each, three are of the first. */
static struct fake *with_zone(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(contig_page_data)=%lx\nSYMBOL(migratetype_names)=%lx\n", ZONES,
	    AT(0x300));
	put(&f->vmcoreinfo, "SYMBOL(mem_section)=%lx\nSYMBOL(vmemmap_base)=%lx\n", AT(0x2000),
	    AT(0x380));
	for (unsigned int i = 0; i < 2; i++) {
		fake_put(f, AT(0x300) + 8 * i, AT(0x340) + 8 * i, 8);
		memcpy(fake_at(f, AT(0x340) + 8 * i), i ? "Second" : "First\0", 7);
		fake_put(f, LIST(i), LIST(i), 8);
	}
	fake_put(f, ZONES + 8, 4, 8);
	fake_put(f, ZONES + 16, 4, 8);
	fake_put(f, ZONES + 24, AT(0x360), 8);
	memcpy(fake_at(f, AT(0x360)), "DMA", 4);
	fake_put(f, LIST(1), PAGE, 8);
	fake_put(f, PAGE, PAGE + 64, 8);
	fake_put(f, PAGE + 64, LIST(1), 8);
	fake_put(f, AT(0x380), AT(0x7000), 8);
	fake_put(f, AT(0x2000), AT(0x2100), 8);
	fake_put(f, AT(0x2100), 7, 8);
	fake_put(f, AT(0x2108), AT(0x2200), 8);
	fake_put(f, AT(0x2200), 1, 8);
	fake_put(f, AT(0x2208), 0x0100, 8);
	return f;
}

static void pagetypes(void **state)
{
	struct fake *f = with_zone();

	(void)state;
	open_with(f, page_types);
	expect_text(f, gen_proc_pagetypeinfo, 0,
		    "Page block order: 0\nPages per block:  1\n\n"
		    "Free pages count per migrate type at order       0 \n"
		    "Node    0, zone      DMA, type        First      0 \n"
		    "Node    0, zone      DMA, type       Second      2 \n"
		    "\nNumber of blocks type         First       Second \n"
		    "Node 0, zone      DMA            3            1 \n");
	fake_free(f);
}

static void damaged_pagetypes(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *text;
	} cases[] = {
		{ PAGE + 64, PAGE, "comes again" },
		{ PAGE + 64, 0xdead000000000100, "poison" },
		{ AT(0x2000), 0x400000, "blocks of pages" },
		{ AT(0x308), 0x400000, "kinds of pages" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_zone();

		fake_put(f, cases[i].at, cases[i].value, 8);
		open_with(f, page_types);
		expect_error(f, gen_proc_pagetypeinfo, 0, cases[i].text);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(pagetypes), cmocka_unit_test(damaged_pagetypes),
	   cmocka_unit_test(vmalloc), cmocka_unit_test(damaged_vmalloc), cmocka_unit_test(ipc),
	   cmocka_unit_test(old_ipc), cmocka_unit_test(damaged_ipc))
