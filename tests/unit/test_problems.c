/* The kernel's own types in a dump, whole and damaged, and what is told of what cannot be read. */
#include <errno.h>

#include "kernel/module/module.h"
#include "kernel/problems.h"
#include "kernel/types/type.h"
#include "kernel/typeinfo.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_btf.h"
#include "tests/unit/made_kallsyms.h"
#include "tests/unit/unit.h"

#define BTF_AT	 (FAKE_BASE + 0x2f00) /* goes over the end of a page */
#define PAGE_OF	 3		      /* the second of them */
#define NUMBERS	 40		      /* structures: more than fit before that end */
#define MODULES	 (FAKE_BASE + 0x100)
#define ENTRY(i) (FAKE_BASE + 0x200 + 64ull * (i)) /* struct btf_module, and its struct btf */
#define SPLIT_AT (FAKE_BASE + 0x1000)

/* The types of a kernel that keeps those of modules. */
static void make_kernel_types(struct made_btf *b)
{
	uint32_t u32, ptr, list;

	btf_init(b, NULL);
	u32 = btf_int(b, "unsigned int", 4, 0);
	ptr = btf_type(b, MADE_PTR, "", 0);
	list = btf_type(b, MADE_STRUCT, "list_head", 16);
	btf_member(b, "next", ptr, 0, -1);
	btf_member(b, "prev", ptr, 64, -1);
	btf_type(b, MADE_STRUCT, "btf", 32);
	btf_member(b, "data", ptr, 0, -1);
	btf_member(b, "data_size", u32, 64, -1);
	btf_type(b, MADE_STRUCT, "btf_module", 32);
	btf_member(b, "list", list, 0, -1);
	btf_member(b, "btf", ptr, 128, -1);
	btf_member(b, "module", ptr, 192, -1);
	for (int i = 0; i < NUMBERS; i++) {
		btf_type(b, MADE_STRUCT, i ? "" : "first", 4);
		btf_member(b, "number", u32, 0, -1);
	}
	btf_type(b, MADE_STRUCT, "last", 4);
	btf_member(b, "number", u32, 0, -1);
}

/* Where the bytes are, and the symbols that say so. Returns how many. */
static size_t put_btf(struct fake *f, uint64_t at, const struct made_btf *b)
{
	struct blob file = btf_bytes(b);
	size_t len = file.len;

	memcpy(fake_at(f, at), file.data, len);
	blob_fini(&file);
	return len;
}

static struct fake *make(size_t *ret_len)
{
	struct fake *f = fake_new();
	struct made_btf b;
	size_t len;

	make_kernel_types(&b);
	len = put_btf(f, BTF_AT, &b);
	btf_fini(&b);
	put(&f->vmcoreinfo, "SYMBOL(__start_BTF)=%llx\nSYMBOL(__stop_BTF)=%llx\n", BTF_AT,
	    BTF_AT + len);
	if (ret_len)
		*ret_len = len;
	return f;
}

/* The problems are these lines; "": none. */
static void expect_problems(struct kernel *k, const char *start)
{
	STRBUF(out);

	assert_ok(kernel_problems(k, &out));
	if (!*start ? out.len : !out.data || strncmp(out.data, start, strlen(start)))
		test_failed("problems: %s", out.data ? out.data : "none");
}

static void whole(void **state)
{
	struct fake *f = make(NULL);
	const struct types *ts;

	(void)state;
	fake_open(f);
	assert_ok(kernel_types(f->kernel, &ts));
	assert_non_null(types_find(ts, TYPE_STRUCT, "last", NULL));
	assert_null(types_problem(ts));
	fake_free(f);
}

/* A kernel without them is none that has lost them. */
static void none(void **state)
{
	struct fake *f = fake_new();
	const struct types *ts;

	(void)state;
	fake_open(f);
	assert_fails(kernel_types(f->kernel, &ts), -ENOENT, "types: symbol __start_BTF");
	expect_problems(f->kernel, "");
	fake_free(f);
}

static void page_is_missing(void **state)
{
	struct fake *f = make(NULL);
	const struct types *ts;

	(void)state;
	f->missing[PAGE_OF] = true;
	fake_open(f);
	assert_fails(kernel_types(f->kernel, &ts), -ENODATA, "BTF at 0xffffffff80002f00");
	expect_problems(f->kernel, "types: BTF at 0xffffffff80002f00: ");
	fake_free(f);
}

/* What is put over the bytes, and what is told then. Types that come before it are there where the
 * table of strings is whole. */
