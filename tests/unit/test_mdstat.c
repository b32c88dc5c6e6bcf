/* /proc/mdstat: arrays of kernels of different age, whole and damaged. */
#include <stdio.h>

#include "tests/unit/fake_render.h"
#include "tests/unit/unit.h"

#define AT(n)	   ((uint64_t)(FAKE_BASE + (n)))
#define ARRAYS	   AT(0x100) /* all_mddevs */
#define PERS_LIST  AT(0x110)
#define PENDING	   AT(0x120)
#define JIFFIES	   AT(0x130)
#define SUBMODULES AT(0x140)
#define NODE	   AT(0x200) /* of the xarray */
#define DISK(i)	   AT(0x1000 + 0x80 * (i))
#define BDEV(i)	   AT(0x1800 + 0x20 * (i))
#define PERS(i)	   AT(0x1a00 + 0x40 * (i))
#define NAME(i)	   AT(0x1c00 + 0x20 * (i))
#define MD(i)	   AT(0x2000 + 0x200 * (i))
#define RDEV(i)	   AT(0x3000 + 0x80 * (i))
#define CONF(i)	   AT(0x3800 + 0x80 * (i))
#define MIRRORS	   AT(0x3c00)
#define BITMAP	   AT(0x3e00)
#define MACHINE	   AT(0x4000)
#define MISSING	   AT(0x3f000)
#define DEAD	   0x400000
#define MAX_SECTOR UINT64_MAX

/* Offsets in struct mddev, by the types below. */
enum {
	ALL = 0,
	DISKS = 16,
	PERSONALITY = 32,
	PRIVATE = 40,
	GENDISK = 48,
	FLAGS = 56,
	READ_ONLY = 64,
	RAID_DISKS = 68,
	DEGRADED = 72,
	LEVEL = 76,
	LAYOUT = 80,
	CHUNK = 84,
	ARRAY_SECTORS = 88,
	DEV_SECTORS = 96,
	PERSISTENT = 104,
	EXTERNAL = 108,
	METADATA = 112,
	MAJOR = 132,
	MINOR = 136,
	ACTIVE = 140,
	RECOVERY = 144,
	CURR_RESYNC = 152,
	CURR_MARK = 160,
	MARK = 168,
	MARK_COUNT = 176,
	MAX_SECTORS = 184,
	OFFSET = 192,
	RESHAPE = 200,
	BITMAP_AT = 208,
	CHUNKSIZE = 216,
	BITMAP_ID = 232,
};

#define MDDEV                                                                                    \
	"list_head all_mddevs@0 list_head disks@16 ptr pers@32 ptr private@40 ptr gendisk@48 "   \
	"u64 flags@56 s32 ro@64 s32 raid_disks@68 s32 degraded@72 s32 level@76 s32 layout@80 "   \
	"s32 chunk_sectors@84 u64 array_sectors@88 u64 dev_sectors@96 s32 persistent@104 "       \
	"s32 external@108 u8[17] metadata_type@112 s32 major_version@132 s32 minor_version@136 " \
	"s32 recovery_active@140 u64 recovery@144 u64 curr_resync@152 u64 curr_mark_cnt@160 "    \
	"u64 resync_mark@168 u64 resync_mark_cnt@176 u64 resync_max_sectors@184 "                \
	"u64 reshape_position@200 ptr bitmap@208 bitmap_info bitmap_info@216 "

#define SAME_TYPES                                                                                \
	"list_head 16 ptr next@0 ptr prev@8\n" FAKE_MACHINE_TYPES                                 \
	"gendisk 64 u8[32] disk_name@0\n"                                                         \
	"bitmap_info 8 u64 chunksize@0\n"                                                         \
	"md_rdev 96 list_head same_set@0 u64 sectors@16 ptr bdev@24 u64 flags@32 s32 desc_nr@40 " \
	"s32 raid_disk@44 u64 recovery_offset@48\n"                                               \
	"bitmap_counts 16 u64 pages@0 u64 missing_pages@8\n"                                      \
	"bitmap_storage 16 ptr file@0 ptr sb_page@8\n"                                            \
	"bitmap 32 bitmap_counts counts@0 bitmap_storage storage@16\n"                            \
	"raid1_info 16 ptr rdev@0\n"                                                              \
	"r1conf 32 ptr mirrors@8 s32 raid_disks@16\n"                                             \
	"raid10_info 24 ptr rdev@8\n"                                                             \
	"geom 32 s32 raid_disks@0 s32 near_copies@4 s32 far_copies@8 s32 far_offset@12 "          \
	"s32 far_set_size@16\n"                                                                   \
	"r10conf 64 geom geo@0 ptr mirrors@32\n"                                                  \
	"disk_info 32 ptr rdev@0\n"                                                               \
	"r5conf 32 s32 chunk_sectors@0 s32 raid_disks@4 ptr disks@8\n"

