/* Modules: their list, memory, sections, users, symbols and parameters, and what may be wrong with
 * each. */
#include <errno.h>

#include "dump/base/limits.h"
#include "kernel/module/module.h"
#include "kernel/module/param.h"
#include "kernel/module/symbols.h"
#include "kernel/problems.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

static const char types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"module_layout 24 ptr base@0 u32 size@8 u32 text_size@12 u32 ro_size@16 "
	"u32 ro_after_init_size@20\n"
	"module 320 u32 state@0 list_head list@8 u8[56] name@24 module_layout core_layout@80 "
	"module_layout init_layout@104 ptr kallsyms@128 ptr sect_attrs@136 u32 num_kp@144 ptr kp@152 "
	"list_head source_list@160 s32 refcnt@176 u64 taints@184 u32 num_syms@192 ptr syms@200\n"
	"mod_kallsyms 32 ptr symtab@0 u32 num_symtab@8 ptr strtab@16 ptr typetab@24\n"
	"attribute 16 ptr name@0 u16 mode@8\n"
	"bin_attribute 32 attribute attr@0 u64 size@16\n"
	"module_sect_attr 40 bin_attribute battr@0 u64 address@32\n"
	"module_sect_attrs 16 u32 nsections@8 module_sect_attr[0] attrs@16\n"
	"module_use 48 list_head source_list@0 list_head target_list@16 ptr source@32 ptr target@40\n"
	"kernel_symbol 8 s32 value_offset@0 s32 name_offset@4\n"
	"kernel_param 40 ptr name@0 ptr mod@8 ptr ops@16 u16 perm@24 ptr arg@32\n"
	"kernel_param_ops 32 u32 flags@0 ptr set@8 ptr get@16\n";

#define HEAD	  (FAKE_BASE + 0x100)
#define MODULE(i) (FAKE_BASE + 0x1000 + 512ull * (i))
#define USE	  (FAKE_BASE + 0x2000)
#define SECTIONS  (FAKE_BASE + 0x2100)
#define KALLSYMS  (FAKE_BASE + 0x2200)
#define SYMTAB	  (FAKE_BASE + 0x3000)
#define STRTAB	  (FAKE_BASE + 0x4000)
#define TYPETAB	  (FAKE_BASE + 0x5000)
#define EXPORTS	  (FAKE_BASE + 0x5100)
#define PARAMS	  (FAKE_BASE + 0x6000)
#define NAMES	  (FAKE_BASE + 0x7000)
#define BASE	  0xffffffffc0000000ull

static void put_text(struct fake *f, uint64_t va, const char *text)
{
	memcpy(fake_at(f, va), text, strlen(text) + 1);
}

/* struct list_head at @at between its neighbours. */
static void put_link(struct fake *f, uint64_t at, uint64_t next, uint64_t prev)
{
	fake_put(f, at, next, 8);
	fake_put(f, at + 8, prev, 8);
}

static void put_symbol_row(struct fake *f, unsigned int i, const char *name, uint64_t value,
			   char type)
{
	fake_put(f, SYMTAB + 24 * i, 16 * i, 4);
	fake_put(f, SYMTAB + 24 * i + 6, type ? 1 : 0, 2);
	fake_put(f, SYMTAB + 24 * i + 8, value, 8);
	fake_put(f, TYPETAB + i, (unsigned char)type, 1);
	put_text(f, STRTAB + 16 * i, name);
}

static void put_symbols(struct fake *f)
{
	fake_put(f, MODULE(0) + 128, KALLSYMS, 8);
	fake_put(f, KALLSYMS, SYMTAB, 8);
	fake_put(f, KALLSYMS + 8, 6, 4);
	fake_put(f, KALLSYMS + 16, STRTAB, 8);
	fake_put(f, KALLSYMS + 24, TYPETAB, 8);
	put_symbol_row(f, 0, "", 0, 0);
	put_symbol_row(f, 1, "static_one", BASE + 0x10, 't');
	put_symbol_row(f, 2, "exported", BASE + 0x20, 't');
	put_symbol_row(f, 3, ".LC0", BASE + 0x1100, 'r');
	put_symbol_row(f, 4, "variable", BASE + 0x2000, 'd');
	put_symbol_row(f, 5, "elsewhere", FAKE_BASE, 'd');
	fake_put(f, MODULE(0) + 192, 1, 4);
	fake_put(f, MODULE(0) + 200, EXPORTS, 8);
	fake_put(f, EXPORTS, BASE + 0x20 - EXPORTS, 4);
	fake_put(f, EXPORTS + 4, STRTAB + 32 - (EXPORTS + 4), 4);
}

