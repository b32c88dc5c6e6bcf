/* Disks and their partitions, as struct block_device and as struct hd_struct, whole and damaged. */
#include <errno.h>
#include <stdio.h>

#include "kernel/file/disk.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n)	((uint64_t)(FAKE_BASE + (n)))
#define CLASS	AT(0x100)
#define SUBSYS	AT(0x200)
#define TYPE	AT(0x300) /* disk_type */
#define PRIVATE AT(0x400)
#define DISK	AT(0x1000)
#define BDEV(i) AT(0x2000 + 0x100 * (i))
#define NODE	AT(0x3000) /* of the xarray */
#define TABLE	AT(0x4000) /* disk_part_tbl */
#define PER_CPU AT(0x5000)

static const char core_types[] = "list_head 16 ptr next@0 ptr prev@8\n"
				 "class 16 ptr p@8\n"
				 "klist 32 list_head k_list@8\n"
				 "subsys_private 64 klist klist_devices@0\n"
				 "klist_node 32 list_head n_node@8\n"
				 "device_private 64 klist_node knode_class@0 ptr device@56\n"
				 "device 32 ptr type@8\n";
static const char new_types[] =
	"xarray 16 ptr xa_head@8\n"
	"xa_node 40 u8 shift@0 ptr[4] slots@8\n"
	"gendisk 128 u8[32] disk_name@0 xarray part_tbl@64\n"
	"block_device 128 u64 bd_nr_sectors@0 ptr bd_disk@8 ptr bd_stats@16 u32 bd_dev@24 device bd_device@32\n"
	"disk_stats 192 u64[4] nsecs@0 u64[4] sectors@32 u64[4] ios@64 u64[4] merges@96 u64 io_ticks@128 "
	"u64[2] in_flight@136\n";
static const char old_types[] = "hd_struct 64 u64 nr_sects@0 ptr dkstats@8 device __dev@16\n"
				"gendisk 256 s32 major@0 s32 first_minor@4 u8[32] disk_name@16 "
				"ptr part_tbl@48 hd_struct part0@64\n"
				"disk_part_tbl 16 s32 len@0 ptr[0] part@8\n";

/* 3.10, whose partitions count what is in flight, and in ticks; the table of disks is not needed */
static const char oldest_types[] =
	"hd_struct 96 u64 nr_sects@0 ptr dkstats@8 device __dev@16 s32[2] in_flight@64 u64 stamp@72\n"
	"disk_stats 80 u64[2] sectors@0 u64[2] ios@16 u64[2] merges@32 u64[2] ticks@48 u64 io_ticks@64 "
	"u64 time_in_queue@72\n"
	"gendisk 256 ptr queue@8\n"
	"request_queue 16 ptr mq_ops@8\n";

struct seen {
	unsigned int n;
	char names[64];
	size_t len;
	uint64_t minor, sectors;
};

static int see(void *arg, const struct disk_part *p)
{
	struct seen *s = arg;

	s->n++;
	snprintf(s->names + s->len, sizeof(s->names) - s->len, "%.20s ", p->name);
	s->len = strlen(s->names);
	s->minor = p->minor;
	s->sectors = p->sectors;
	return 0;
}

/* One device of the class, a disk. */
static struct fake *make_core(uint64_t device)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(block_class)=%lx\nSYMBOL(disk_type)=%lx\n", CLASS, TYPE);
	fake_put(f, CLASS + 8, SUBSYS, 8);
	fake_put(f, SUBSYS + 8, PRIVATE + 8, 8);
	fake_put(f, PRIVATE + 8, SUBSYS + 8, 8);
	fake_put(f, PRIVATE + 56, device, 8);
	fake_put(f, device + 8, TYPE, 8);
	return f;
}

/* nvme0n1 with partitions 1, which is empty, and 2. */
static struct fake *make(void)
{
	struct fake *f = make_core(BDEV(0) + 32);

	memcpy(fake_at(f, DISK), "nvme0n1", 8);
	fake_put(f, DISK + 64 + 8, NODE | 2, 8);
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, NODE + 8 + 8 * i, BDEV(i), 8);
		fake_put(f, BDEV(i), i == 1 ? 0 : 1000 - i, 8);
		fake_put(f, BDEV(i) + 8, DISK, 8);
		fake_put(f, BDEV(i) + 24, 259u << 20 | (5 + i), 4);
	}
	return f;
}

