#include "tests/unit/unit.h"

#include "kernel/debug/srcpath.h"

#define DEBIAN "/build/reproducible-path/linux-6.1.192"

static const struct {
	const char *comp_dir, *path, *expect;
} cases[] = {
	{ DEBIAN "/debian/build/amd64", DEBIAN "/kernel/fork.c", "kernel/fork.c" },
	{ DEBIAN "/debian/build/amd64", DEBIAN "/arch/x86/kernel/../../x86/xen/a.S",
	  "arch/x86/xen/a.S" },
	{ DEBIAN "/debian/build/amd64", "./arch/x86/include/generated/asm/syscalls_64.h",
	  "arch/x86/include/generated/asm/syscalls_64.h" },
	{ "debian/build/amd64", "debian/build/amd64/init/main.c", "init/main.c" },
	{ "debian/build/amd64", "init/main.c", "init/main.c" },
	{ "/linux", "/linux/init/main.c", "init/main.c" },
	{ "/linux", "/linux", "/linux" },
	{ "/build", "/linux/init/main.c", "/linux/init/main.c" },
	{ "/usr/linux-headers", "/usr/src/module/main.c", "/usr/src/module/main.c" },
	{ "/usr/src/linux-headers-amd64", "/usr/src/linux-headers-common/include/linux/list.h",
	  "linux-headers-common/include/linux/list.h" },
	{ "/usr/src/linux-headers-amd64", "/opt/module/main.c", "/opt/module/main.c" },
	{ "/a/b/c", "../../x/y.c", "/a/x/y.c" },
	{ "/a/b/c", "../x/y.c", "x/y.c" },
	{ "/a", "../../../y.c", "/y.c" },
	{ "a", "../../../y.c", "../../y.c" },
	{ "/a/bc", "/a/b/x.c", "/a/b/x.c" },
	{ NULL, "//a/./b//c.c", "/a/b/c.c" },
	{ NULL, "c.c", "c.c" },
	{ "", "c.c", "c.c" },
	{ "/", "/c.c", "/c.c" },
	{ "/a/b", "", "" },
	{ "/a/b", NULL, "" },
	{ NULL, "/a\x1b\n", "/a\\033\\012" },
};

static void paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		STRBUF(out);

		put_srcpath(&out, cases[i].comp_dir, cases[i].path);
		assert_string_equal(out.data ? out.data : "", cases[i].expect);
	}
}

UNIT_TESTS(cmocka_unit_test(paths))
