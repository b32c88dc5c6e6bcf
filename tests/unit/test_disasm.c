/* Instructions: their text, where they lead, the memory they access; and code that is not there. */
#include "kernel/code/disasm.h"

#include <errno.h>
#include <stdio.h>

#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

#define TEXT (FAKE_BASE + 0x3000)

static struct fake *with_code(const char *hex)
{
	struct fake *f = fake_new();
	unsigned int byte, i = 0;
	int n;

	for (; sscanf(hex, " %2x%n", &byte, &n) == 1; hex += n)
		fake_put(f, TEXT + i++, byte, 1);
	return f;
}

static struct insn decode(const char *hex)
{
	struct fake *f = with_code(hex);
	struct disasm d;
	struct insn insn;

	fake_open(f);
	assert_ok(disasm_begin(&d, f->kernel, TEXT, TEXT + 32));
	assert_int_equal(disasm_next(&d, &insn), 1);
	assert_int_equal(insn.addr, TEXT);
	fake_free(f);
	return insn;
}

static void text(void **state)
{
	static const struct {
		const char *hex;
		uint8_t size;
		const char *text;
	} cases[] = {
		{ "48 8b 47 28", 4, "movq   0x28(%rdi),%rax" },
		{ "48 8b 47 08", 4, "movq   0x8(%rdi),%rax" },
		{ "48 8b 47 f8", 4, "movq   -0x8(%rdi),%rax" },
		{ "83 f8 01", 3, "cmpl   $0x1,%eax" },
		{ "83 e0 fc", 3, "andl   $0xfffffffc,%eax" },
		{ "48 3d 00 fe ff ff", 6, "cmpq   $0xfffffffffffffe00,%rax" },
		{ "48 8b 04 cd 00 00 00 00", 8, "movq   (,%rcx,8),%rax" },
		{ "65 48 8b 04 25 80 fb 01 00", 9, "movq   %gs:0x1fb80,%rax" },
		{ "e8 0b 00 00 00", 5, "callq  0xffffffff80003010" },
		{ "74 fe", 2, "je     0xffffffff80003000" },
		{ "0f 0b", 2, "ud2" },
		{ "0f b9 cc", 3, "ud1    %esp,%ecx" },
		{ "67 48 0f b9 3a", 5, "ud1    (%edx),%rdi" },
		{ "0f 01 ef", 3, "wrpkru" },
		{ "f3 0f 01 fe", 4, "rmpadjust" },
		{ "c4 e2 78 49 c0", 5, "tilerelease" },
		{ "f3 48 ab", 3, "rep stosq %rax,(%rdi)" },
		{ "f0 ff 0f", 3, "lock decl (%rdi)" },
		{ "06", 1, ".byte  0x6" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct insn insn = decode(cases[i].hex);

		assert_string_equal(insn.text, cases[i].text);
		assert_int_equal(insn.size, cases[i].size);
		assert_int_equal(insn.bad, *insn.text == '.');
	}
}

static void references(void **state)
{
	struct insn insn = decode("e8 0b 00 00 00");

	(void)state;
	assert_int_equal(insn.target, TEXT + 16);
	insn = decode("ff d0");
	assert_int_equal(insn.target, 0);
	insn = decode("48 c7 c7 e0 88 2f a3");
	assert_int_equal(insn.immediate, 0xffffffffa32f88e0);
	insn = decode("bf 01 00 00 00");
	assert_int_equal(insn.immediate, 0);
}

static void memory(void **state)
{
	struct insn insn = decode("48 8b 47 28");

	(void)state;
	assert_int_equal(insn.nr_memory, 1);
	assert_true(insn.accesses);
	assert_string_equal(insn.memory[0].base, "RDI");
	assert_null(insn.memory[0].index);
	assert_int_equal(insn.memory[0].disp, 0x28);
	assert_int_equal(insn.memory[0].size, 8);

	insn = decode("8b 44 b3 fc");
	assert_string_equal(insn.memory[0].base, "RBX");
	assert_string_equal(insn.memory[0].index, "RSI");
	assert_int_equal(insn.memory[0].scale, 4);
	assert_int_equal(insn.memory[0].disp, -4);

	insn = decode("8b 05 f9 0f 00 00");
	assert_true(insn.memory[0].relative);
	assert_null(insn.memory[0].base);
	assert_int_equal(insn.memory[0].disp, TEXT + 0xfff);

	insn = decode("65 48 8b 04 25 80 fb 01 00");
	assert_true(insn.memory[0].per_cpu);
	assert_int_equal(insn.memory[0].disp, 0x1fb80);

	insn = decode("48 8d 47 28");
	assert_int_equal(insn.nr_memory, 1);
	assert_false(insn.accesses);

	/* Half a register, and a segment, of which nobody knows the base. */
	insn = decode("67 8b 07");
	assert_true(insn.memory[0].elsewhere);
	insn = decode("64 8b 07");
	assert_true(insn.memory[0].elsewhere);
}

/* Longer than what is read at once: each instruction is found whole. */
static void many(void **state)
{
	struct fake *f = fake_new();
	struct disasm d;
	struct insn insn;
	uint64_t at = TEXT;

	(void)state;
	for (unsigned int i = 0; i < 150; i++)
		fake_put(f, TEXT + 7 * i, 0x00000100858b48, 7); /* mov 0x100(%rbp),%rax */
	fake_open(f);
	assert_ok(disasm_begin(&d, f->kernel, TEXT, TEXT + 700));
	for (; at < TEXT + 700; at += insn.size) {
		assert_int_equal(disasm_next(&d, &insn), 1);
		assert_int_equal(insn.addr, at);
		assert_false(insn.bad);
	}
	assert_int_equal(disasm_next(&d, &insn), 0);
	assert_int_equal(at, TEXT + 700);
	fake_free(f);
}

static void missing(void **state)
{
	struct fake *f = fake_new();
	struct disasm d;
	struct insn insn;

	(void)state;
	memset(fake_at(f, TEXT), 0x90, 0x1000);
	/* A call whose last bytes are on the page that is missing. */
	fake_put(f, TEXT + 0xffe, 0xe8, 1);
	f->missing[4] = true;
	fake_open(f);
	assert_ok(disasm_begin(&d, f->kernel, TEXT + 0xffc, TEXT + 0x1100));
	assert_int_equal(disasm_next(&d, &insn), 1);
	assert_int_equal(disasm_next(&d, &insn), 1);
	assert_string_equal(insn.text, "nop");
	assert_fails(disasm_next(&d, &insn), -ENODATA, "code at 0xffffffff80003ffe");
	assert_ok(disasm_begin(&d, f->kernel, TEXT + 0x1010, TEXT + 0x1100));
	assert_fails(disasm_next(&d, &insn), -ENODATA, "code at 0xffffffff80004010");
	/* Not mapped at all. */
	assert_ok(disasm_begin(&d, f->kernel, 0x1000, 0x1100));
	assert_fails(disasm_next(&d, &insn), -EFAULT, "code at 0x1000");
	fake_free(f);
}

/* An instruction that would go on beyond the end is none. */
static void cut(void **state)
{
	struct fake *f = with_code("90 e8 00 00 00 00");
	struct disasm d;
	struct insn insn;

	(void)state;
	fake_open(f);
	assert_ok(disasm_begin(&d, f->kernel, TEXT, TEXT + 3));
	assert_int_equal(disasm_next(&d, &insn), 1);
	assert_false(insn.bad);
	assert_int_equal(disasm_next(&d, &insn), 1);
	assert_true(insn.bad);
	assert_int_equal(disasm_next(&d, &insn), 1);
	assert_int_equal(disasm_next(&d, &insn), 0);
	fake_free(f);
}

/* Any bytes: it goes on to the end. */
static void noise(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 8; round++) {
		struct fake *f = fake_new();
		struct disasm d;
		struct insn insn;
		uint64_t at = TEXT;
		int r;

		for (unsigned int i = 0; i < 4096; i++) {
			seed = seed * 1664525 + 1013904223;
			fake_put(f, TEXT + i, i % 5 ? seed >> 24 : 0x0f, 1);
		}
		fake_open(f);
		assert_ok(disasm_begin(&d, f->kernel, TEXT, TEXT + 4096));
		while ((r = disasm_next(&d, &insn)) > 0) {
			assert_int_equal(insn.addr, at);
			assert_true(insn.size > 0 && insn.size < INSN_BYTES_MAX);
			assert_true(*insn.text && strlen(insn.text) < INSN_TEXT_MAX);
			at += insn.size;
		}
		assert_int_equal(r, 0);
		assert_int_equal(at, TEXT + 4096);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(noise), cmocka_unit_test(text), cmocka_unit_test(references),
	   cmocka_unit_test(memory), cmocka_unit_test(many), cmocka_unit_test(missing),
	   cmocka_unit_test(cut))