/* Two modules, the first of which the second uses. */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(modules)=%llx\n", HEAD);
	put_link(f, HEAD, MODULE(1) + 8, MODULE(0) + 8);
	put_link(f, MODULE(1) + 8, MODULE(0) + 8, HEAD);
	put_link(f, MODULE(0) + 8, HEAD, MODULE(1) + 8);
	put_text(f, MODULE(0) + 24, "used");
	put_text(f, MODULE(1) + 24, "user");
	fake_put(f, MODULE(0) + 80, BASE, 8);
	fake_put(f, MODULE(0) + 88, 0x4000, 4);
	fake_put(f, MODULE(0) + 92, 0x1000, 4);
	fake_put(f, MODULE(0) + 96, 0x1800, 4);
	fake_put(f, MODULE(0) + 100, 0x2000, 4);
	fake_put(f, MODULE(0) + 176, 3, 4);
	put_link(f, MODULE(0) + 160, USE, USE);
	put_link(f, USE, MODULE(0) + 160, MODULE(0) + 160);
	fake_put(f, USE + 32, MODULE(1), 8);
	put_link(f, MODULE(1) + 160, MODULE(1) + 160, MODULE(1) + 160);
	fake_put(f, MODULE(0) + 136, SECTIONS, 8);
	fake_put(f, SECTIONS + 8, 2, 4);
	for (unsigned int i = 0; i < 2; i++) {
		fake_put(f, SECTIONS + 16 + 40 * i, NAMES + 16 * i, 8);
		fake_put(f, SECTIONS + 16 + 40 * i + 32, BASE + 0x1000 * i, 8);
	}
	put_text(f, NAMES, ".text");
	put_text(f, NAMES + 16, ".rodata");
	put_symbols(f);
	return f;
}

static struct kernel *open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
	return f->kernel;
}

static void list(void **state)
{
	struct fake *f = make();
	struct list_walk w;
	uint64_t module;
	char name[MODULE_NAME_MAX];

	(void)state;
	open_it(f);
	assert_ok(modules_begin(&w, f->kernel));
	for (int i = 1; i >= 0; i--) {
		assert_int_equal(list_next(&w, &module), 1);
		assert_int_equal(module, MODULE(i));
		assert_ok(module_name(f->kernel, module, name, sizeof(name)));
		assert_string_equal(name, i ? "user" : "used");
	}
	assert_int_equal(list_next(&w, &module), 0);
	assert_ok(module_users_begin(&w, f->kernel, MODULE(0)));
	assert_int_equal(module_users_next(&w, &module), 1);
	assert_int_equal(module, MODULE(1));
	assert_int_equal(module_users_next(&w, &module), 0);
	fake_free(f);
}