/* The same, a kernel before v5.11. */
static struct fake *make_old(void)
{
	struct fake *f = make_core(DISK + 64 + 16);

	memcpy(fake_at(f, DISK + 16), "sda", 4);
	fake_put(f, DISK, 8, 4);
	fake_put(f, DISK + 4, 16, 4);
	fake_put(f, DISK + 48, TABLE, 8);
	fake_put(f, DISK + 64, 1000, 8);
	fake_put(f, TABLE, 3, 4);
	fake_put(f, TABLE + 8, DISK + 64, 8);
	fake_put(f, TABLE + 16, BDEV(1), 8);
	fake_put(f, TABLE + 24, BDEV(2), 8);
	fake_put(f, BDEV(2), 998, 8);
	return f;
}

static void open_it(struct fake *f, const char *more)
{
	STRBUF(text);

	fake_open(f);
	put(&text, "%s%s", core_types, more);
	fake_structs(f, text.data);
}

static void whole(void **state)
{
	(void)state;
	for (int old = 0; old < 2; old++) {
		struct fake *f = old ? make_old() : make();
		struct seen seen = { 0 };

		open_it(f, old ? old_types : new_types);
		assert_ok(disks_each(f->kernel, see, &seen));
		assert_string_equal(seen.names, old ? "sda sda2 " : "nvme0n1 nvme0n1p2 ");
		assert_int_equal(seen.minor, old ? 18 : 7);
		assert_int_equal(seen.sectors, 998);
		fake_free(f);
	}
}

static void damaged(void **state)
{
	static const struct {
		bool old;
		uint64_t at, value;
		int code;
		unsigned int n;
		const char *text;
	} cases[] = {
		{ false, SUBSYS + 8, 0, -EBADMSG, 0, "disks" },
		{ false, PRIVATE + 8, PRIVATE + 8, -ELOOP, 0, "comes again" },
		{ false, BDEV(0) + 8, 0x400000, -EFAULT, 0, "disks" },
		{ false, NODE + 16, 0x400000, -EFAULT, 1, "partition at 0x400000" },
		{ false, NODE + 24, NODE | 2, -EBADMSG, 1, "a node of shift 0 below one of 0" },
		{ false, DISK + 72, FAKE_BASE + 0x3f002, -ENODATA, 0, "xarray node" },
		{ true, TABLE + 16, 0x400000, -EFAULT, 1, "partition at 0x400000" },
		{ true, DISK + 48, 0x400000, -EFAULT, 0, "disks" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = cases[i].old ? make_old() : make();
		struct seen seen = { 0 };

		fake_put(f, cases[i].at, cases[i].value, 8);
		f->missing[0x3f] = true;
		open_it(f, cases[i].old ? old_types : new_types);
		assert_fails(disks_each(f->kernel, see, &seen), cases[i].code, cases[i].text);
		assert_true(seen.n >= cases[i].n);
		fake_free(f);
	}
}

/* A table that says it has two billion partitions ends where memory does. */
static void long_table(void **state)
{
	struct fake *f = make_old();
	struct seen seen = { 0 };

	(void)state;
	fake_put(f, TABLE, 0x7fffffff, 4);
	open_it(f, old_types);
	assert_true(disks_each(f->kernel, see, &seen) < 0);
	assert_true(seen.n >= 2);
	fake_free(f);
}

static void put_cpus(struct fake *f)
{
	put(&f->vmcoreinfo, "SYMBOL(tick_nsec)=%lx\n", AT(0x820));
	fake_put(f, AT(0x820), 4000000, 8);
	put(&f->vmcoreinfo, "SYMBOL(nr_cpu_ids)=%lx\nSYMBOL(__per_cpu_offset)=%lx\n", AT(0x800),
	    AT(0x810));
	put(&f->vmcoreinfo, "SYMBOL(__cpu_possible_mask)=%lx\nSYMBOL(__cpu_present_mask)=%lx\n",
	    AT(0x808), AT(0x808));
	put(&f->vmcoreinfo, "SYMBOL(__cpu_online_mask)=%lx\n", AT(0x808));
	fake_put(f, AT(0x800), 2, 4);
	fake_put(f, AT(0x808), 3, 8);
	fake_put(f, AT(0x818), 0x1000, 8);
}

static void counters(void **state)
{
	struct fake *f = make();
	struct disk_part p = { .name = "sda", .stats = PER_CPU };
	struct disk_stats s;

	(void)state;
	put_cpus(f);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		fake_put(f, PER_CPU + 0x1000 * cpu + 64 + 8, 20 + cpu, 8);
		/* begun on one CPU, ended on the other */
		fake_put(f, PER_CPU + 0x1000 * cpu + 136, cpu ? 3 : (uint64_t)-2, 8);
	}
	open_it(f, new_types);
	assert_ok(disk_stats_of(f->kernel, &p, &s));
	assert_int_equal(s.ios[DISK_WRITE], 41);
	assert_int_equal(s.in_flight, 1);
	assert_true(s.counts_flight);
	assert_int_equal(s.ops, DISK_OPS);
	p.stats = 0x400000;
	assert_fails(disk_stats_of(f->kernel, &p, &s), -EFAULT, "counters of sda");
	fake_free(f);
}

