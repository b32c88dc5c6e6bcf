/* Rules of a small file, and the stack machine that some are written for. */
#include "kernel/debug/cfi.h"

#include <dwarf.h>
#include <errno.h>

#include "tests/unit/unit.h"

#include "tests/unit/made_debugfile.h"

#define RSP 7
#define RIP 16
#define CFA UINT64_C(0x1000)

/* Registers have 0x100 times their number, words the address they are at and 1. */
static int reg(void *arg, uint8_t n, uint64_t *ret)
{
	(void)arg;
	if (n == 15)
		return fail(-EBADMSG, "not known");
	*ret = n == CFI_CFA ? CFA : 0x100u * n;
	return 0;
}

static int word(void *arg, uint64_t va, uint64_t *ret)
{
	(void)arg;
	if (va == 0xdead)
		return fail(-ENODATA, "not in the dump");
	*ret = va + 1;
	return 0;
}

static const struct cfi_reader reader = { reg, word, NULL };

static void of_a_file(void **state)
{
	static const char *const samples[] = { SAMPLE_4, SAMPLE_5 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct cfi_rule rule;
		struct debugfile *f;
		uint64_t value, at, entry, inside;
		Dwarf_Addr bias;
		Dwarf_CFI *cfi;

		assert_ok(debugfile_open_kernel(samples[i], 0, &f));
		entry = sample_symbol(f, "sample");
		inside = sample_symbol(f, "in_sample");
		debugfile_lock(f);
		cfi = dwfl_module_dwarf_cfi(debugfile_module(f), &bias);
		assert_non_null(cfi);
		assert_ok(cfi_read(cfi, entry, &rule));
		assert_int_equal(rule.pc, RIP);
		assert_false(rule.signal);
		assert_int_equal(rule.cfa.kind, CFI_SUM);
		assert_int_equal(rule.cfa.reg, RSP);
		assert_int_equal(rule.cfa.offset, 8);
		assert_int_equal(rule.reg[12].kind, CFI_SAME);
		assert_ok(cfi_value(&rule.reg[RIP], &reader, &value, &at));
		assert_int_equal(at, CFA - 8);
		assert_int_equal(value, CFA - 7);
		assert_ok(cfi_frame(&rule, &reader, &value));
		assert_int_equal(value, 0x100 * RSP + 8);
		/* It has made room for y. */
		assert_ok(cfi_read(cfi, inside, &rule));
		assert_ok(cfi_frame(&rule, &reader, &value));
		assert_true(value > 0x100 * RSP + 8);
		assert_int_equal(cfi_read(cfi, 0, &rule), -ENOENT);
		debugfile_unlock(f);
		debugfile_close(f);
	}
}

static void expressions(void **state)
{
	static const struct {
		Dwarf_Op ops[4];
		uint16_t n;
		uint64_t value, at; /* at 0: it is the value itself */
	} cases[] = {
		{ { { .atom = DW_OP_breg6, .number = 8 } }, 1, 0x609, 0x608 },
		{ { { .atom = DW_OP_bregx, .number = 6, .number2 = 8 } }, 1, 0x609, 0x608 },
		{ { { .atom = DW_OP_breg6, .number = (Dwarf_Word)-8 }, { .atom = DW_OP_deref } },
		  2,
		  0x5fa,
		  0x5f9 },
		{ { { .atom = DW_OP_reg3 } }, 1, 0x300, 0 },
		{ { { .atom = DW_OP_call_frame_cfa }, { .atom = DW_OP_stack_value } }, 2, CFA, 0 },
		{ { { .atom = DW_OP_lit7 }, { .atom = DW_OP_lit3 }, { .atom = DW_OP_minus } },
		  3,
		  5,
		  4 },
		{ { { .atom = DW_OP_lit1 }, { .atom = DW_OP_lit3 }, { .atom = DW_OP_shl } },
		  3,
		  9,
		  8 },
		{ { { .atom = DW_OP_const1u, .number = 200 },
		    { .atom = DW_OP_lit3 },
		    { .atom = DW_OP_swap },
		    { .atom = DW_OP_drop } },
		  4,
		  4,
		  3 },
		{ { { .atom = DW_OP_lit5 }, { .atom = DW_OP_lit3 }, { .atom = DW_OP_ge } },
		  3,
		  2,
		  1 },
		{ { { .atom = DW_OP_lit5 }, { .atom = DW_OP_dup }, { .atom = DW_OP_mul } },
		  3,
		  26,
		  25 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cfi_value v = { .kind = CFI_EXPRESSION,
				       .ops = cases[i].ops,
				       .n = cases[i].n };
		uint64_t value, at;

		assert_ok(cfi_value(&v, &reader, &value, &at));
		assert_int_equal(value, cases[i].value);
		assert_int_equal(at, cases[i].at);
	}
}

static void no_sound_expressions(void **state)
{
	static const struct {
		Dwarf_Op ops[2];
		uint16_t n;
		int error;
	} cases[] = {
		{ { { 0 } }, 0, -EBADMSG },
		{ { { .atom = DW_OP_plus } }, 1, -EBADMSG },
		{ { { .atom = DW_OP_lit1 }, { .atom = DW_OP_bra } }, 2, -EBADMSG },
		{ { { .atom = DW_OP_breg15 } }, 1, -EBADMSG },
		{ { { .atom = DW_OP_regx, .number = 1000 } }, 1, -EBADMSG },
		{ { { .atom = DW_OP_const8u, .number = 0xdead }, { .atom = DW_OP_deref } },
		  2,
		  -ENODATA },
	};
	Dwarf_Op many[40];
	struct cfi_value v = { .kind = CFI_EXPRESSION, .ops = many, .n = ARRAY_SIZE(many) };
	uint64_t value, at;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cfi_value bad = { .kind = CFI_EXPRESSION,
					 .ops = cases[i].ops,
					 .n = cases[i].n };

		assert_int_equal(cfi_value(&bad, &reader, &value, &at), cases[i].error);
	}
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (Dwarf_Op){ .atom = DW_OP_lit1 };
	assert_fails(cfi_value(&v, &reader, &value, &at), -EBADMSG, "no sound expression");
}

UNIT_TESTS(cmocka_unit_test(of_a_file), cmocka_unit_test(expressions),
	   cmocka_unit_test(no_sound_expressions))
