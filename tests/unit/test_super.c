/* Super blocks and what leads from them: inodes, names, mounts, mount namespaces; and damaged ones. */
#include <errno.h>

#include "kernel/file/mount_ns.h"
#include "kernel/file/super.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n) ((uint64_t)(FAKE_BASE + (n)))

#define COMMON_TYPES                                                                         \
	"inode 64 u64[2] i_sb_list@0 ptr i_dentry@16\n"                                      \
	"dentry 32 u64[2] d_alias@8\n"                                                       \
	"vfsmount 8 ptr mnt_root@0\n"                                                        \
	"ns_common 8 u32 inum@0\n"                                                           \
	"mnt_namespace 16 ns_common ns@0 ptr root@8\n"                                       \
	"nsproxy 8 ptr mnt_ns@0\n"                                                           \
	"task_struct 128 u32 __state@0 u32 exit_state@4 u32 flags@8 s32 pid@12 s32 tgid@16 " \
	"u64[2] tasks@24 u64[2] thread_node@40 ptr signal@56 ptr nsproxy@64\n"

static const char types[] = COMMON_TYPES
	"super_block 64 u64[2] s_list@0 ptr s_root@16 u64[2] s_inodes@24 u64[2] s_mounts@40\n"
	"mount 64 vfsmount mnt@0 ptr mnt_ns@8 u64[2] mnt_instance@16\n";

/* v6.18: a chain */
static const char chain_types[] = COMMON_TYPES
	"super_block 64 u64[2] s_list@0 ptr s_root@16 u64[2] s_inodes@24 ptr s_mounts@40\n"
	"mount 64 vfsmount mnt@0 ptr mnt_ns@8 ptr mnt_next_for_sb@16\n";

#define HEAD	 AT(0x100)
#define SB(i)	 AT(0x1000 + 0x100 * (i))
#define MOUNT(i) AT(0x2000 + 0x100 * (i))
#define NS(i)	 AT(0x3000 + 0x100 * (i))
#define INODE(i) AT(0x4000 + 0x100 * (i))
#define ROOT	 AT(0x5000)
#define OTHER	 AT(0x5100)
#define TASK	 AT(0x6000)
#define IDLE	 AT(0x6200)
#define PROXY	 AT(0x6100)

static void put_empty(struct fake *f, uint64_t head)
{
	fake_put(f, head, head, 8);
}

/* Super block 0 has mounts 0 (the kernel's own), 1 (bound below its root, of namespace 0), 2 (of namespace
 * 1) and 3 (taken down); 1 has none. */
static struct fake *make(bool chain)
{
	static const uint64_t spaces[] = { -22ull, NS(0), NS(1), 0 };
	struct fake *f = fake_new();
	unsigned int link = 16;

	put(&f->vmcoreinfo, "SYMBOL(super_blocks)=%lx\nSYMBOL(init_task)=%lx\n", HEAD, IDLE);
	fake_put(f, HEAD, SB(0), 8);
	fake_put(f, SB(0), SB(1), 8);
	fake_put(f, SB(1), HEAD, 8);
	for (unsigned int i = 0; i < 2; i++) {
		fake_put(f, SB(i) + 16, ROOT, 8);
		put_empty(f, SB(i) + 24);
		if (!chain)
			put_empty(f, SB(i) + 40);
		fake_put(f, NS(i), 4000 - i, 4);
	}
	for (unsigned int i = 0; i < 4; i++) {
		bool last = i == 3;
		uint64_t next = last ? SB(0) + 40 : MOUNT(i + 1) + link;

		fake_put(f, MOUNT(i), i == 1 ? OTHER : ROOT, 8);
		fake_put(f, MOUNT(i) + 8, spaces[i], 8);
		fake_put(f, MOUNT(i) + link, chain ? (last ? 0 : MOUNT(i + 1)) : next, 8);
	}
	fake_put(f, SB(0) + 40, chain ? MOUNT(0) : MOUNT(0) + link, 8);
	fake_put(f, NS(0) + 8, MOUNT(1), 8);
	fake_put(f, IDLE + 24, TASK + 24, 8);
	fake_put(f, TASK + 24, IDLE + 24, 8);
	fake_put(f, TASK + 12, 1, 4);
	fake_put(f, TASK + 16, 1, 4);
	fake_put(f, TASK + 64, PROXY, 8);
	fake_put(f, PROXY, NS(2), 8); /* one in which nothing is mounted */
	fake_put(f, NS(2), 5000, 4);
	return f;
}