/* What the first of the two leads to: it is there, and then what is wrong is told. */
static void broken_list(void **state)
{
	static const struct {
		uint64_t next;
		int code;
		const char *text;
	} cases[] = {
		{ 0, -EBADMSG, "0 is no entry" },
		{ 0xdead000000000100, -EBADMSG, "poison of a deleted entry" },
		{ 0x400000, -EFAULT, "list at 0xffffffff80000100" },
		{ MODULE(1) + 8, -ELOOP, "comes again" },
		{ MODULE(1) + 9, -EBADMSG, "is no entry" },
		{ FAKE_BASE + 0x3f008, -ENODATA, "list at 0xffffffff80000100" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();
		struct list_walk w;
		STRBUF(problems);
		uint64_t module;
		int r, n = 0;

		f->missing[0x3f] = true;
		fake_put(f, MODULE(1) + 8, cases[i].next, 8);
		open_it(f);
		assert_ok(modules_begin(&w, f->kernel));
		while ((r = list_next(&w, &module)) > 0)
			n++;
		assert_true(n >= 1 && n < 4);
		assert_fails(r, cases[i].code, cases[i].text);
		assert_ok(kernel_problems(f->kernel, &problems));
		assert_non_null(strstr(problems.data, "modules: list at 0xffffffff80000100: "));
		fake_free(f);
	}
}

static void broken_users(void **state)
{
	struct fake *f = make();
	struct list_walk w;
	uint64_t module;

	(void)state;
	fake_put(f, USE, USE, 8);
	open_it(f);
	assert_ok(module_users_begin(&w, f->kernel, MODULE(0)));
	assert_int_equal(module_users_next(&w, &module), 1);
	assert_fails(module_users_next(&w, &module), -ELOOP, "comes again");
	fake_free(f);
}

static void memory(void **state)
{
	static const struct module_region expected[] = {
		{ "text", BASE, 0x1000 },
		{ "rodata", BASE + 0x1000, 0x800 },
		{ "ro_after_init", BASE + 0x1800, 0x800 },
		{ "data", BASE + 0x2000, 0x2000 },
	};
	struct module_region regions[MODULE_REGIONS_MAX];
	struct fake *f = make();
	uint64_t size;
	size_t n;

	(void)state;
	open_it(f);
	assert_ok(module_regions(f->kernel, MODULE(0), regions, &n));
	assert_int_equal(n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(regions[i].name, expected[i].name);
		assert_int_equal(regions[i].base, expected[i].base);
		assert_int_equal(regions[i].size, expected[i].size);
	}
	assert_ok(module_size(f->kernel, MODULE(0), &size));
	assert_int_equal(size, 0x4000);
	fake_free(f);
}

/* Sizes that contradict each other make no part larger than the whole. */
static void torn_memory(void **state)
{
	struct module_region regions[MODULE_REGIONS_MAX];
	struct fake *f = make();
	uint64_t size;
	size_t n;

	(void)state;
	for (unsigned int at = 92; at <= 100; at += 4)
		fake_put(f, MODULE(0) + at, 0xfffff000 - at, 4);
	open_it(f);
	assert_ok(module_regions(f->kernel, MODULE(0), regions, &n));
	assert_ok(module_size(f->kernel, MODULE(0), &size));
	assert_int_equal(size, 0x4000);
	fake_free(f);
}

static void facts(void **state)
{
	struct fake *f = make();
	char letters[TAINT_LETTERS + 1];
	const char *text;
	int64_t refcnt;

	(void)state;
	fake_put(f, MODULE(1), 9, 4);
	open_it(f);
	assert_ok(module_refcnt(f->kernel, MODULE(0), &refcnt));
	assert_int_equal(refcnt, 2);
	assert_ok(module_state(f->kernel, MODULE(0), &text));
	assert_string_equal(text, "live");
	assert_fails(module_state(f->kernel, MODULE(1), &text), -EBADMSG, "state 0x9");
	taint_letters(1 << 12 | 1 << 13, letters);
	assert_string_equal(letters, "OE");
	taint_letters(UINT64_MAX, letters);
	assert_int_equal(strlen(letters), 64);
	fake_free(f);
}

static void sections(void **state)
{
	struct fake *f = make();
	char name[32];
	uint64_t addr;
	size_t n;

	(void)state;
	fake_put(f, MODULE(1) + 136, SECTIONS + 0x80, 8);
	fake_put(f, SECTIONS + 0x88, LIMIT_MODULE_SECTIONS + 1, 4);
	open_it(f);
	assert_ok(module_section_count(f->kernel, MODULE(0), &n));
	assert_int_equal(n, 2);
	assert_ok(module_section(f->kernel, MODULE(0), 1, name, sizeof(name), &addr));
	assert_string_equal(name, ".rodata");
	assert_int_equal(addr, BASE + 0x1000);
	assert_fails(module_section_count(f->kernel, MODULE(1), &n), -EBADMSG, "4097 sections");
	fake_free(f);
}

static void expect_symbol(const struct symtab *t, size_t i, uint64_t addr, char kind,
			  const char *name)
{
	assert_int_equal(t->v[i].addr, addr);
	assert_int_equal(t->v[i].kind, kind);
	assert_string_equal(symtab_name(t, i), name);
}

static void symbols(void **state)
{
	struct fake *f = make();
	struct symtab t = { 0 };

	(void)state;
	open_it(f);
	assert_ok(module_symbols(f->kernel, MODULE(0), 0, true, &t));
	assert_ok(symtab_seal(&t));
	expect_symbol(&t, 1, BASE + 0x10, 't', "static_one");
	expect_symbol(&t, 2, BASE + 0x20, 'T', "exported");
	symtab_fini(&t);
	assert_ok(module_symbols(f->kernel, MODULE(0), 0, false, &t));
	for (size_t i = 0; i < t.n; i++) {
		assert_string_not_equal(symtab_name(&t, i), ".LC0");
		assert_string_not_equal(symtab_name(&t, i), "elsewhere");
	}
	symtab_fini(&t);
	assert_fails(module_symbols(f->kernel, MODULE(1), 0, true, &t), -ENOENT, "no symbols");
	symtab_fini(&t);
	fake_free(f);
}

static void broken_symbols(void **state)
{
	struct fake *f = make();
	struct symtab t = { 0 };

	(void)state;
	fake_put(f, KALLSYMS + 8, LIMIT_SYMBOLS + 1, 4);
	open_it(f);
	assert_fails(module_symbols(f->kernel, MODULE(0), 0, true, &t), -EBADMSG,
		     "4194305 symbols");
	symtab_fini(&t);
	fake_free(f);

	f = make(); /* names that lie beyond all strings, and strings that are not there */
	fake_put(f, SYMTAB + 24, 0xfffffff0, 4);
	f->missing[(STRTAB - FAKE_BASE) / 4096] = true;
	open_it(f);
	assert_ok(module_symbols(f->kernel, MODULE(0), 0, true, &t));
	for (size_t i = 0; i < t.n; i++)
		assert_int_equal(t.v[i].kind, 0);
	symtab_fini(&t);
	fake_free(f);
}

/* Without symbols of the kernel nobody knows what prints a parameter: its address says it. */
static void parameters(void **state)
{
	struct fake *f = make();
	STRBUF(out);
	char name[16];
	uint64_t param;
	size_t n;

	(void)state;
	fake_put(f, MODULE(0) + 144, 1, 4);
	fake_put(f, MODULE(0) + 152, PARAMS, 8);
	fake_put(f, MODULE(1) + 144, LIMIT_MODULE_PARAMS + 1, 4);
	fake_put(f, PARAMS, NAMES, 8);
	fake_put(f, PARAMS + 16, PARAMS + 0x100, 8);
	fake_put(f, PARAMS + 32, 0x1234, 8);
	fake_put(f, PARAMS + 0x110, 0xffffffff81000000, 8);
	open_it(f);
	assert_ok(module_param_count(f->kernel, MODULE(0), &n));
	assert_int_equal(n, 1);
	assert_ok(module_param(f->kernel, MODULE(0), 0, &param));
	assert_ok(param_name(f->kernel, param, name, sizeof(name)));
	assert_string_equal(name, ".text");
	assert_ok(put_param(&out, f->kernel, param));
	assert_string_equal(out.data, "<0xffffffff81000000 of 0x1234>");
	assert_fails(module_param_count(f->kernel, MODULE(1), &n), -EBADMSG, "4097 parameters");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(list), cmocka_unit_test(broken_list), cmocka_unit_test(broken_users),
	   cmocka_unit_test(memory), cmocka_unit_test(torn_memory), cmocka_unit_test(facts),
	   cmocka_unit_test(sections), cmocka_unit_test(symbols), cmocka_unit_test(broken_symbols),
	   cmocka_unit_test(parameters))