static const char new_types[] = SAME_TYPES
	"block_device 32 ptr bd_disk@0 u32 __bd_flags@8\n"
	"md_submodule_head 24 u32 type@0 u32 id@4 ptr name@8\n"
	"md_personality 64 md_submodule_head head@0 ptr sync_request@40\n"
	"md_bitmap_stats 16 u64 pages@0\n"
	"llbitmap 32 u64 flags@0 u32 nr_pages@8\n"
	"xarray 16 ptr xa_head@8\n"
	"xa_node 40 u8 shift@0 ptr[4] slots@8\n"
	"mddev 256 " MDDEV "u64 resync_offset@192 u32 lock@224 u64 sb_flags@240 u32 bitmap_id@232 "
	"ptr bitmap_ops@248\n"
	"enum MD_RESYNC_NONE=0 MD_RESYNC_ACTIVE=3\n"
	"enum Faulty=0 In_sync=1 WriteMostly=3 Replacement=10 Journal=12\n"
	"enum MD_BROKEN=11 MD_DELETED=12\n"
	"enum MD_PERSONALITY=0 MD_CLUSTER=1\n"
	"enum ID_BITMAP=200 ID_LLBITMAP=201\n"
	"enum BITMAP_WRITE_ERROR=2\n"
	"enum MD_RECOVERY_DONE=3 MD_RECOVERY_SYNC=7 MD_RECOVERY_CHECK=10 MD_RECOVERY_RESHAPE=11 "
	"MD_RESYNCING_REMOTE=12\n";

/* 3.10 */
static const char old_types[] =
	SAME_TYPES "hd_struct 16 s32 partno@0\n"
		   "block_device 32 ptr bd_disk@0 ptr bd_part@16\n"
		   "md_personality 64 ptr name@8 list_head list@16 ptr sync_request@40\n"
		   "mddev 256 " MDDEV "u64 recovery_cp@192\n"
		   "enum Faulty=0 In_sync=1 WriteMostly=3 Replacement=9\n";

static void name_at(struct fake *f, uint64_t at, const char *name)
{
	memcpy(fake_at(f, at), name, strlen(name) + 1);
}

/* Put @entry before the others of the list at @head. */
static void link_first(struct fake *f, uint64_t head, uint64_t entry)
{
	uint64_t next;

	memcpy(&next, fake_at(f, head), 8);
	fake_put(f, entry, next, 8);
	fake_put(f, head, entry, 8);
}

static void personality(struct fake *f, bool old, unsigned int i, const char *name)
{
	name_at(f, NAME(i), name);
	fake_put(f, PERS(i) + 8, NAME(i), 8);
	fake_put(f, PERS(i) + 40, AT(0x100), 8);
	if (old)
		link_first(f, PERS_LIST, PERS(i) + 16);
	else
		fake_put(f, NODE + 8 + 8 * i, PERS(i), 8);
}

static void member(struct fake *f, uint64_t md, unsigned int i, uint64_t flags, int disk)
{
	char name[16];

	snprintf(name, sizeof(name), "sd%c", 'a' + i);
	name_at(f, DISK(i), name);
	fake_put(f, BDEV(i), DISK(i), 8);
	fake_put(f, RDEV(i) + 16, 4096, 8);
	fake_put(f, RDEV(i) + 24, BDEV(i), 8);
	fake_put(f, RDEV(i) + 32, flags, 8);
	fake_put(f, RDEV(i) + 40, i, 4);
	fake_put(f, RDEV(i) + 44, (uint32_t)disk, 4);
	link_first(f, md + DISKS, RDEV(i));
}

