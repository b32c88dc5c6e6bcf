/* uname's strings, from memory or from what else there is. */
#include "kernel/sys/uts.h"

#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

static void put_uts(struct fake *f, uint64_t va, const char *release)
{
	const char *const strings[] = { "Linux", "host", release, "#1 SMP", "x86_64" };

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		memcpy(fake_at(f, va + i * 65), strings[i], strlen(strings[i]) + 1);
}

/* The members of init_uts_ns before its name differ from kernel to kernel. */
static void test_from_memory(void **state)
{
	static const uint64_t shifts[] = { 0, 4, 8, 120 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++) {
		struct fake *f = fake_new();
		struct uts uts;

		put(&f->vmcoreinfo, "SYMBOL(init_uts_ns)=%llx\n", FAKE_BASE + 0x100);
		put_uts(f, FAKE_BASE + 0x100 + shifts[i], "6.0.0-fake");
		kernel_uts(fake_open(f), &uts);
		assert_string_equal(uts.sysname, "Linux");
		assert_string_equal(uts.nodename, "host");
		assert_string_equal(uts.release, "6.0.0-fake");
		assert_string_equal(uts.version, "#1 SMP");
		assert_string_equal(uts.machine, "x86_64");
		fake_free(f);
	}
}

/* Memory that does not hold the release VMCOREINFO names is not believed. */
static void test_wrong_memory(void **state)
{
	struct fake *f = fake_new();
	struct uts uts;

	(void)state;
	put(&f->vmcoreinfo, "SYMBOL(init_uts_ns)=%llx\n", FAKE_BASE + 0x100);
	put_uts(f, FAKE_BASE + 0x100, "6.0.0-faker");
	kernel_uts(fake_open(f), &uts);
	assert_string_equal(uts.release, "6.0.0-fake");
	assert_string_equal(uts.nodename, "");
	fake_free(f);
}

static void test_memory_missing(void **state)
{
	struct fake *f = fake_new();
	struct uts uts;

	(void)state;
	put(&f->vmcoreinfo, "SYMBOL(init_uts_ns)=%llx\n", FAKE_BASE + 0x1000);
	f->missing[1] = true;
	kernel_uts(fake_open(f), &uts);
	assert_string_equal(uts.release, "6.0.0-fake");
	assert_string_equal(uts.version, "");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(test_from_memory), cmocka_unit_test(test_wrong_memory),
	   cmocka_unit_test(test_memory_missing))
