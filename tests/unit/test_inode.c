/* The inode that a lock or a page is of: one that its dentry, or its pages, lead back to, and no other. */
#include "kernel/file/inode.h"

#include <errno.h>

#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define INODE	(FAKE_BASE + 0x1000)
#define DENTRY	(FAKE_BASE + 0x2000)
#define PAGE	(FAKE_BASE + 0x3000)
#define MISSING (FAKE_BASE + 0x3f000)

enum { I_RWSEM = 16, I_STATE = 56, I_DENTRY = 64, I_MAPPING = 72, I_DATA = 80 };
enum { M_HOST = 0, M_LOCK = 8, D_INODE = 8, D_ALIAS = 16, P_MAPPING = 8 };

static const char types[] =
	"hlist_node 16 ptr next@0 ptr pprev@8\n"
	"address_space 64 ptr host@0 u64[5] invalidate_lock@8\n"
	"inode 160 u64[5] i_rwsem@16 u64 i_state@56 ptr i_dentry@64 ptr i_mapping@72 "
	"address_space i_data@80\n"
	"dentry 64 ptr d_inode@8 hlist_node d_alias@16\n"
	"page 64 ptr mapping@8\n";

static struct fake *made(void)
{
	struct fake *f = fake_new();

	fake_put(f, INODE + I_DENTRY, DENTRY + D_ALIAS, 8);
	fake_put(f, INODE + I_MAPPING, INODE + I_DATA, 8);
	fake_put(f, INODE + I_DATA + M_HOST, INODE, 8);
	fake_put(f, DENTRY + D_INODE, INODE, 8);
	fake_put(f, PAGE + P_MAPPING, INODE + I_DATA, 8);
	f->missing[FAKE_PAGES - 1] = true;
	return f;
}

static struct kernel *open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
	return f->kernel;
}

static void whole(void **state)
{
	static const uint64_t parts[] = { I_RWSEM, I_STATE, I_DATA + M_LOCK };
	struct fake *f = made();
	struct kernel *k = open_it(f);
	uint64_t inode;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		inode = 0;
		assert_ok(inode_around(k, INODE + parts[i], &inode));
		assert_int_equal(inode, INODE);
	}
	assert_fails(inode_around(k, INODE + I_RWSEM + 8, &inode), -ENOENT, "in no inode");
	inode = 0;
	assert_ok(inode_of_page(k, PAGE, &inode));
	assert_int_equal(inode, INODE);
	fake_free(f);
}

static void broken(void **state)
{
	static const struct {
		uint64_t at, value;
		bool is_around, is_of_page; /* is it still found? */
	} cases[] = {
		{ INODE + I_DENTRY, 0, false, true },
		{ INODE + I_DENTRY, MISSING, false, true },
		{ INODE + I_DENTRY, 0x1000, false, true },
		{ DENTRY + D_INODE, INODE + 8, false, true },
		{ PAGE + P_MAPPING, 0, true, false },
		{ PAGE + P_MAPPING, INODE + I_DATA + 1, true, false }, /* of a process */
		{ PAGE + P_MAPPING, MISSING, true, false },
		{ INODE + I_DATA + M_HOST, DENTRY, true, false },
		{ INODE + I_MAPPING, DENTRY, true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made();
		struct kernel *k;
		uint64_t inode;

		fake_put(f, cases[i].at, cases[i].value, 8);
		k = open_it(f);
		assert_int_equal(inode_around(k, INODE + I_RWSEM, &inode) >= 0, cases[i].is_around);
		assert_int_equal(inode_of_page(k, PAGE, &inode) >= 0, cases[i].is_of_page);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(broken))
