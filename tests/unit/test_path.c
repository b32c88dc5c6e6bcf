/* Names of files: across mounts and roots, unlinked, and where dentries and mounts lead nowhere. */
#include <errno.h>

#include "dump/base/limits.h"
#include "kernel/file/path.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

static const char types[] =
	"qstr 16 u32 hash@0 u32 len@4 ptr name@8\n"
	"hlist_bl_node 16 ptr next@0 ptr pprev@8\n"
	"dentry 64 hlist_bl_node d_hash@0 ptr d_parent@16 qstr d_name@24 ptr d_inode@40 ptr d_op@48 "
	"ptr d_sb@56\n"
	"vfsmount 24 ptr mnt_root@0 ptr mnt_sb@8 s32 mnt_flags@16\n"
	"mount 64 ptr mnt_parent@0 ptr mnt_mountpoint@8 vfsmount mnt@16\n";

/* Mounts 0 and 1, each with a tree of dentries: 0 the root, 1 below it, and so on. */
#define DENTRY(mount, i) (FAKE_BASE + 0x1000 + 0x4000ull * (mount) + 64ull * (i))
#define MOUNT(i)	 (FAKE_BASE + 0x100 + 64ull * (i))
#define VFSMOUNT(i)	 (MOUNT(i) + 16)
#define NAMES_AT	 (FAKE_BASE + 0x10000)
#define DEEP		 100

static void put_dentry_at(struct fake *f, uint64_t at, uint64_t parent, const char *name)
{
	uint64_t text = NAMES_AT + (at - FAKE_BASE) % 0x10000;

	fake_put(f, at + 8, 1, 8); /* hashed */
	fake_put(f, at + 16, parent, 8);
	fake_put(f, at + 28, strlen(name), 4);
	fake_put(f, at + 32, text, 8);
	memcpy(fake_at(f, text), name, strlen(name));
}

static void put_mount_at(struct fake *f, unsigned int i, uint64_t parent, uint64_t mountpoint)
{
	fake_put(f, MOUNT(i), parent, 8);
	fake_put(f, MOUNT(i) + 8, mountpoint, 8);
	fake_put(f, VFSMOUNT(i), DENTRY(i, 0), 8);
	put_dentry_at(f, DENTRY(i, 0), DENTRY(i, 0), "/");
}

/* / with a/b, and on b another file system with "c\n d" */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	put_mount_at(f, 0, MOUNT(0), DENTRY(0, 0));
	put_mount_at(f, 1, MOUNT(0), DENTRY(0, 2));
	put_dentry_at(f, DENTRY(0, 1), DENTRY(0, 0), "a");
	put_dentry_at(f, DENTRY(0, 2), DENTRY(0, 1), "b");
	put_dentry_at(f, DENTRY(1, 1), DENTRY(1, 0), "c\n d");
	return f;
}

static const struct path root = { VFSMOUNT(0), DENTRY(0, 0) };

static void expect(struct fake *f, struct path p, struct path from, const char *escape,
		   const char *text)
{
	STRBUF(out);

	assert_ok(put_path(&out, f->kernel, &p, &from, escape));
	assert_string_equal(out.data, text);
}

