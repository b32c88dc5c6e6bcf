/* What stat(2) shows: of an inode that is whole, one without a type, and ones that lead nowhere. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "kernel/file/inode_stat.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

static const char types[] =
	"super_block 24 u32 s_dev@0 u64 s_magic@8\n"
	"inode 96 u16 i_mode@0 u32 i_uid@4 u32 i_gid@8 u32 i_nlink@12 ptr i_sb@16 u64 i_ino@24 u32 "
	"i_rdev@32 u64 i_size@40 u64 i_blocks@48 u64 i_atime_sec@56 u64 i_mtime_sec@64 u64 "
	"i_ctime_sec@72 u8 i_blkbits@80\n";

#define SB    (FAKE_BASE + 0x100)
#define INODE (FAKE_BASE + 0x200)

static struct fake *make(uint64_t mode, uint64_t magic, uint64_t sb)
{
	struct fake *f = fake_new();

	fake_put(f, SB, 8 << 20 | 3, 4);
	fake_put(f, SB + 8, magic, 8);
	fake_put(f, INODE, mode, 2);
	fake_put(f, INODE + 4, 1000, 4);
	fake_put(f, INODE + 8, 2000, 4);
	fake_put(f, INODE + 12, 3, 4);
	fake_put(f, INODE + 16, sb, 8);
	fake_put(f, INODE + 24, 0x123456789a, 8);
	fake_put(f, INODE + 32, 4 << 20 | 64, 4);
	fake_put(f, INODE + 40, 5000000000, 8);
	fake_put(f, INODE + 48, 9765632, 8);
	fake_put(f, INODE + 56, 1, 8);
	fake_put(f, INODE + 64, 2, 8);
	fake_put(f, INODE + 72, 3, 8);
	fake_put(f, INODE + 80, 14, 1);
	fake_open(f);
	fake_structs(f, types);
	return f;
}

static void whole(void **state)
{
	struct fake *f = make(S_IFCHR | 0620, 0x01021994, SB);
	struct stat st;

	(void)state;
	assert_ok(inode_stat(f->kernel, INODE, &st));
	assert_int_equal(st.st_mode, S_IFCHR | 0620);
	assert_int_equal(st.st_dev, makedev(8, 3));
	assert_int_equal(st.st_rdev, makedev(4, 64));
	assert_int_equal(st.st_ino, 0x123456789a);
	assert_int_equal(st.st_nlink, 3);
	assert_int_equal(st.st_uid, 1000);
	assert_int_equal(st.st_gid, 2000);
	assert_int_equal(st.st_size, 5000000000);
	assert_int_equal(st.st_blocks, 9765632);
	assert_int_equal(st.st_blksize, 16384);
	assert_int_equal(st.st_atime, 1);
	assert_int_equal(st.st_mtime, 2);
	assert_int_equal(st.st_ctime, 3);
	fake_free(f);
}

static void without_type(void **state)
{
	struct fake *f = make(S_IFREG | 0700, 0x50494446, SB);
	struct stat st;

	(void)state;
	assert_ok(inode_stat(f->kernel, INODE, &st));
	assert_int_equal(st.st_mode, 0700);
	fake_free(f);
}

static void nowhere(void **state)
{
	static const uint64_t nothing[] = { 0, 0xdead000000000100, UINT64_MAX - 3 };
	struct stat st = { .st_ino = 77 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++) {
		struct fake *f = make(S_IFREG, 0, nothing[i]);

		assert_true(inode_stat(f->kernel, INODE, &st) < 0);
		assert_true(inode_stat(f->kernel, nothing[i], &st) < 0);
		fake_free(f);
	}
	assert_int_equal(st.st_ino, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(without_type),
		cmocka_unit_test(nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
