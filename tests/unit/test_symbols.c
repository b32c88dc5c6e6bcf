#include "tests/unit/unit.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_kallsyms.h"

#include <errno.h>
#include <stdio.h>

#include "kernel/symbol/symbols.h"
#include "kernel/symbol/symtab.h"

#define TABLES FAKE_BASE
#define TEXT   0xffffffff81000000ull
#define NR     1500

static struct fake *kernel_with(enum kallsyms_encoding encoding)
{
	struct made_kallsyms m = { .va = TABLES, .text = TEXT, .nr = NR, .encoding = encoding };
	struct fake *f = fake_new();

	m.nr_per_cpu = encoding == KALLSYMS_PERCPU ? 50 : 0;
	made_kallsyms(&m);
	memcpy(fake_at(f, TABLES), m.blob.data, m.blob.len);
	blob_fini(&m.blob);
	fake_open(f);
	return f;
}

static void by_name(void **state)
{
	struct fake *f = kernel_with(KALLSYMS_RELATIVE);
	uint64_t va = 7;
	struct symbol s;

	(void)state;
	assert_ok(symbol_addr(f->kernel, "sym_3", &va));
	assert_int_equal(va, TEXT + 48);
	assert_fails(symbol_addr(f->kernel, "sym_", &va), -ENOENT, "no symbol sym_");
	assert_int_equal(va, TEXT + 48);
	assert_ok(symbol_find(f->kernel, "sym_9", &s));
	assert_int_equal(s.addr, TEXT + 8 * 16);
	assert_int_equal(s.size, 32);
	assert_ok(symbol_find(f->kernel, "sym_9@ffffffff81000080", &s));
	assert_string_equal(s.name, "sym_9");
	assert_fails(symbol_find(f->kernel, "sym_9@ffffffff81000090", &s), -ENOENT, "no symbol");
	assert_fails(symbol_find(f->kernel, "sym_9@", &s), -ENOENT, "no symbol");
	assert_fails(symbol_find(f->kernel, "sym_9@ffffffff81000080 ", &s), -ENOENT, "no symbol");
	fake_free(f);
}

/* Without tables the few symbols of VMCOREINFO serve. */
static void by_vmcoreinfo(void **state)
{
	struct fake *f = fake_new();
	struct symbol s;
	uint64_t va;

	(void)state;
	put(&f->vmcoreinfo, "SYMBOL(prb)=ffffffff81234560\n");
	fake_open(f);
	assert_ok(symbol_addr(f->kernel, "prb", &va));
	assert_int_equal(va, 0xffffffff81234560);
	assert_fails(symbol_addr(f->kernel, "prc", &va), -ENOENT, "symbol prc: no kallsyms");
	assert_fails(symbol_find(f->kernel, "prb", &s), -ENOENT, "no kallsyms");
	fake_free(f);
}

static void text_of(struct kernel *k, uint64_t va, const char *wanted)
{
	STRBUF(sb);

	put_symbol(&sb, k, va);
	assert_string_equal(sb.data, wanted);
}

/* The first of those at an address names it; offsets of per-CPU variables are no addresses. */
static void by_address(void **state)
{
	struct fake *f = kernel_with(KALLSYMS_PERCPU);
	struct symbol s;

	(void)state;
	assert_ok(symbol_find(f->kernel, "sym_59", &s));
	assert_int_equal(s.addr, TEXT + 8 * 16);
	text_of(f->kernel, s.addr, "sym_58");
	text_of(f->kernel, s.addr + 31, "sym_58+0x1f");
	text_of(f->kernel, s.addr + 32, "sym_60");
	text_of(f->kernel, 8, "0x8");
	text_of(f->kernel, TEXT - 1, "0xffffffff80ffffff");
	text_of(f->kernel, UINT64_MAX, "0xffffffffffffffff");
	assert_ok(symbol_find(f->kernel, "sym_49", &s));
	assert_int_equal(s.size, 0);
	assert_fails(symbol_at(f->kernel, 16, &s), -ENOENT, "no symbol at 0x10");
	fake_free(f);
}

static void cursor_is_stable(void **state)
{
	struct fake *f = kernel_with(KALLSYMS_PERCPU);
	uint64_t cursor = 0, again;
	struct symbol s, t;

	(void)state;
	for (int i = 0; i < NR; i++) {
		again = cursor;
		assert_int_equal(symbol_next(f->kernel, &cursor, &s), 1);
		assert_int_equal(symbol_next(f->kernel, &again, &t), 1);
		assert_int_equal(again, cursor);
		assert_int_equal(s.id, t.id);
		assert_ok(symbol_get(f->kernel, s.id, &t));
		assert_ptr_equal(s.name, t.name);
	}
	assert_int_equal(symbol_next(f->kernel, &cursor, &s), 0);
	assert_fails(symbol_get(f->kernel, NR, &s), -ENOENT, "no such");
	assert_fails(symbol_get(f->kernel, UINT64_MAX, &s), -ENOENT, "no such");
	fake_free(f);
}

static void add(struct symtab *t, uint64_t addr, const char *name, char kind, uint16_t owner)
{
	assert_ok(symtab_add(t, addr, name, strlen(name), kind, owner));
}

/* Entries that come unsorted, share names and addresses, belong to someone, and end. */
static void table(void **state)
{
	struct symtab t = { 0 };
	size_t i, cursor = 0;
	uint16_t owner;

	(void)state;
	assert_false(symtab_find(&t, "x", NULL, &i));
	assert_false(symtab_at(&t, 0, &i));
	assert_ok(symtab_add_owner(&t, "module", 6, &owner));
	add(&t, 0x300, "same", 't', owner);
	add(&t, 0x100, "second", 't', 0);
	add(&t, 0x100, "alias", 'T', 0);
	add(&t, 0x200, "same", 'D', 0);
	add(&t, 0x340, "", 0, 0);
	assert_ok(symtab_seal(&t));

	assert_true(symtab_find(&t, "same", &cursor, &i));
	assert_int_equal(t.v[i].addr, 0x200);
	assert_false(t.v[i].again);
	assert_null(symtab_owner(&t, i));
	assert_true(symtab_find(&t, "same", &cursor, &i));
	assert_int_equal(t.v[i].addr, 0x300);
	assert_true(t.v[i].again);
	assert_string_equal(symtab_owner(&t, i), "module");
	assert_int_equal(symtab_size(&t, i), 0x40);
	assert_false(symtab_find(&t, "same", &cursor, &i));
	assert_false(symtab_find(&t, "", NULL, &i));

	assert_true(symtab_at(&t, 0x1ff, &i));
	assert_string_equal(symtab_name(&t, i), "second");
	assert_int_equal(symtab_size(&t, i), 0x100);
	assert_int_equal(symtab_size(&t, i + 1), 0x100);
	assert_false(symtab_at(&t, 0xff, &i));
	assert_true(symtab_at(&t, UINT64_MAX, &i));
	assert_int_equal(t.v[i].kind, 0);
	symtab_fini(&t);
}

/* A hundred thousand of one name would take for ever to enter. */
static void too_many_alike(void **state)
{
	struct symtab t = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 100000; i++)
		add(&t, i, "same", 't', 0);
	assert_fails(symtab_seal(&t), -EBADMSG, "too many share a name");
	symtab_fini(&t);
}

UNIT_TESTS(cmocka_unit_test(by_name), cmocka_unit_test(by_vmcoreinfo), cmocka_unit_test(by_address),
	   cmocka_unit_test(cursor_is_stable), cmocka_unit_test(table),
	   cmocka_unit_test(too_many_alike))