static void mounted(void **state)
{
	(void)state;
	for (int chain = 0; chain < 2; chain++) {
		struct fake *f = make(chain);
		enum mounted how;
		struct path p;

		fake_open(f);
		fake_structs(f, chain ? chain_types : types);
		assert_ok(super_mounted(f->kernel, SB(0), &how, &p));
		assert_int_equal(how, MOUNTED);
		assert_int_equal(p.mnt, MOUNT(2));
		assert_int_equal(p.dentry, ROOT);
		assert_ok(super_mounted(f->kernel, SB(1), &how, &p));
		assert_int_equal(how, MOUNTED_NOT);
		fake_free(f);
	}
}

static void hidden(void **state)
{
	struct fake *f = make(false);
	enum mounted how;
	struct path p;

	(void)state;
	fake_put(f, MOUNT(1) + 8, 0, 8);
	fake_put(f, MOUNT(2) + 8, 0, 8);
	fake_open(f);
	fake_structs(f, types);
	assert_ok(super_mounted(f->kernel, SB(0), &how, &p));
	assert_int_equal(how, MOUNTED_BY_KERNEL);
	assert_int_equal(p.mnt, MOUNT(0));
	fake_free(f);
}

static void mounts_broken(void **state)
{
	static const struct {
		bool chain;
		uint64_t next;
		int code;
		const char *text;
	} cases[] = {
		{ false, MOUNT(1) + 16, -ELOOP, "comes again" },
		{ false, 0xdead000000000100, -EBADMSG, "poison" },
		{ true, MOUNT(1), -ELOOP, "comes again" },
		{ true, 0x400000, -EFAULT, "mounts of" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make(cases[i].chain);
		struct mount_nss nss;
		enum mounted how;
		struct path p;

		fake_put(f, MOUNT(3) + 16, cases[i].next, 8);
		fake_open(f);
		fake_structs(f, cases[i].chain ? chain_types : types);
		assert_fails(super_mounted(f->kernel, SB(0), &how, &p), cases[i].code,
			     cases[i].text);
		/* those before are known all the same */
		assert_ok(mount_namespaces(f->kernel, &nss));
		assert_true(nss.n >= 2);
		assert_non_null(strstr(nss.problems.data, cases[i].text));
		mount_nss_fini(&nss);
		fake_free(f);
	}
}

static void namespaces(void **state)
{
	struct fake *f = make(false);
	struct mount_nss nss;
	struct path p;

	(void)state;
	fake_open(f);
	fake_structs(f, types);
	assert_ok(mount_namespaces(f->kernel, &nss));
	assert_int_equal(nss.n, 3);
	assert_int_equal(nss.v[0].addr, NS(1)); /* of the lowest number */
	assert_int_equal(nss.v[1].addr, NS(0));
	assert_int_equal(nss.v[2].inum, 5000);
	assert_null(nss.problems.data);
	mount_nss_fini(&nss);
	assert_ok(mount_ns_root(f->kernel, NS(0), &p));
	assert_int_equal(p.mnt, MOUNT(1));
	assert_int_equal(p.dentry, OTHER);
	fake_free(f);
}

/* Tasks lead to some although the super blocks are lost. */
static void namespaces_of_tasks(void **state)
{
	struct fake *f = make(false);
	struct mount_nss nss;

	(void)state;
	fake_put(f, HEAD, 0, 8);
	fake_open(f);
	fake_structs(f, types);
	assert_ok(mount_namespaces(f->kernel, &nss));
	assert_int_equal(nss.n, 1);
	assert_int_equal(nss.v[0].addr, NS(2));
	assert_non_null(strstr(nss.problems.data, "is no entry"));
	mount_nss_fini(&nss);
	fake_free(f);
}

static void inodes(void **state)
{
	struct fake *f = make(false);
	struct list_walk w;
	uint64_t at, dentry;

	(void)state;
	fake_put(f, SB(0) + 24, INODE(0), 8);
	fake_put(f, INODE(0), INODE(1), 8);
	fake_put(f, INODE(1), 0x400000, 8); /* leads nowhere */
	fake_put(f, INODE(0) + 16, OTHER + 8, 8);
	fake_open(f);
	fake_structs(f, types);
	assert_ok(super_inodes_begin(&w, f->kernel, SB(0)));
	assert_int_equal(list_next(&w, &at), 1);
	assert_int_equal(at, INODE(0));
	assert_int_equal(list_next(&w, &at), 1);
	assert_int_equal(at, INODE(1));
	assert_fails(list_next(&w, &at), -EFAULT, "list at");
	assert_ok(inode_alias(f->kernel, INODE(0), &dentry));
	assert_int_equal(dentry, OTHER);
	assert_fails(inode_alias(f->kernel, INODE(1), &dentry), -ENOENT, "without a name");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(mounted), cmocka_unit_test(hidden), cmocka_unit_test(mounts_broken),
	   cmocka_unit_test(namespaces), cmocka_unit_test(namespaces_of_tasks),
	   cmocka_unit_test(inodes))
