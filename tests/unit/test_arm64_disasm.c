/* Instructions of arm64: their text, where they lead, the memory they access; those that the decoder does
 * not know, and what is none. */
#include "kernel/code/disasm.h"

#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

#define TEXT (FAKE_BASE + 0x3000)

static struct insn decode(uint32_t code)
{
	struct fake *f = fake_arm64(TEXT);
	struct disasm d;
	struct insn insn;

	fake_put(f, TEXT, code, 4);
	fake_open(f);
	assert_ok(disasm_begin(&d, f->kernel, TEXT, TEXT + 32));
	assert_int_equal(disasm_next(&d, &insn), 1);
	assert_int_equal(insn.addr, TEXT);
	assert_int_equal(insn.size, 4);
	fake_free(f);
	return insn;
}

static void text(void **state)
{
	static const struct {
		uint32_t code;
		const char *text;
	} cases[] = {
		{ 0xf9401400, "ldr    x0, [x0, #0x28]" },
		{ 0xa9bf7bfd, "stp    x29, x30, [sp, #-0x10]!" },
		{ 0x94000004, "bl     0xffffffff80003010" },
		{ 0x54000041, "b.ne   0xffffffff80003008" },
		{ 0x37380060, "tbnz   w0, #7, 0xffffffff8000300c" },
		{ 0xd65f03c0, "ret" },
		/* capstone 4 knows none of these */
		{ 0xd503233f, "paciasp" },
		{ 0xd50323bf, "autiasp" },
		{ 0xd65f0bff, "retaa" },
		{ 0xf8f6803c, "swpal  x22, x28, [x1]" },
		{ 0xb8e00020, "ldaddal w0, w0, [x1]" },
		{ 0xf821001f, "stadd  x1, [x0]" },
		{ 0x88e17c02, "casa   w1, w2, [x0]" },
		{ 0x20037860, ".inst  0x20037860" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct insn insn = decode(cases[i].code);

		assert_string_equal(insn.text, cases[i].text);
		assert_int_equal(insn.bad, *insn.text == '.');
	}
}

static void references(void **state)
{
	struct insn insn = decode(0x94000004);

	(void)state;
	assert_int_equal(insn.target, TEXT + 16);
	assert_false(insn.accesses);
	/* tbnz w0, #7, TEXT + 12: the bit is no address */
	assert_int_equal(decode(0x37380060).target, TEXT + 12);
	/* ldr x0, [x1, x2, lsl #3] */
	insn = decode(0xf8627820);
	assert_true(insn.accesses);
	assert_int_equal(insn.nr_memory, 1);
	assert_string_equal(insn.memory[0].base, "X1");
	assert_string_equal(insn.memory[0].index, "X2");
	assert_int_equal(insn.memory[0].scale, 8);
	/* ldr x0, [x1], #8: it is added afterwards */
	insn = decode(0xf8408420);
	assert_string_equal(insn.memory[0].base, "X1");
	assert_int_equal(insn.memory[0].disp, 0);
	/* ldp x29, x30, [sp, #16] */
	insn = decode(0xa9417bfd);
	assert_string_equal(insn.memory[0].base, "SP");
	assert_int_equal(insn.memory[0].disp, 16);
	/* ldr x0, TEXT + 8; adr x0, TEXT + 8 only computes it */
	insn = decode(0x58000040);
	assert_true(insn.accesses && insn.memory[0].relative);
	assert_int_equal(insn.memory[0].disp, TEXT + 8);
	insn = decode(0x10000040);
	assert_true(!insn.accesses && insn.memory[0].relative);
}

UNIT_TESTS(cmocka_unit_test(text), cmocka_unit_test(references))
