#include "tests/unit/unit.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_kallsyms.h"

#include <errno.h>
#include <stdio.h>

#include "kernel/symbol/symbols.h"
#include "kernel/mem/space.h"

#define TABLES (FAKE_BASE + 0x3000)
#define TEXT   0xffffffff81000000ull
#define NR     1500

/* As kernels have had them. */
static const struct made_kallsyms kernels[] = {
	/* 4.5 and before */
	{ .layout = LAYOUT_OLD,
	  .encoding = KALLSYMS_ABSOLUTE,
	  .nr_per_cpu = 50,
	  .old_numbers = true },
	/* 4.19: x86_64, arm64 */
	{ .layout = LAYOUT_OLD,
	  .encoding = KALLSYMS_PERCPU,
	  .nr_per_cpu = 50,
	  .old_numbers = true },
	{ .layout = LAYOUT_OLD, .encoding = KALLSYMS_RELATIVE, .old_numbers = true },
	/* 5.10, 6.1 */
	{ .layout = LAYOUT_OLD, .encoding = KALLSYMS_PERCPU, .nr_per_cpu = 50 },
	{ .layout = LAYOUT_OLD, .encoding = KALLSYMS_RELATIVE, .long_name = true },
	/* 6.12 */
	{ .layout = LAYOUT_NEW, .encoding = KALLSYMS_PERCPU, .nr_per_cpu = 50, .long_name = true },
	{ .layout = LAYOUT_NEW, .encoding = KALLSYMS_RELATIVE },
	/* 7.0 */
	{ .layout = LAYOUT_NEW, .encoding = KALLSYMS_PLACE, .align4 = true, .long_name = true },
};

static struct made_kallsyms make(const struct made_kallsyms *like)
{
	struct made_kallsyms m = *like;

	m.va = TABLES + (m.align4 ? 4 : 0);
	m.text = m.banner ? FAKE_BASE + 0x1000 : TEXT;
	m.nr = NR;
	made_kallsyms(&m);
	return m;
}

static void put_in(struct fake *f, const struct made_kallsyms *m)
{
	memcpy(fake_at(f, m->va), m->blob.data, m->blob.len);
	fake_at(f, m->va + m->blob.len);
}

static void name_in_vmcoreinfo(struct fake *f, const struct made_kallsyms *m)
{
	put(&f->vmcoreinfo, "SYMBOL(kallsyms_names)=%lx\nSYMBOL(kallsyms_num_syms)=%lx\n", m->names,
	    m->num_syms);
	put(&f->vmcoreinfo, "SYMBOL(kallsyms_token_table)=%lx\nSYMBOL(kallsyms_token_index)=%lx\n",
	    m->tokens, m->index);
	put(&f->vmcoreinfo, "SYMBOL(%s)=%lx\n",
	    m->encoding == KALLSYMS_ABSOLUTE ? "kallsyms_addresses" : "kallsyms_offsets",
	    m->addresses);
	if (m->base_at)
		put(&f->vmcoreinfo, "SYMBOL(kallsyms_relative_base)=%lx\n", m->base_at);
}

/* The first @n symbols are as they were made, and there are no more. */
static void check(struct kernel *k, const struct made_kallsyms *m, uint32_t n)
{
	uint64_t cursor = 0;
	struct symbol s;
	char name[MADE_NAME];

	for (uint32_t i = 0; i < n; i++) {
		int r = symbol_next(k, &cursor, &s);

		if (r != 1)
			test_failed("symbol %u: %s", i, why());
		made_symbol_name(m, i, name);
		assert_string_equal(s.name, name);
		assert_int_equal(s.addr, made_symbol_address(m, i));
		assert_int_equal(s.kind, made_symbol_kind(i));
		assert_null(s.module);
		assert_false(s.again);
	}
	assert_int_equal(symbol_next(k, &cursor, &s), 0);
}

static const char *evidence(struct kernel *k)
{
	static char text[2048];
	STRBUF(sb);

	symbols_evidence(k, &sb);
	snprintf(text, sizeof(text), "%s", sb.data ? sb.data : "");
	return text;
}

static void run(bool named)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct made_kallsyms m = make(&kernels[i]);
		struct fake *f = fake_new();

		put_in(f, &m);
		if (named)
			name_in_vmcoreinfo(f, &m);
		fake_open(f);
		check(f->kernel, &m, m.nr);
		assert_non_null(
			strstr(evidence(f->kernel), named ? "by VMCOREINFO" : "by a search"));
		assert_non_null(strstr(evidence(f->kernel), kallsyms_encoding_name(m.encoding)));
		fake_free(f);
		blob_fini(&m.blob);
	}
}

static void by_vmcoreinfo(void **state)
{
	(void)state;
	run(true);
}

static void by_search(void **state)
{
	(void)state;
	run(false);
}