/* @mq: the queue is one of blk-mq, whose requests a function of the kernel counts when it is asked. */
static struct fake *make_oldest(bool mq)
{
	struct fake *f = make_core(DISK + 64 + 16);

	put_cpus(f);
	put(&f->vmcoreinfo, "SYMBOL(jiffies)=%lx\n", AT(0x830));
	if (mq)
		put(&f->vmcoreinfo, "SYMBOL(blk_mq_in_flight)=%lx\n", AT(0x840));
	fake_put(f, AT(0x830), 1010, 8);
	fake_put(f, DISK + 8, BDEV(5), 8);
	fake_put(f, BDEV(5) + 8, mq ? TYPE : 0, 8);
	fake_put(f, BDEV(1) + 64, 1, 4);
	fake_put(f, BDEV(1) + 68, 2, 4);
	fake_put(f, BDEV(1) + 72, 1000, 8);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		fake_put(f, PER_CPU + 0x1000 * cpu + 16 + 8, 20 + cpu, 8);
		fake_put(f, PER_CPU + 0x1000 * cpu + 48 + 8, 5, 8);
		fake_put(f, PER_CPU + 0x1000 * cpu + 64, 7, 8);
		fake_put(f, PER_CPU + 0x1000 * cpu + 72, 50, 8);
	}
	open_it(f, oldest_types);
	return f;
}

static void counters_of_3_10(void **state)
{
	struct disk_part p = { .name = "sda", .disk = DISK, .hd = BDEV(1), .stats = PER_CPU };
	struct disk_stats s;

	(void)state;
	for (int mq = 0; mq < 2; mq++) {
		struct fake *f = make_oldest(mq);

		assert_ok(disk_stats_of(f->kernel, &p, &s));
		assert_int_equal(s.ops, 2);
		assert_int_equal(s.ios[DISK_WRITE], 41);
		assert_int_equal(s.ns[DISK_WRITE], 10 * 4000000);
		assert_int_equal(s.counts_flight, !mq);
		assert_int_equal(s.in_flight, mq ? 0 : 3);
		/* three in flight for ten ticks */
		assert_int_equal(s.busy, 14 + (mq ? 0 : 10));
		assert_int_equal(s.queued_ns, (100 + (mq ? 0 : 30)) * 4000000);
		fake_free(f);
	}
}

static void damaged_counters_of_3_10(void **state)
{
	struct disk_part p = { .name = "sda", .disk = DISK, .hd = 0x400000, .stats = PER_CPU };
	struct fake *f = make_oldest(false);
	struct disk_stats s;

	(void)state;
	assert_fails(disk_stats_of(f->kernel, &p, &s), -EFAULT, "counters of sda");
	p.hd = BDEV(1);
	p.stats = 0x400000;
	assert_fails(disk_stats_of(f->kernel, &p, &s), -EFAULT, "counters of sda");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(damaged), cmocka_unit_test(long_table),
	   cmocka_unit_test(counters), cmocka_unit_test(counters_of_3_10),
	   cmocka_unit_test(damaged_counters_of_3_10))
