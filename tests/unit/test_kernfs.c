/* The tree of kernfs: directories, links, what is hidden, and broken ones. */
#include <errno.h>

#include "dump/base/limits.h"
#include "kernel/sys/kernfs.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define ROOT_AT (FAKE_BASE + 0x100) /* sysfs_root_kn */
#define NET	(FAKE_BASE + 0x200) /* init_net */
#define NODES	(FAKE_BASE + 0x1000)
#define NAMES	(FAKE_BASE + 0x8000)

static const char types[] = "rb_node 24 u64 __rb_parent_color@0 ptr rb_right@8 ptr rb_left@16\n"
			    "rb_root 8 ptr rb_node@0\n"
			    "elem_dir 16 u64 subdirs@0 rb_root children@8\n"
			    "elem_symlink 8 ptr target_kn@0\n"
			    "ns_common 16 u32 inum@8\n"
			    "net 64 ns_common ns@32\n"
			    "kernfs_node 128 u32 count@0 s32 active@4 ptr parent@8 ptr name@16 "
			    "rb_node rb@24 ptr ns@48 elem_dir dir@64 elem_symlink symlink@64 "
			    "ptr priv@96 u32 flags@112 u32 mode@116\n";

enum { ROOT, BLOCK, DISK, DEVICES, REAL, SIZE, LINK };

static uint64_t node(unsigned int i)
{
	return NODES + 0x80 * i;
}

static void put_node(struct fake *f, unsigned int i, const char *name, uint64_t flags,
		     uint64_t parent)
{
	fake_put(f, node(i) + 8, parent, 8);
	fake_put(f, node(i) + 16, NAMES + 0x40 * i, 8);
	fake_put(f, node(i) + 112, flags, 4);
	fake_put(f, node(i) + 96, 0x1000 + i, 8);
	strcpy(fake_at(f, NAMES + 0x40 * i), name);
}

/* The directory @dir has @left, which is before @right. */
static void put_children(struct fake *f, unsigned int dir, unsigned int left, unsigned int right)
{
	fake_put(f, node(dir) + 72, node(right) + 24, 8);
	fake_put(f, node(right) + 24 + 16, left == right ? 0 : node(left) + 24, 8);
}

/* / has block/link -> ../devices/real/disk, and devices/real/{disk,size}. */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(sysfs_root_kn)=%llx\nSYMBOL(init_net)=%llx\n", ROOT_AT, NET);
	fake_put(f, ROOT_AT, node(ROOT), 8);
	put_node(f, ROOT, "", KERNFS_DIR, 0);
	put_node(f, BLOCK, "block", KERNFS_DIR, node(ROOT));
	put_node(f, DEVICES, "devices", KERNFS_DIR, node(ROOT));
	put_node(f, REAL, "real", KERNFS_DIR, node(DEVICES));
	put_node(f, DISK, "disk", KERNFS_DIR, node(REAL));
	put_node(f, SIZE, "size", KERNFS_FILE, node(REAL));
	put_node(f, LINK, "link", KERNFS_LINK, node(BLOCK));
	put_children(f, ROOT, BLOCK, DEVICES);
	put_children(f, DEVICES, REAL, REAL);
	put_children(f, REAL, DISK, SIZE);
	put_children(f, BLOCK, LINK, LINK);
	fake_put(f, node(LINK) + 64, node(DISK), 8);
	return f;
}

static void open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
}

struct seen {
	char names[64];
};

static int see(void *arg, const struct kernfs *entry)
{
	struct seen *s = arg;

	assert_true(strlen(s->names) + strlen(entry->name) + 2 < sizeof(s->names));
	strcat(s->names, entry->name);
	strcat(s->names, " ");
	return 0;
}

