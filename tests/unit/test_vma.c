/* Mappings of a kernel that keeps them in a list; their names. */
#include <errno.h>

#include "kernel/mem/vma.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

static const char types[] =
	"mm_struct 64 ptr mmap@0 u64 start_brk@8 u64 brk@16 u64 start_stack@24\n"
	"vm_area_struct 64 u64 vm_start@0 u64 vm_end@8 ptr vm_next@16 u64 vm_flags@24 "
	"u64 vm_pgoff@32 ptr vm_file@40 ptr anon_name@48\n"
	"anon_vma_name 16 u32 kref@0 u8[0] name@4\n";

#define MM	(FAKE_BASE + 0x100)
#define VMA(i)	(FAKE_BASE + 0x1000 + 64ull * (i))
#define NAME_AT (FAKE_BASE + 0x2000)
#define NR	5

/* [anon:a b], nothing, the heap, nothing, the stack */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	fake_put(f, MM, VMA(0), 8);
	fake_put(f, MM + 8, 0x30000, 8);
	fake_put(f, MM + 16, 0x31000, 8);
	fake_put(f, MM + 24, 0x50800, 8);
	for (uint64_t i = 0; i < NR; i++) {
		fake_put(f, VMA(i), 0x10000 * (i + 1), 8);
		fake_put(f, VMA(i) + 8, 0x10000 * (i + 1) + 0x2000, 8);
		fake_put(f, VMA(i) + 16, i + 1 < NR ? VMA(i + 1) : 0, 8);
		fake_put(f, VMA(i) + 24, i, 8);
	}
	fake_put(f, VMA(0) + 48, NAME_AT, 8);
	memcpy(fake_at(f, NAME_AT + 4), "a b", 4);
	return f;
}

static void open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
}

static void names(void **state)
{
	static const char *const expected[NR] = { "[anon:a b]", "", "[heap]", "", "[stack]" };
	struct fake *f = make();
	struct path root = { 0, 0 };
	struct mm_marks marks;
	struct vma_walk w;
	struct vma v;

	(void)state;
	open_it(f);
	assert_ok(mm_marks(f->kernel, MM, &marks));
	assert_ok(vma_begin(&w, f->kernel, MM));
	for (uint64_t i = 0; i < NR; i++) {
		STRBUF(name);

		assert_int_equal(vma_next(&w, &v), 1);
		assert_int_equal(v.addr, VMA(i));
		assert_int_equal(v.start, 0x10000 * (i + 1));
		assert_int_equal(v.flags, i);
		assert_ok(put_vma_name(&name, f->kernel, &marks, &v, &root));
		assert_string_equal(name.data ? name.data : "", expected[i]);
	}
	assert_int_equal(vma_next(&w, &v), 0);
	fake_free(f);
}

/* Before v6.7 what touches the heap was called so, too. */
static void heap(void **state)
{
	struct fake *f = make();
	struct mm_marks marks = { .start_brk = 0x12000, .brk = 0x20000 };
	struct path root = { 0, 0 };
	struct vma v;

	(void)state;
	open_it(f);
	assert_ok(vma_read(f->kernel, VMA(1), &v));
	for (int strict = 0; strict < 2; strict++) {
		STRBUF(name);

		marks.is_strict = strict;
		assert_ok(put_vma_name(&name, f->kernel, &marks, &v, &root));
		assert_string_equal(name.data ? name.data : "", strict ? "" : "[heap]");
	}
	fake_free(f);
}

static int walk(struct fake *f, size_t *ret_n)
{
	struct vma_walk w;
	struct vma v;
	int r = vma_begin(&w, f->kernel, MM);

	for (*ret_n = 0; r >= 0 && (r = vma_next(&w, &v)) > 0; (*ret_n)++)
		;
	return r;
}

static void broken(void **state)
{
	static const struct {
		uint64_t next;
		int code;
		const char *text;
	} cases[] = {
		{ VMA(1), -ELOOP, "comes again" },
		{ VMA(3), -ELOOP, "comes again" },
		{ 0xdead000000000100, -EFAULT, "vm_area_struct.vm_start" },
		{ 0x1234, -EFAULT, "vm_area_struct.vm_start" },
	};
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();

		fake_put(f, VMA(3) + 16, cases[i].next, 8);
		open_it(f);
		assert_fails(walk(f, &n), cases[i].code, cases[i].text);
		assert_true(n >= 4);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(names), cmocka_unit_test(heap), cmocka_unit_test(broken))