static void names(void **state)
{
	struct fake *f = make();
	const struct path a = { VFSMOUNT(0), DENTRY(0, 1) }, b = { VFSMOUNT(0), DENTRY(0, 2) };
	const struct path on_b = { VFSMOUNT(1), DENTRY(1, 0) }, c = { VFSMOUNT(1), DENTRY(1, 1) };
	STRBUF(out);

	(void)state;
	fake_open(f);
	fake_structs(f, types);
	expect(f, root, root, "", "/");
	expect(f, b, root, "", "/a/b");
	expect(f, on_b, root, "", "/a/b");
	expect(f, c, root, "", "/a/b/c\n d");
	expect(f, c, root, "\n ", "/a/b/c\\012\\040d");
	expect(f, c, a, "", "/b/c\n d");
	expect(f, c, on_b, "", "/c\n d");
	/* What is not below the root of the one who looks begins where its mounts do. */
	expect(f, a, on_b, "", "/a");
	assert_int_equal(put_path_below(&out, f->kernel, &a, &on_b, ""), 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(put_path_below(&out, f->kernel, &c, &a, ""), 1);
	assert_string_equal(out.data, "/b/c\n d");
	fake_free(f);
}

static void unlinked(void **state)
{
	struct fake *f = make();
	STRBUF(out);

	(void)state;
	fake_put(f, DENTRY(1, 1) + 8, 0, 8);
	fake_open(f);
	fake_structs(f, types);
	expect(f, (struct path){ VFSMOUNT(1), DENTRY(1, 1) }, root, "\n",
	       "/a/b/c\\012 d (deleted)");
	assert_ok(put_dentry(&out, f->kernel, DENTRY(1, 1), " "));
	assert_string_equal(out.data, "/c\n\\040d//deleted");
	fake_free(f);
}

/* What keeps a name from being made, and that nothing is left of it. */
static void expect_failure(struct fake *f, struct path p, int code, const char *text)
{
	STRBUF(out);

	put_str(&out, "before");
	fake_open(f);
	fake_structs(f, types);
	assert_fails(put_path(&out, f->kernel, &p, &root, ""), code, text);
	assert_string_equal(out.data, "before");
	fake_free(f);
}

static void broken_dentries(void **state)
{
	const struct path b = { VFSMOUNT(0), DENTRY(0, 2) };
	struct fake *f;

	(void)state;
	f = make(); /* a and b are in each other */
	fake_put(f, DENTRY(0, 1) + 16, DENTRY(0, 2), 8);
	expect_failure(f, b, -ELOOP, "a path of more than");
	f = make(); /* nameless, so that no path becomes too long */
	fake_put(f, DENTRY(0, 1) + 16, DENTRY(0, 2), 8);
	fake_put(f, DENTRY(0, 1) + 28, 0, 4);
	fake_put(f, DENTRY(0, 2) + 28, 0, 4);
	expect_failure(f, b, -ELOOP, "");
	f = make();
	fake_put(f, DENTRY(0, 1) + 28, LIMIT_NAME + 1, 4);
	expect_failure(f, b, -EBADMSG, "a name of 4097 bytes");
	f = make();
	fake_put(f, DENTRY(0, 1) + 32, 0, 8);
	expect_failure(f, b, -EFAULT, "name of the dentry");
	f = make();
	fake_put(f, DENTRY(0, 2) + 16, 0xdead000000000100, 8);
	expect_failure(f, b, -EFAULT, "dentry.d_");
	f = make();
	f->missing[(NAMES_AT - FAKE_BASE) / 4096 + 1] = true;
	expect_failure(f, b, -ENODATA, "name of the dentry");
}

static void broken_mounts(void **state)
{
	const struct path c = { VFSMOUNT(1), DENTRY(1, 1) };
	struct fake *f;

	(void)state;
	f = make(); /* 1 is mounted in 2, and 2 in 1 */
	put_mount_at(f, 1, MOUNT(2), DENTRY(2, 0));
	put_mount_at(f, 2, MOUNT(1), DENTRY(1, 0));
	expect_failure(f, c, -ELOOP, "mounts one in the other");
	f = make();
	fake_put(f, MOUNT(1), 0x1234, 8);
	expect_failure(f, c, -EFAULT, "vfsmount.mnt_root");
}

/* A long path is made, and one that is too long for anybody is not. */
static void depth(void **state)
{
	struct fake *f = make();
	char name[201];
	STRBUF(out);

	(void)state;
	memset(name, 'n', 200);
	name[200] = 0;
	/* As all names are alike, they may share their bytes. */
	for (unsigned int i = 3; i < DEEP; i++) {
		put_dentry_at(f, DENTRY(0, i), DENTRY(0, i == 3 ? 0 : i - 1), "");
		fake_put(f, DENTRY(0, i) + 28, 200, 4);
		fake_put(f, DENTRY(0, i) + 32, NAMES_AT + 0x9000, 8);
	}
	memcpy(fake_at(f, NAMES_AT + 0x9000), name, 200);
	fake_open(f);
	fake_structs(f, types);
	assert_ok(
		put_path(&out, f->kernel, &(struct path){ VFSMOUNT(0), DENTRY(0, 52) }, &root, ""));
	assert_int_equal(out.len, 50 * 201);
	assert_fails(put_path(&out, f->kernel, &(struct path){ VFSMOUNT(0), DENTRY(0, DEEP - 1) },
			      &root, ""),
		     -ELOOP, "a path of more than");
	assert_int_equal(out.len, 50 * 201);
	fake_free(f);
}

/* A dentry whose name was overwritten wrote control bytes into mounts; maps, which no one turns back, has the
 * bytes as procfs has them. */
static void control_bytes(void **state)
{
	static const char name[] = "a\x0f\x1b[m\x7f\\ b\n";
	STRBUF(mounts);
	STRBUF(maps);

	(void)state;
	put_mangled(&mounts, name, sizeof(name) - 1, " \t\n\\#");
	put_mangled(&maps, name, sizeof(name) - 1, "\n");
	assert_string_equal(mounts.data, "a\\017\\033[m\\177\\134\\040b\\012");
	assert_string_equal(maps.data, "a\x0f\x1b[m\x7f\\ b\\012");
}

UNIT_TESTS(cmocka_unit_test(names), cmocka_unit_test(unlinked), cmocka_unit_test(broken_dentries),
	   cmocka_unit_test(broken_mounts), cmocka_unit_test(depth),
	   cmocka_unit_test(control_bytes))
