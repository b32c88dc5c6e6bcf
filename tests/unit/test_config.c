/* The configuration in a kernel: between its markers, wherever pages end, and damaged. */
#include <errno.h>

#include "kernel/sys/config.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

#define AT (FAKE_BASE + 0x1f00)

/* @n bytes at AT, the markers around them; the symbol is at the first of them or, older, at the marker. */
static struct fake *make(size_t n, bool old)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(kernel_config_data)=%llx\n", AT - (old ? 8 : 0));
	memcpy(fake_at(f, AT - 8), "IKCFG_ST", 8);
	for (size_t i = 0; i < n; i++)
		fake_put(f, AT + i, i * 7, 1);
	memcpy(fake_at(f, AT + n), "IKCFG_ED", 8);
	return f;
}

static void whole(void **state)
{
	static const size_t sizes[] = { 0,     1,     0xf7,  0xf8, 0xf9,   0xff,  0x100,
					0x101, 0x107, 0x108, 5000, 0x10f8, 0x3000 };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		size_t n = sizes[i / 2];
		struct fake *f = make(n, i % 2);
		STRBUF(out);

		fake_open(f);
		assert_true(kernel_has_config(f->kernel));
		assert_ok(kernel_config(f->kernel, &out));
		assert_int_equal(out.len, n);
		if (n)
			assert_memory_equal(out.data, fake_at(f, AT), n);
		fake_free(f);
	}
}

static void damaged(void **state)
{
	struct fake *f = fake_new();
	STRBUF(out);

	(void)state;
	fake_open(f);
	assert_false(kernel_has_config(f->kernel));
	assert_fails(kernel_config(f->kernel, &out), -ENOENT, "kernel_config_data");
	fake_free(f);

	f = make(0x3000, false);
	f->missing[4] = true;
	fake_open(f);
	assert_fails(kernel_config(f->kernel, &out), -ENODATA, "configuration of the kernel");
	assert_in_range(out.len, 0x2000, 0x2100); /* what was read stays */
	fake_free(f);

	f = make(0x3000, false);
	memset(fake_at(f, AT + 0x3000), 0, 8);
	fake_open(f);
	assert_fails(kernel_config(f->kernel, &out), -ENODATA,
		     "configuration"); /* to the end of memory */
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(damaged))