static uint64_t array(struct fake *f, unsigned int i, unsigned int pers)
{
	uint64_t md = MD(i);
	char name[16];

	snprintf(name, sizeof(name), "md%u", i);
	name_at(f, DISK(8 + i), name);
	fake_put(f, md + GENDISK, DISK(8 + i), 8);
	fake_put(f, md + DISKS, md + DISKS, 8);
	fake_put(f, md + PERSONALITY, PERS(pers), 8);
	fake_put(f, md + PRIVATE, CONF(i), 8);
	fake_put(f, md + RAID_DISKS, 2, 4);
	fake_put(f, md + ARRAY_SECTORS, 8192, 8);
	fake_put(f, md + DEV_SECTORS, 8192, 8);
	fake_put(f, md + MAX_SECTORS, 16384, 8);
	fake_put(f, md + PERSISTENT, 1, 4);
	fake_put(f, md + MAJOR, 1, 4);
	fake_put(f, md + MINOR, 2, 4);
	fake_put(f, md + OFFSET, MAX_SECTOR, 8);
	fake_put(f, md + RESHAPE, MAX_SECTOR, 8);
	link_first(f, ARRAYS, md + ALL);
	return md;
}

/* md0: a raid1 of sda1 and sdb, of which the second is not in sync. */
static struct fake *with_raid1(bool old)
{
	struct fake *f = fake_new();
	uint64_t md;

	put(&f->vmcoreinfo,
	    "SYMBOL(all_mddevs)=%lx\nSYMBOL(pending_raid_disks)=%lx\nSYMBOL(jiffies)=%lx\n", ARRAYS,
	    PENDING, JIFFIES);
	put(&f->vmcoreinfo, "SYMBOL(%s)=%lx\n", old ? "pers_list" : "md_submodule",
	    old ? PERS_LIST : SUBMODULES);
	fake_put(f, ARRAYS, ARRAYS, 8);
	fake_put(f, PENDING, PENDING, 8);
	fake_put(f, PERS_LIST, PERS_LIST, 8);
	fake_put(f, SUBMODULES + 8, NODE + 2, 8);
	personality(f, old, 0, "raid1");
	personality(f, old, 1, "raid10");
	if (!old)
		fake_put(f, PERS(1), 1, 4); /* no personality */
	fake_machine(f, MACHINE, 1, 0, 0);
	fake_put(f, JIFFIES, 5000, 8);
	md = array(f, 0, 0);
	member(f, md, 0, 2, 0);
	member(f, md, 1, 0, 1);
	fake_put(f, BDEV(0) + 8, 0x101, 4);
	fake_put(f, BDEV(0) + 16, AT(0x1f00), 8);
	fake_put(f, AT(0x1f00), 1, 4);
	fake_put(f, BDEV(1) + 16, AT(0x1f10), 8);
	fake_put(f, CONF(0) + 8, MIRRORS, 8);
	fake_put(f, CONF(0) + 16, 2, 4);
	fake_put(f, MIRRORS, RDEV(0), 8);
	fake_put(f, MIRRORS + 16, RDEV(1), 8);
	fake_put(f, md + DEGRADED, 1, 4);
	return f;
}

static void open_with(struct fake *f, bool old)
{
	f->missing[0x3f] = true;
	fake_open(f);
	fake_structs(f, old ? old_types : new_types);
}

#define HEAD	"Personalities : [raid1] \n"
#define OLD	"Personalities : [raid10] [raid1] \n"
#define MEMBERS "md0 : active raid1 sdb[1] sda1[0]\n      4096 blocks super 1.2 [2/1] [U_]\n      "
#define END	"\nunused devices: <none>\n"

static void whole(void **state)
{
	(void)state;
	for (int old = 0; old < 2; old++) {
		struct fake *f = with_raid1(old);

		open_with(f, old);
		expect_text(f, gen_proc_mdstat, 0, old ? OLD MEMBERS END : HEAD MEMBERS END);
		fake_free(f);
	}
}

