/* Where an operand lies, by registers of which not all are known. */
#include "kernel/code/operand.h"

#include <errno.h>

#include "kernel/arch.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

static void addresses(void **state)
{
	static const struct {
		struct insn_memory m;
		uint64_t wanted;
	} cases[] = {
		{ { .base = "RDI", .disp = 0x28 }, 0x28 },
		{ { .base = "RSI", .disp = (uint64_t)-8 }, 0xff8 },
		{ { .base = "RSI", .index = "RCX", .scale = 4, .disp = 1 }, 0x1000 + 4 * 3 + 1 },
		{ { .index = "RCX", .scale = 8, .disp = 0xffffffff80000000 }, 0xffffffff80000018 },
		{ { .relative = true, .disp = 0xffffffff81000000 }, 0xffffffff81000000 },
	};
	struct fake *f = fake_new();
	const struct arch_unwind *a = arch_x86_64.unwind;
	struct cursor c = { 0 };
	uint64_t va;

	(void)state;
	fake_open(f);
	for (size_t i = 0; a->regs[i].name; i++)
		if (!strcmp(a->regs[i].name, "RDI"))
			cursor_set(&c, i, 0);
		else if (!strcmp(a->regs[i].name, "RSI"))
			cursor_set(&c, i, 0x1000);
		else if (!strcmp(a->regs[i].name, "RCX"))
			cursor_set(&c, i, 3);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_ok(operand_address(f->kernel, a, &c, 0, &cases[i].m, &va));
		assert_int_equal(va, cases[i].wanted);
	}
	assert_fails(
		operand_address(f->kernel, a, &c, 0, &(struct insn_memory){ .base = "RAX" }, &va),
		-ENOENT, "RAX is not known");
	assert_fails(operand_address(f->kernel, a, &c, 0,
				     &(struct insn_memory){ .base = "RSI", .elsewhere = true },
				     &va),
		     -ENOENT, "nobody recorded");
	/* Of a kernel whose CPUs are not known. */
	assert_true(operand_address(f->kernel, a, &c, 0,
				    &(struct insn_memory){ .per_cpu = true, .disp = 8 }, &va) < 0);
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(addresses))