static void whole(void **state)
{
	struct fake *f = make();
	struct seen s = { "" };
	struct kernfs k;
	uint64_t root;
	STRBUF(out);

	(void)state;
	open_it(f);
	assert_ok(sysfs_root(f->kernel, &root));
	assert_ok(kernfs_each(f->kernel, root, see, &s));
	assert_string_equal(s.names, "block devices ");
	assert_ok(kernfs_find(f->kernel, node(REAL), "size", &k));
	assert_int_equal(k.type, KERNFS_FILE);
	assert_int_equal(k.priv, 0x1000 + SIZE);
	assert_fails(kernfs_find(f->kernel, node(REAL), "sizes", &k), -ENOENT, "no entry sizes");
	assert_ok(put_kernfs_target(&out, f->kernel, node(LINK)));
	assert_string_equal(out.data, "../devices/real/disk");
	fake_free(f);
}

/* To what is above, a link goes through the directory that it is in. */
static void link_up(void **state)
{
	struct fake *f = make();
	STRBUF(out);

	(void)state;
	fake_put(f, node(LINK) + 8, node(DISK), 8);
	fake_put(f, node(LINK) + 64, node(REAL), 8);
	open_it(f);
	assert_ok(put_kernfs_target(&out, f->kernel, node(LINK)));
	assert_string_equal(out.data, "../../real");
	fake_free(f);
}

static void hidden(void **state)
{
	static const struct {
		uint64_t at, value;
		size_t size;
		const char *names;
	} cases[] = {
		{ NODES + 0x80 * DISK + 48, NET, 8, "disk size " },
		{ NODES + 0x80 * DISK + 48, NET + 32, 8, "disk size " },
		{ NODES + 0x80 * DISK + 48, NET + 64, 8, "size " },
		{ NODES + 0x80 * DISK + 4, 0x80000001, 4, "size " },
		{ NODES + 0x80 * DISK + 112, KERNFS_DIR | 0x200, 4, "size " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();
		struct seen s = { "" };

		fake_put(f, cases[i].at, cases[i].value, cases[i].size);
		open_it(f);
		assert_ok(kernfs_each(f->kernel, node(REAL), see, &s));
		assert_string_equal(s.names, cases[i].names);
		fake_free(f);
	}
}

static void broken(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
		const char *text;
	} cases[] = {
		{ NODES + 0x80 * DISK + 112, 3, -EBADMSG, "of no kind" },
		{ NODES + 0x80 * DISK + 16, 0x1000, -EFAULT, "kernfs_node at" },
		{ NODES + 0x80 * REAL + 72, 0x1000, -EFAULT, "kernfs directory at" },
		{ NODES + 0x80 * DISK + 24 + 16, NODES + 0x80 * SIZE + 24, -ELOOP, "" },
		{ NODES + 0x80 * REAL + 72, FAKE_BASE + 0x3f000, -ENODATA, "kernfs directory" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();
		struct seen s = { "" };
		struct kernfs k;

		fake_put(f, cases[i].at, cases[i].value, 8);
		f->missing[0x3f] = true;
		open_it(f);
		assert_fails(kernfs_each(f->kernel, node(REAL), see, &s), cases[i].code,
			     cases[i].text);
		assert_true(kernfs_find(f->kernel, node(REAL), "none", &k) < 0);
		fake_free(f);
	}
}

static void broken_link(void **state)
{
	struct fake *f = make();
	STRBUF(out);

	(void)state;
	fake_put(f, node(REAL) + 8, node(DISK), 8); /* each is in the other */
	open_it(f);
	assert_fails(put_kernfs_target(&out, f->kernel, node(LINK)), -ELOOP, "128 levels deep");
	fake_free(f);

	f = make();
	fake_put(f, node(DEVICES) + 8, 0, 8); /* a root of its own */
	open_it(f);
	assert_fails(put_kernfs_target(&out, f->kernel, node(LINK)), -EBADMSG, "another tree");
	fake_free(f);

	f = make();
	fake_put(f, node(LINK) + 64, 0x1000, 8);
	open_it(f);
	assert_fails(put_kernfs_target(&out, f->kernel, node(LINK)), -EFAULT, "link at");
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),  cmocka_unit_test(link_up),	 cmocka_unit_test(hidden),
		cmocka_unit_test(broken), cmocka_unit_test(broken_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
