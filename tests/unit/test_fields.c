/* Members by the names of fields.def, as kernels of different age spell them. */
#include "kernel/fields.h"

#include <errno.h>

#include "kernel/mem/mem.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_btf.h"
#include "tests/unit/unit.h"

#define OBJECT (FAKE_BASE + 0x1000)
#define TEXT   (FAKE_BASE + 0x2ff0)

/* A task_struct with a member for its state of this name and size. */
static void give_task(struct fake *f, const char *state, uint32_t size)
{
	struct made_btf b;
	uint32_t num, chr, ptr, comm;

	btf_init(&b, NULL);
	num = btf_int(&b, "number", size, size == 8 ? MADE_SIGNED : 0);
	chr = btf_int(&b, "char", 1, MADE_SIGNED);
	ptr = btf_type(&b, MADE_PTR, "", chr);
	comm = btf_array(&b, chr, 16);
	btf_type(&b, MADE_STRUCT, "task_struct", 64);
	btf_member(&b, state, num, 0, 0);
	btf_member(&b, "comm", comm, 64, 0);
	btf_member(&b, "in_iowait", num, 24 * 8 + 5, 1);
	btf_member(&b, "fs", ptr, 256, 0);
	btf_type(&b, MADE_STRUCT, "module", 64);
	btf_member(&b, "version", ptr, 0, 0);
	btf_type(&b, MADE_STRUCT, "radix_tree_root", 8);
	btf_member(&b, "rnode", ptr, 0, 0);
	kernel_give_types(f->kernel, btf_types(&b, NULL));
	btf_fini(&b);
}