/* The same array with other values; what is shown of it, here and in 3.10. */
static void values(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *text, *old;
	} cases[] = {
		{ MD(0) + READ_ONLY, 1, "active (read-only) raid1", NULL },
		{ MD(0) + READ_ONLY, 2, "active (auto-read-only) raid1", NULL },
		{ MD(0) + FLAGS, 1 << 11, "md0 : broken raid1", "md0 : active raid1" },
		{ MD(0) + FLAGS, 1 << 12, HEAD "unused", "md0 : active" },
		{ MD(0) + PERSONALITY, 0,
		  "md0 : inactive sdb[1] sda1[0]\n      4096 blocks super 1.2\n       \n", NULL },
		{ MD(0) + GENDISK, 0, "mdX : active", NULL },
		{ MD(0) + MAJOR, 90ull << 32, "4096 blocks [2/1]", NULL },
		{ MD(0) + PERSISTENT, 0, "4096 blocks super non-persistent [2/1]", NULL },
		{ MD(0) + PERSISTENT, 1ull << 32, "4096 blocks super external: [2/1]", NULL },
		{ RDEV(1) + 32, 1, "sdb[1](F) sda1", NULL },
		{ RDEV(1) + 32, 8, "sdb[1](W) sda1", NULL },
		{ RDEV(1) + 32, 1 << 12 | 1 << 10, "sdb[1](J)(R) sda1", "sdb[1] sda1" },
		{ RDEV(1) + 40, 0xffffffff00000007, "sdb[7](S) sda1", NULL },
		{ RDEV(1) + 32, 2, "[2/1] [UU]", NULL },
		{ MIRRORS, 0, "[2/1] [__]", NULL },
		{ MD(0) + OFFSET, 0, "[U_]\n      \tresync=PENDING\n      \n", NULL },
		{ MD(0) + CURR_RESYNC, 1, "[U_]\n      \tresync=DELAYED\n      \n", NULL },
		{ MD(0) + CURR_RESYNC, 2, "[U_]\n      \tresync=DELAYED\n      \n", NULL },
		{ MD(0) + CURR_RESYNC, 4096,
		  "[U_]\n      [========>............]  recovery = 44.4% (2048/4096) "
		  "finish=42.6min speed=0K/sec\n      \n",
		  NULL },
		{ MD(0) + CURR_RESYNC, 3, "recovery =  0.0% (1/4096)",
		  "recovery =  0.0% (0/4096)" },
		{ MD(0) + CURR_RESYNC, 10000, "recovery = 88.8% (4096/4096)",
		  "!! array md0 at 0xffffffff80002000: recovery at sector 10000 of 8192" },
		{ MD(0) + RECOVERY, 1 << 12, "\tresync=REMOTE\n      \n", "[U_]\n      \n" },
		{ NAME(0), 0x39, "raid1 sdb", NULL },
	};

	(void)state;
	for (size_t i = 0; i < 2 * (ARRAY_SIZE(cases) - 1); i++) {
		bool old = i & 1;
		const char *text = old && cases[i / 2].old ? cases[i / 2].old : cases[i / 2].text;
		struct fake *f = with_raid1(old);

		fake_put(f, cases[i / 2].at, cases[i / 2].value, 8);
		open_with(f, old);
		expect_part(f, gen_proc_mdstat, 0, text);
		fake_free(f);
	}
}

