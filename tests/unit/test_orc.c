/* ORC tables in each layout, told by their header or by trying, and damaged. */
#include "kernel/unwind/orc.h"

#include <errno.h>

#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

#define TEXT	 (FAKE_BASE + 0x10000)
#define TEXT_END (FAKE_BASE + 0x20000)
#define IP	 (FAKE_BASE + 0x1000)
#define RULES	 (FAKE_BASE + 0x3000)
#define HEADER	 (FAKE_BASE + 0x6000)
#define LOOKUP	 (FAKE_BASE + 0x7000)
#define ENTRIES	 64
#define STRIDE	 32 /* bytes of text a rule */

enum { V4_14, V6_3, V6_4, V7_1, LAYOUTS };

/* What the flags are in each layout: a call counted from SP, registers, an end, nothing known. */
static const struct {
	const char *name;
	uint16_t call, regs, end, unknown;
} layouts[LAYOUTS] = {
	[V4_14] = { "v4.14", 0x0015, 0x0105, 0x0400, 0x0000 },
	[V6_3] = { "v6.3", 0x0015, 0x0505, 0x0800, 0x0000 },
	[V6_4] = { "v6.4", 0x0215, 0x0b05, 0x0100, 0x0000 },
	[V7_1] = { "v7.1", 0x0283, 0x0b03, 0x0100, 0x0000 },
};

static void put_rule(struct fake *f, size_t i, uint64_t pc, int sp, int bp, uint16_t flags)
{
	uint64_t at = IP + 4 * i;

	fake_put(f, at, pc - at, 4);
	fake_put(f, RULES + 6 * i, (uint16_t)sp, 2);
	fake_put(f, RULES + 6 * i + 2, (uint16_t)bp, 2);
	fake_put(f, RULES + 6 * i + 4, flags, 2);
}

/* Calls, but: entry 2 has registers, 3 is an end, 4 not known, 5 ends what is before 6 at the same
 * place. */
static struct fake *tables(int layout)
{
	struct fake *f = fake_new();

	for (size_t i = 0; i < ENTRIES; i++)
		put_rule(f, i, TEXT + STRIDE * i, 8 + 8 * (int)i, -16, layouts[layout].call);
	put_rule(f, 2, TEXT + STRIDE * 2, 0, 0, layouts[layout].regs);
	put_rule(f, 3, TEXT + STRIDE * 3, 0, 0, layouts[layout].end);
	put_rule(f, 4, TEXT + STRIDE * 4, 0, 0, layouts[layout].unknown);
	put_rule(f, 5, TEXT + STRIDE * 6, 0, 0, layouts[layout].unknown);
	put(&f->vmcoreinfo,
	    "SYMBOL(_stext)=%llx\nSYMBOL(_etext)=%llx\n"
	    "SYMBOL(__start_orc_unwind_ip)=%llx\nSYMBOL(__stop_orc_unwind_ip)=%llx\n"
	    "SYMBOL(__start_orc_unwind)=%llx\n"
	    "SYMBOL(__entry_text_start)=%llx\nSYMBOL(__entry_text_end)=%llx\n",
	    TEXT, TEXT_END, IP, IP + 4 * ENTRIES, RULES, TEXT, TEXT + STRIDE * 8);
	return f;
}

static struct orc_rule rule_at(struct fake *f, uint64_t pc)
{
	struct orc_rule rule = { 0 };

	assert_ok(orc_find(f->kernel, pc, &rule));
	return rule;
}

static void check_rules(struct fake *f)
{
	struct orc_rule rule = rule_at(f, TEXT);

	assert_int_equal(rule.type, ORC_TYPE_CALL);
	assert_int_equal(rule.sp, ORC_SP);
	assert_int_equal(rule.sp_offset, 8);
	assert_int_equal(rule.bp, ORC_PREV_SP);
	assert_int_equal(rule.bp_offset, -16);
	assert_false(rule.signal);
	assert_int_equal(rule_at(f, TEXT + STRIDE * 2 - 1).sp_offset, 16);
	rule = rule_at(f, TEXT + STRIDE * 2);
	assert_int_equal(rule.type, ORC_TYPE_REGS);
	assert_true(rule.signal);
	assert_int_equal(rule_at(f, TEXT + STRIDE * 3 + 7).type, ORC_TYPE_END);
	assert_int_equal(rule_at(f, TEXT + STRIDE * 4).type, ORC_TYPE_UNDEFINED);
	assert_int_equal(rule_at(f, TEXT + STRIDE * 6).sp_offset, 8 + 8 * 6);
	assert_int_equal(rule_at(f, TEXT_END - 1).sp_offset, 8 + 8 * (ENTRIES - 1));
}

static const char *layout_of(struct fake *f)
{
	const struct orc_facts *facts;

	assert_ok(code_orc(f->kernel, &facts));
	return orc_layout_name(facts);
}

/* Without a header, and with one that nobody knows. */
static void by_trying(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * LAYOUTS; i++) {
		struct fake *f = tables(i / 2);

		if (i % 2) {
			put(&f->vmcoreinfo, "SYMBOL(__start_orc_header)=%llx\n", HEADER);
			fake_put(f, HEADER, 0x1122334455667788, 8);
		}
		fake_open(f);
		assert_string_equal(layout_of(f), layouts[i / 2].name);
		check_rules(f);
		fake_free(f);
	}
}