static void spellings(void **state)
{
	static const struct {
		const char *name;
		uint32_t size;
		uint64_t value;
	} cases[] = { { "__state", 4, 0xfffffffe }, { "state", 8, (uint64_t)-2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = fake_new();
		uint64_t v;

		fake_put(f, OBJECT, (uint64_t)-2, cases[i].size);
		fake_open(f);
		give_task(f, cases[i].name, cases[i].size);
		assert_true(field_exists(f->kernel, F_task_state));
		assert_int_equal(field_is_newest(f->kernel, F_task_state), i == 0);
		assert_ok(field_u64(f->kernel, OBJECT, F_task_state, &v));
		assert_true(v == cases[i].value);
		assert_ok(field_size(f->kernel, F_task_state, &v));
		assert_int_equal(v, cases[i].size);
		fake_free(f);
	}
}

/* A structure that was renamed: "other:path". */
static void renamed(void **state)
{
	struct fake *f = fake_new();
	uint64_t v;

	(void)state;
	fake_put(f, OBJECT, 0x1234, 8);
	fake_open(f);
	give_task(f, "state", 8);
	assert_ok(field_u64(f->kernel, OBJECT, F_xa_head, &v));
	assert_int_equal(v, 0x1234);
	assert_false(field_is_newest(f->kernel, F_xa_head));
	fake_free(f);
}

static void places(void **state)
{
	struct fake *f = fake_new();
	uint64_t v = 7;

	(void)state;
	fake_put(f, OBJECT + 24, 0x20, 4);
	fake_open(f);
	give_task(f, "state", 8);
	assert_ok(field_offset(f->kernel, F_task_comm, &v));
	assert_int_equal(v, 8);
	assert_ok(field_addr(f->kernel, OBJECT, F_task_comm, &v));
	assert_int_equal(v, OBJECT + 8);
	assert_ok(field_owner(f->kernel, OBJECT + 8, F_task_comm, &v));
	assert_int_equal(v, OBJECT);
	assert_ok(field_u64(f->kernel, OBJECT, F_task_in_iowait, &v));
	assert_true(v == UINT64_MAX); /* one bit, signed */
	assert_ok(kernel_sizeof(f->kernel, "task_struct", &v));
	assert_int_equal(v, 64);
	v = 7;
	assert_fails(field_u64(f->kernel, OBJECT, F_task_mm, &v), -ENOENT,
		     "struct task_struct has no mm");
	assert_fails(field_u64(f->kernel, OBJECT, F_task_mm, &v), -ENOENT,
		     "struct task_struct has no mm");
	assert_fails(field_u64(f->kernel, OBJECT, F_pid_level, &v), -ENOENT,
		     "struct pid has no level");
	assert_fails(field_u64(f->kernel, OBJECT, F_task_comm, &v), -EINVAL, "comm: no number");
	assert_fails(field_u64(f->kernel, 0x1000, F_task_state, &v), -EFAULT,
		     "task_struct.__state at 0x1000");
	assert_fails(kernel_sizeof(f->kernel, "nothing", &v), -ENOENT, "no type nothing");
	assert_int_equal(v, 7);
	fake_free(f);
}

static void strings(void **state)
{
	struct fake *f = fake_new();
	char text[64];

	(void)state;
	memcpy(fake_at(f, OBJECT + 8), "sixteen letters!", 16);
	fake_put(f, OBJECT, TEXT, 8);
	memcpy(fake_at(f, TEXT), "over the end of a page", 23);
	fake_put(f, OBJECT + 0x100, FAKE_BASE + 0x4ffa, 8);
	memcpy(fake_at(f, FAKE_BASE + 0x4ffa), "cut of", 6);
	fake_put(f, OBJECT + 0x200, FAKE_BASE + 0x5000, 8);
	f->missing[5] = true;
	fake_open(f);
	give_task(f, "state", 8);
	assert_ok(field_str(f->kernel, OBJECT, F_task_comm, text, sizeof(text)));
	assert_string_equal(text, "sixteen letters!");
	assert_ok(field_str(f->kernel, OBJECT, F_task_comm, text, 8));
	assert_string_equal(text, "sixteen");
	assert_ok(field_str(f->kernel, OBJECT, F_module_version, text, sizeof(text)));
	assert_string_equal(text, "over the end of a page");
	assert_ok(field_str(f->kernel, OBJECT, F_module_version, text, 5));
	assert_string_equal(text, "over");
	assert_ok(field_str(f->kernel, OBJECT + 0x100, F_module_version, text, sizeof(text)));
	assert_string_equal(text, "cut of");
	assert_fails(field_str(f->kernel, OBJECT + 0x200, F_module_version, text, sizeof(text)),
		     -ENODATA, "module.version");
	assert_ok(field_str(f->kernel, OBJECT + 0x300, F_module_version, text, sizeof(text)));
	assert_string_equal(text, "");
	assert_fails(field_str(f->kernel, OBJECT, F_task_state, text, sizeof(text)), -EINVAL,
		     "task_struct.__state: no string");
	fake_free(f);
}

/* A string that ends with a piece of what is read at once. */
static void string_lengths(void **state)
{
	struct fake *f = fake_new();
	char text[400], want[400];

	(void)state;
	memset(fake_at(f, FAKE_BASE + 0x4000), 'x', 300);
	fake_open(f);
	memset(want, 'x', sizeof(want));
	for (unsigned int from = 0; from < 300; from++) {
		unsigned int len = 300 - from;

		assert_ok(kernel_read_str(f->kernel, FAKE_BASE + 0x4000 + from, text, 400));
		assert_int_equal(strlen(text), len);
		assert_memory_equal(text, want, len);
		assert_ok(kernel_read_str(f->kernel, FAKE_BASE + 0x4000, text, from + 1));
		assert_int_equal(strlen(text), from);
	}
	fake_free(f);
}

static void no_types(void **state)
{
	struct fake *f = fake_new();
	uint64_t v;

	(void)state;
	fake_open(f);
	assert_fails(field_u64(f->kernel, OBJECT, F_task_state, &v), -ENOENT, "types");
	assert_false(field_exists(f->kernel, F_task_state));
	fake_free(f);
}

/* Every line of the table names a structure, and no spelling twice. */
static void table(void **state)
{
	static const char *const names[][8] = {
#define FIELD(id, of, ...) { of, __VA_ARGS__ },
#include "kernel/fields.def"
#undef FIELD
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_true(names[i][0][0] && names[i][1] && names[i][1][0]);
		for (size_t a = 1; a < 8 && names[i][a]; a++)
			for (size_t b = a + 1; b < 8 && names[i][b]; b++)
				assert_string_not_equal(names[i][a], names[i][b]);
	}
}

UNIT_TESTS(cmocka_unit_test(spellings), cmocka_unit_test(renamed), cmocka_unit_test(places),
	   cmocka_unit_test(strings), cmocka_unit_test(string_lengths), cmocka_unit_test(no_types),
	   cmocka_unit_test(table))