/* What is under way, by the bits that say so and where they are. */
static void actions(void **state)
{
	static const struct {
		uint64_t bits, old_bits;
		const char *text;
	} cases[] = {
		{ 1 << 7, 1 << 1, "resync = 23.5% (2048/8192)" },
		{ 1 << 7 | 1 << 10, 1 << 1 | 1 << 7, "check = 23.5% (2048/8192)" },
		{ 1 << 11, 1 << 8, "reshape = 23.5% (2048/8192)" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		bool old = i & 1;
		struct fake *f = with_raid1(old);

		fake_put(f, MD(0) + RECOVERY, old ? cases[i / 2].old_bits : cases[i / 2].bits, 8);
		fake_put(f, MD(0) + CURR_RESYNC, 4196, 8);
		fake_put(f, MD(0) + ACTIVE, 100, 4);
		fake_put(f, MD(0) + MARK, 2500, 8); /* 10 seconds */
		fake_put(f, MD(0) + MARK_COUNT, 1000, 8);
		fake_put(f, MD(0) + CURR_MARK, 3100, 8);
		open_with(f, old);
		expect_part(f, gen_proc_mdstat, 0, cases[i / 2].text);
		expect_part(f, gen_proc_mdstat, 0, " finish=1.0min speed=100K/sec\n      \n");
		fake_free(f);
	}
}

/* Ends that only some kernels know: what is done, or looks as if it had not begun. */
static void ends(void **state)
{
	struct fake *f = with_raid1(false);

	(void)state;
	fake_put(f, MD(0) + RECOVERY, 1 << 3, 8);
	open_with(f, false);
	expect_part(f, gen_proc_mdstat, 0, "recovery = 88.8% (4096/4096)");
	fake_free(f);

	f = with_raid1(false);
	fake_put(f, MD(0) + CURR_RESYNC, 100, 8);
	fake_put(f, MD(0) + ACTIVE, 200, 4);
	open_with(f, false);
	expect_part(f, gen_proc_mdstat, 0, "recovery =  0.0% (1/4096)");
	fake_free(f);

	/* another node recovers */
	f = with_raid1(false);
	fake_put(f, MD(0) + RECOVERY, 1 << 12, 8);
	fake_put(f, RDEV(0) + 48, 5, 8);
	open_with(f, false);
	expect_part(f, gen_proc_mdstat, 0, "\trecover=REMOTE\n");
	fake_free(f);

	f = with_raid1(false);
	fake_put(f, MD(0) + RECOVERY, 1 << 12, 8);
	fake_put(f, MD(0) + RESHAPE, 5, 8);
	open_with(f, false);
	expect_part(f, gen_proc_mdstat, 0, "\treshape=REMOTE\n");
	fake_free(f);
}

static void bitmaps(void **state)
{
	(void)state;
	for (int old = 0; old < 2; old++) {
		for (int page = 0; page < 2; page++) {
			struct fake *f = with_raid1(old);

			fake_put(f, MD(0) + BITMAP_AT, BITMAP, 8);
			fake_put(f, MD(0) + CHUNKSIZE, 65536, 8);
			fake_put(f, BITMAP, 7, 8);
			fake_put(f, BITMAP + 8, 5, 8);
			fake_put(f, BITMAP + 24, page, 8);
			open_with(f, old);
			expect_part(f, gen_proc_mdstat, 0,
				    old || page ? "      bitmap: 2/7 pages [8KB], 64KB chunk\n\n"
						: "[U_]\n      \n");
			fake_free(f);
		}
	}
}

static void lockless_bitmap(void **state)
{
	(void)state;
	for (uint64_t flags = 0; flags < 8; flags += 4) {
		struct fake *f = with_raid1(false);

		fake_put(f, MD(0) + BITMAP_AT, BITMAP, 8);
		fake_put(f, MD(0) + BITMAP_ID, 201, 4);
		fake_put(f, MD(0) + CHUNKSIZE, 512, 8);
		fake_put(f, BITMAP, flags, 8);
		fake_put(f, BITMAP + 8, 3, 4);
		open_with(f, false);
		expect_part(f, gen_proc_mdstat, 0,
			    flags ? "[U_]\n      \n"
				  : "      bitmap: 3/3 pages [12KB], 512B chunk\n");
		fake_free(f);
	}
}

/* A second array, of another personality, before the first one. */
static void personalities(void **state)
{
	static const struct {
		const char *name, *text, *old;
	} cases[] = {
		{ "raid0", " super 1.2 64k chunks\n", NULL },
		{ "linear", " super 1.2 64k rounding\n", NULL },
		{ "raid10",
		  " 64K chunks 2 near-copies 2 offset-copies 2 devices per set [3/3] [U__]",
		  " 64K chunks 2 near-copies 2 offset-copies [3/3] [U__]" },
		{ "raid6", " level 6, 32k chunk, algorithm 2 [2/2] [_U]",
		  " level 6, 64k chunk, algorithm 2 [2/2] [_U]" },
		{ "raid99", " <what raid99 tells of an array is not known>\n      \n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		bool old = i & 1;
		const char *text = old && cases[i / 2].old ? cases[i / 2].old : cases[i / 2].text;
		struct fake *f = with_raid1(old);
		uint64_t md = array(f, 1, 2);

		name_at(f, NAME(2), cases[i / 2].name);
		fake_put(f, PERS(2) + 8, NAME(2), 8);
		fake_put(f, md + CHUNK, 128, 4);
		fake_put(f, md + LEVEL, 6, 4);
		fake_put(f, md + LAYOUT, 2, 4);
		if (i / 2 == 2) { /* struct r10conf, struct raid10_info */
			fake_put(f, CONF(1), 3 | 2ull << 32, 8);
			fake_put(f, CONF(1) + 8, 2 | 1ull << 32, 8);
			fake_put(f, CONF(1) + 16, 2, 4);
			fake_put(f, CONF(1) + 32, MIRRORS - 8, 8);
		} else { /* struct r5conf */
			fake_put(f, CONF(1), 64 | 2ull << 32, 8);
			fake_put(f, CONF(1) + 8, CONF(2), 8);
			fake_put(f, CONF(2) + 32, RDEV(0), 8);
		}
		open_with(f, old);
		expect_part(f, gen_proc_mdstat, 0, text);
		expect_part(f, gen_proc_mdstat, 0, MEMBERS END);
		fake_free(f);
	}
}

static void unused(void **state)
{
	struct fake *f = with_raid1(false);

	(void)state;
	member(f, MD(1), 2, 0, 0);
	link_first(f, PENDING, RDEV(2));
	open_with(f, false);
	expect_part(f, gen_proc_mdstat, 0, "\nunused devices: sdc \n");
	fake_free(f);
}

static void damaged(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *text;
	} cases[] = {
		{ ARRAYS, DEAD, "list" },
		{ MD(0), MD(0), "comes again" },
		{ MD(0) + DISKS, DEAD, "array md0 at 0xffffffff80002000" },
		{ RDEV(0), RDEV(1), "comes again" },
		{ RDEV(1) + 24, MISSING, "member at 0xffffffff80003080: block device at" },
		{ MD(0) + PERSONALITY, DEAD, "array md0 at" },
		{ PERS(0) + 8, MISSING, "personalities: " },
		{ MD(0) + GENDISK, DEAD, "array mdX at" },
		{ MD(0) + PRIVATE, DEAD, "array md0 at" },
		{ CONF(0) + 8, MISSING, "members: " },
		{ CONF(0) + 16, 0x7fffffff, "2147483647 members" },
		{ CONF(0) + 16, 0xffffffff, "-1 members" },
		{ MIRRORS, DEAD, "members: md_mod:md_rdev.flags at 0x400000" },
		{ MD(0) + BITMAP_AT, DEAD, "array md0 at" },
		{ PENDING, PENDING + 8, "unused devices" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		bool old = i & 1;
		struct fake *f = with_raid1(old);

		fake_put(f, cases[i / 2].at, cases[i / 2].value, 8);
		open_with(f, old);
		expect_error(f, gen_proc_mdstat, 0, cases[i / 2].text);
		fake_free(f);
	}
}

/* What the types do not tell is not made up. */
static void without_names(void **state)
{
	static const char without_bits[] =
		SAME_TYPES "hd_struct 16 s32 partno@0\n"
			   "block_device 32 ptr bd_disk@0 ptr bd_part@16\n"
			   "md_personality 64 ptr name@8 list_head list@16 ptr sync_request@40\n"
			   "mddev 256 " MDDEV "u64 recovery_cp@192 u64 sb_flags@240\n";
	struct fake *f = with_raid1(true);

	(void)state;
	f->missing[0x3f] = true;
	fake_open(f);
	fake_structs(f, without_bits);
	expect_error(f, gen_proc_mdstat, 0, "no enumerator md_mod:Faulty");
	fake_free(f);

	f = with_raid1(true);
	fake_put(f, RDEV(0) + 32, 0, 8);
	fake_put(f, MD(0) + RECOVERY, 2, 8);
	fake_open(f);
	fake_structs(f, without_bits);
	expect_error(f, gen_proc_mdstat, 0, "no enumerator md_mod:MD_RECOVERY_SYNC");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(values), cmocka_unit_test(actions),
	   cmocka_unit_test(ends), cmocka_unit_test(bitmaps), cmocka_unit_test(lockless_bitmap),
	   cmocka_unit_test(personalities), cmocka_unit_test(unused), cmocka_unit_test(damaged),
	   cmocka_unit_test(without_names))