/* A page of names is missing: the symbols before it are there, and the rest is said to be missing. */
static void names_not_whole(void **state)
{
	struct made_kallsyms m = make(&kernels[3]);
	struct fake *f = fake_new();
	uint64_t cursor = 0, n = 0;
	struct symbol s;

	(void)state;
	put_in(f, &m);
	name_in_vmcoreinfo(f, &m);
	f->missing[(m.names - FAKE_BASE) / 4096 + 1] = true;
	fake_open(f);
	while (symbol_next(f->kernel, &cursor, &s) == 1)
		n++;
	assert_in_range(n, 100, NR - 100);
	check(f->kernel, &m, (uint32_t)n);
	assert_non_null(strstr(evidence(f->kernel), "are missing"));
	fake_free(f);
	blob_fini(&m.blob);
}

/* What breaks it, and the text that says so. */
static void damaged(void **state)
{
	static const struct {
		enum { NUM_SYMS, TOKENS, INDEX, NAMES, ADDRESSES } table;
		size_t off, len;
		int fill;
		int code;
		const char *text;
	} cases[] = {
		{ NUM_SYMS, 0, 4, 0xff, -EBADMSG, "a table of" },
		{ NUM_SYMS, 0, 4, 0, -EBADMSG, "a table of" },
		{ INDEX, 2, 2, 0xff, -EBADMSG, "token 1 is outside" },
		{ TOKENS, 0, 2048, 'x', -EBADMSG, "does not end" },
		{ NAMES, 0, 1, 0, -EBADMSG, "no symbol can be read" },
		{ NAMES, 0, 2, 0xff, -EBADMSG, "no symbol can be read" },
		{ ADDRESSES, 800, 4, 0x7f, -EBADMSG, "do not rise" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made_kallsyms m = make(&kernels[3]);
		const uint64_t tables[] = { m.num_syms, m.tokens, m.index, m.names, m.addresses };
		struct fake *f = fake_new();
		struct kallsyms_place place;
		const struct vmcoreinfo *vi;
		const struct space *s;
		struct symtab t = { 0 };
		size_t len = cases[i].len;
		int r;

		put_in(f, &m);
		name_in_vmcoreinfo(f, &m);
		if (cases[i].table == TOKENS)
			len = m.index - m.tokens;
		memset(fake_at(f, tables[cases[i].table] + cases[i].off), cases[i].fill, len);
		fake_open(f);
		assert_ok(dump_vmcoreinfo(f->dump, &vi));
		assert_ok(kernel_space(f->kernel, &s));
		r = kallsyms_by_vmcoreinfo(f->dump, s, vi, &place);
		if (r == 0)
			r = kallsyms_read(f->dump, s, &place, &t);
		assert_fails(r, cases[i].code, cases[i].text);
		symtab_fini(&t);
		fake_free(f);
		blob_fini(&m.blob);
	}
}

/* Addresses that do not rise are no kernel's, whatever their encoding is. */
static void torn_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct made_kallsyms m = make(&kernels[i]);
		struct fake *f = fake_new();
		uint64_t cursor = 0;
		struct symbol s;

		put_in(f, &m);
		name_in_vmcoreinfo(f, &m);
		memset(fake_at(f, m.addresses + 1600), 0x7f, 8);
		fake_open(f);
		assert_fails(symbol_next(f->kernel, &cursor, &s), -EBADMSG, "kallsyms");
		fake_free(f);
		blob_fini(&m.blob);
	}
}

/* Memory with the digits but no index, with an index but no names, with nothing. */
static void not_found(void **state)
{
	struct made_kallsyms m = make(&kernels[5]);
	struct symbol s;
	uint64_t cursor;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct fake *f = fake_new();

		if (i)
			put_in(f, &m);
		if (i == 1)
			memset(fake_at(f, m.index + 300), 1, 2);
		if (i == 2)
			memset(fake_at(f, m.names + 3000), 0, 64);
		fake_open(f);
		cursor = 0;
		assert_fails(symbol_next(f->kernel, &cursor, &s), i == 2 ? -EBADMSG : -ENOENT,
			     i == 2 ? "only the tokens" : "no kallsyms");
		assert_fails(symbol_find(f->kernel, "sym_1", &s), i == 2 ? -EBADMSG : -ENOENT,
			     "symbol sym_1: ");
		fake_free(f);
	}
	blob_fini(&m.blob);
}

/* The banner is somewhere else than its symbol says: these are no symbols of this memory. */
static void disproved(void **state)
{
	static const char banner[] = "Linux version 6.0.0-fake (x@y)";

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct made_kallsyms m = { .layout = LAYOUT_OLD,
					   .encoding = KALLSYMS_PERCPU,
					   .banner = true };
		struct fake *f = fake_new();
		struct symbol s;

		m = make(&m);
		put_in(f, &m);
		memcpy(fake_at(f, FAKE_BASE + 0x1000 + (good ? 0 : 8)), banner, sizeof(banner));
		fake_open(f);
		if (good)
			assert_ok(symbol_find(f->kernel, "linux_banner", &s));
		else
			assert_fails(symbol_find(f->kernel, "linux_banner", &s), -EBADMSG,
				     "there is no banner");
		fake_free(f);
		blob_fini(&m.blob);
	}
}

UNIT_TESTS(cmocka_unit_test(by_vmcoreinfo), cmocka_unit_test(by_search),
	   cmocka_unit_test(names_not_whole), cmocka_unit_test(damaged),
	   cmocka_unit_test(torn_addresses), cmocka_unit_test(not_found),
	   cmocka_unit_test(disproved))