static void damaged(void **state)
{
	static const struct {
		size_t at, len;
		int fill;
		bool some;
		const char *text;
	} cases[] = {
		{ 0, 2, 0, false, "no BTF: magic 0, not" },
		{ 4, 4, 0xff, false, "BTF ends before" },
		{ 12, 4, 0xff, false, "" },
		{ 20, 4, 0x7f, false, "" },
		{ 600, 300, 0xff, true, "kind 127" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make(NULL);
		const struct types *ts;
		STRBUF(out);
		int r;

		memset(fake_at(f, BTF_AT + cases[i].at), cases[i].fill, cases[i].len);
		fake_open(f);
		r = kernel_types(f->kernel, &ts);
		assert_int_equal(r, cases[i].some ? 0 : -EBADMSG);
		if (cases[i].some) {
			assert_non_null(types_find(ts, TYPE_STRUCT, "first", NULL));
			assert_null(types_find(ts, TYPE_STRUCT, "last", NULL));
		}
		assert_ok(kernel_problems(f->kernel, &out));
		assert_non_null(out.data);
		assert_memory_equal(out.data, "types: ", 7);
		if (!strstr(out.data, cases[i].text))
			test_failed("case %zu: %s", i, out.data);
		fake_free(f);
	}
}

static void wrong_place(void **state)
{
	static const struct {
		uint64_t start, stop;
		int code;
		const char *text;
	} cases[] = {
		{ BTF_AT, BTF_AT - 16, -EBADMSG, "is before __start_BTF" },
		{ BTF_AT, BTF_AT, -EBADMSG, "is before __start_BTF" },
		{ BTF_AT, UINT64_MAX, -ELOOP, "bytes of BTF" },
		{ 0, 4096, -EFAULT, "BTF at 0" },
		{ 0x400000, 0x401000, -EFAULT, "BTF at 0x400000" },
		{ MODULES, MODULES + 4096, -EBADMSG, "no BTF" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = fake_new();
		const struct types *ts;

		put(&f->vmcoreinfo, "SYMBOL(__start_BTF)=%lx\nSYMBOL(__stop_BTF)=%lx\n",
		    cases[i].start, cases[i].stop);
		fake_open(f);
		assert_fails(kernel_types(f->kernel, &ts), cases[i].code, cases[i].text);
		expect_problems(f->kernel, "types: ");
		fake_free(f);
	}
}

/* Two modules with types of their own. */
static struct fake *make_split(void)
{
	struct fake *f = make(NULL);
	struct made_btf base, b;
	size_t len;

	make_kernel_types(&base);
	btf_init(&b, &base);
	btf_type(&b, MADE_STRUCT, "own", 4);
	btf_member(&b, "number", 1, 0, -1);
	len = put_btf(f, SPLIT_AT, &b);
	btf_fini(&b);
	btf_fini(&base);
	put(&f->vmcoreinfo, "SYMBOL(btf_modules)=%llx\n", MODULES);
	fake_put(f, MODULES, ENTRY(0), 8);
	for (unsigned int i = 0; i < 2; i++) {
		fake_put(f, ENTRY(i), i ? MODULES : ENTRY(1), 8);
		fake_put(f, ENTRY(i) + 16, ENTRY(i) + 32, 8);
		fake_put(f, ENTRY(i) + 24, 0x1000 + i, 8);
		fake_put(f, ENTRY(i) + 32, SPLIT_AT, 8);
		fake_put(f, ENTRY(i) + 40, len, 4);
	}
	return f;
}

static void modules(void **state)
{
	struct fake *f = make_split();
	const struct types *ts;

	(void)state;
	fake_open(f);
	for (unsigned int i = 0; i < 2; i++) {
		assert_ok(typeinfo_module(f->kernel, 0x1000 + i, &ts));
		assert_non_null(types_find(ts, TYPE_STRUCT, "own", NULL));
	}
	assert_fails(typeinfo_module(f->kernel, 7, &ts), -ENOENT, "no types of its own");
	fake_free(f);
}

/* What became of the second, when the first, or the link to it, is broken. */
static void broken_modules(void **state)
{
	static const struct {
		uint64_t at, value;
		size_t size;
		int first, second; /* what asking for them gives */
	} cases[] = {
		{ ENTRY(0), 0, 8, 0, -ENOENT },
		{ ENTRY(0), ENTRY(0), 8, 0, -ENOENT },
		{ ENTRY(0), 0xdead000000000100, 8, 0, -ENOENT },
		{ ENTRY(0) + 16, 0x400000, 8, -ENOENT, -ENOENT },
		{ ENTRY(0) + 32, 0x400000, 8, -EFAULT, 0 },
		{ ENTRY(0) + 40, UINT32_MAX, 4, -ELOOP, 0 },
		{ ENTRY(0) + 40, 10, 4, -EBADMSG, 0 },
		{ ENTRY(0) + 32, FAKE_BASE, 8, -EBADMSG, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make_split();
		const struct types *ts;

		fake_put(f, cases[i].at, cases[i].value, cases[i].size);
		fake_open(f);
		assert_int_equal(typeinfo_module(f->kernel, 0x1000, &ts), cases[i].first);
		assert_int_equal(typeinfo_module(f->kernel, 0x1001, &ts), cases[i].second);
		assert_ok(kernel_types(f->kernel, &ts));
		fake_free(f);
	}
}

static void symbols(void **state)
{
	struct made_kallsyms m = { .va = FAKE_BASE,
				   .text = 0xffffffff81000000,
				   .nr = 1500,
				   .encoding = KALLSYMS_RELATIVE };
	struct fake *f = fake_new();

	(void)state;
	made_kallsyms(&m);
	memcpy(fake_at(f, m.va), m.blob.data, m.blob.len);
	memset(fake_at(f, m.names), 0xff, 64);
	blob_fini(&m.blob);
	fake_open(f);
	expect_problems(f->kernel, "symbols: of kallsyms only the tokens at ");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(none), cmocka_unit_test(page_is_missing),
	   cmocka_unit_test(damaged), cmocka_unit_test(wrong_place), cmocka_unit_test(modules),
	   cmocka_unit_test(broken_modules), cmocka_unit_test(symbols))
