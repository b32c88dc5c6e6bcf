/* Pointers as the kernel prints them. */
#include "kernel/sys/pointer.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

#define KEY	(FAKE_BASE + 0x1000)
#define NO_HASH (FAKE_BASE + 0x2000)

static struct fake *make(uint64_t first, uint64_t second, bool plain)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(ptr_key)=%llx\nSYMBOL(no_hash_pointers)=%llx\n", KEY, NO_HASH);
	fake_put(f, KEY, first, 8);
	fake_put(f, KEY + 8, second, 8);
	fake_put(f, NO_HASH, plain, 1);
	return f;
}

/* The reference's vector for eight bytes: key 00 01 .. 0f, message 00 01 .. 07. */
static void hashed(void **state)
{
	struct fake *f = make(0x0706050403020100, 0x0f0e0d0c0b0a0908, false);

	(void)state;
	fake_open(f);
	assert_int_equal(kernel_printed_pointer(f->kernel, 0x0706050403020100),
			 0x93f5f5799a932462 & 0xffffffff);
	fake_free(f);
}

/* Asked for at boot; no key yet; not in the dump; a kernel that hashes none. */
static void plain(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct fake *f = i < 3 ? make(i != 1, 0, i == 0) : fake_new();

		f->missing[1] = i == 2;
		fake_open(f);
		assert_int_equal(kernel_printed_pointer(f->kernel, FAKE_BASE), FAKE_BASE);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(hashed), cmocka_unit_test(plain))