/* The whole hash counts, not its beginning: what differs at its end is another layout. */
static void by_header(void **state)
{
	static const unsigned char v6_4[20] = { 0xfe, 0x5d, 0x32, 0xbf, 0x58, 0x1b, 0xd6,
						0x3b, 0x2c, 0xa9, 0xa5, 0xc6, 0x5b, 0xa5,
						0xa6, 0x25, 0xea, 0xb3, 0xfe, 0x24 };

	(void)state;
	for (int changed = 0; changed < 2; changed++) {
		struct fake *f = tables(V7_1);

		put(&f->vmcoreinfo, "SYMBOL(__start_orc_header)=%llx\n", HEADER);
		memcpy(fake_at(f, HEADER), v6_4, sizeof(v6_4));
		if (changed)
			fake_put(f, HEADER + 19, 0, 1);
		fake_open(f);
		assert_string_equal(layout_of(f), changed ? "v7.1" : "v6.4");
		fake_free(f);
	}
}

static void outside(void **state)
{
	struct fake *f = tables(V6_4);
	struct orc_rule rule;

	(void)state;
	put_rule(f, 0, TEXT + 8, 8, 0, layouts[V6_4].call);
	fake_open(f);
	assert_fails(orc_find(f->kernel, TEXT + 7, &rule), -ENOENT, "no ORC for");
	assert_ok(orc_find(f->kernel, TEXT + 8, &rule));
	assert_fails(orc_find(f->kernel, TEXT - 1, &rule), -ENOENT, "is no code");
	assert_fails(orc_find(f->kernel, TEXT_END, &rule), -ENOENT, "is no code");
	fake_free(f);
}

static void no_tables(void **state)
{
	struct fake *f = fake_new();
	const struct orc_facts *facts;
	struct orc_rule rule;

	(void)state;
	put(&f->vmcoreinfo, "SYMBOL(_stext)=%llx\nSYMBOL(_etext)=%llx\n", TEXT, TEXT_END);
	fake_open(f);
	assert_fails(code_orc(f->kernel, &facts), -ENOENT, "has no ORC");
	assert_fails(orc_find(f->kernel, TEXT, &rule), -ENOENT, "has no ORC");
	fake_free(f);
}

/* The kernel's index: right, and lying in every way. */
static void lookup(void **state)
{
	static const uint32_t lies[] = { 0, 1, 9, ENTRIES - 1, ENTRIES, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i <= ARRAY_SIZE(lies); i++) {
		struct fake *f = tables(V6_4);

		put(&f->vmcoreinfo, "SYMBOL(orc_lookup)=%llx\nSYMBOL(orc_lookup_end)=%llx\n",
		    LOOKUP, LOOKUP + 4 * 9);
		for (uint32_t b = 0; b < 9; b++)
			fake_put(f, LOOKUP + 4 * b, i ? lies[i - 1] : b * 256 / STRIDE, 4);
		fake_open(f);
		check_rules(f);
		fake_free(f);
	}
}

static void page_missing(void **state)
{
	struct fake *f = tables(V6_4);
	struct orc_rule rule;

	(void)state;
	f->missing[3] = true;
	fake_open(f);
	assert_fails(orc_find(f->kernel, TEXT, &rule), -ENODATA, "ORC");
	fake_free(f);
}

/* A call is told by the bytes before the address: direct, and indirect in each of its forms. */
static void calls(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool call;
	} cases[] = {
		{ "\xff\xd0", 2, true },	       /* call *%rax */
		{ "\x41\xff\xd3", 3, true },	       /* call *%r11 */
		{ "\xff\x10", 2, true },	       /* call *(%rax) */
		{ "\xff\x50\x18", 3, true },	       /* call *0x18(%rax) */
		{ "\xff\x14\xc5\0\0\0\x80", 7, true }, /* call *-0x80000000(,%rax,8) */
		{ "\xff\x54\x24\x08", 4, true },       /* call *8(%rsp) */
		{ "\xff\x15\1\0\0\0", 6, true },       /* call *1(%rip) */
		{ "\xff\x90\0\1\0\0", 6, true },       /* call *0x100(%rax) */
		{ "\xff\x94\x24\0\1\0\0", 7, true },   /* call *0x100(%rsp) */
		{ "\xff\xe0", 2, false },	       /* jmp *%rax */
		{ "\xe9\0\0\0\0", 5, false },	       /* jmp */
		{ "\xe8\0\0\0\x7f", 5, false },	       /* call to where no code is */
	};
	struct fake *f = tables(V6_4);
	uint64_t at, target = 7;

	(void)state;
	memset(fake_at(f, TEXT), 0x90, 0x1000);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		memcpy(fake_at(f, TEXT + 64 * i + 64), cases[i].bytes, cases[i].len);
	memcpy(fake_at(f, TEXT + 0x800), "\xe8\x0b\0\0\0", 5);
	fake_open(f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		at = TEXT + 64 * i + 64 + cases[i].len;
		if (!cases[i].call) {
			assert_fails(code_call_before(f->kernel, at, &target), -ENOENT, "no call");
			continue;
		}
		assert_ok(code_call_before(f->kernel, at, &target));
		assert_int_equal(target, 0);
		assert_fails(code_call_before(f->kernel, at + 1, &target), -ENOENT, "no call");
	}
	assert_ok(code_call_before(f->kernel, TEXT + 0x805, &target));
	assert_int_equal(target, TEXT + 0x810);
	assert_fails(code_call_before(f->kernel, TEXT, &target), -ENOENT, "is no code");
	assert_fails(code_call_before(f->kernel, 0, &target), -ENOENT, "is no code");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(by_trying), cmocka_unit_test(by_header), cmocka_unit_test(outside),
	   cmocka_unit_test(no_tables), cmocka_unit_test(lookup), cmocka_unit_test(page_missing),
	   cmocka_unit_test(calls))
