/* The frame loop of a kernel without ORC, whose vmlinux has call frame information. */
#include <errno.h>
#include <stdlib.h>

#include "kernel/unwind/unwind.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

#include "tests/unit/made_debugfile.h"

#define VMLINUX	  BUILD_DIR "/sample_frames"
#define STACK	  (FAKE_BASE + 0x20000)
#define STACK_END (FAKE_BASE + 0x22000)
#define SP	  (STACK + 0x100)

static const struct kernel_options options = { .vmlinux = VMLINUX, .force = true };

static uint64_t place(const char *name)
{
	struct debugfile *f;
	uint64_t va;

	assert_ok(debugfile_open_kernel(VMLINUX, 0, &f));
	va = sample_symbol(f, name);
	debugfile_close(f);
	return va;
}

static struct fake *new_kernel(void)
{
	struct fake *f = fake_new();

	f->options = &options;
	put(&f->vmcoreinfo, "KERNELOFFSET=0\n");
	return f;
}

static void stand(struct unwind *u, struct fake *f, const char *where)
{
	fake_open(f);
	assert_ok(unwind_begin(u, f->kernel, 0));
	u->stacks[0] = (struct stack){ .low = STACK, .end = STACK_END };
	u->nr_stacks = 1;
	cursor_set(&u->c, u->arch->pc, place(where));
	cursor_set(&u->c, u->arch->sp, SP);
	u->c.at = SP;
}

static void expect(struct unwind *u, const char *where, uint64_t at, enum frame_source source)
{
	struct frame f;

	assert_int_equal(unwind_next(u, &f), 1);
	assert_int_equal(f.pc, place(where));
	assert_int_equal(f.at, at);
	assert_int_equal(f.source, source);
	assert_false(f.guess);
}

static void expect_end(struct unwind *u)
{
	struct frame f;

	assert_int_equal(unwind_next(u, &f), 0);
}

/* The frame pointer goes through a function that does not use it. */
static void calls(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;

	(void)state;
	fake_put(f, SP + 24, place("by_pointer_in"), 8);
	fake_put(f, SP + 0x80, 0x1234, 8);
	fake_put(f, SP + 0x88, place("ends_in"), 8);
	stand(&u, f, "plain_in");
	cursor_set(&u.c, u.arch->fp, SP + 0x80);
	expect(&u, "plain_in", SP, FRAME_START);
	expect(&u, "by_pointer_in", SP + 24, FRAME_CFI);
	expect(&u, "ends_in", SP + 0x88, FRAME_CFI);
	assert_int_equal(u.c.reg[u.arch->fp], 0x1234);
	expect_end(&u);
	fake_free(f);
}

/* What a function saved is its caller's, who may count from it. */
static void saved_register(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;

	(void)state;
	fake_put(f, SP, SP + 0x40, 8);
	fake_put(f, SP + 8, place("plain_in"), 8);
	fake_put(f, SP + 16 + 24, place("by_rbx_in"), 8);
	fake_put(f, SP + 0x40, place("ends_in"), 8);
	stand(&u, f, "saves_rbx_in");
	expect(&u, "saves_rbx_in", SP, FRAME_START);
	expect(&u, "plain_in", SP + 8, FRAME_CFI);
	expect(&u, "by_rbx_in", SP + 40, FRAME_CFI);
	expect(&u, "ends_in", SP + 0x40, FRAME_CFI);
	expect_end(&u);
	fake_free(f);
}

static void by_expression(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;

	(void)state;
	fake_put(f, SP + 8, SP + 0x208, 8);
	fake_put(f, SP + 0x200, place("ends_in"), 8);
	stand(&u, f, "expression_in");
	expect(&u, "expression_in", SP, FRAME_START);
	expect(&u, "ends_in", SP + 0x200, FRAME_CFI);
	expect_end(&u);
	fake_free(f);
}

/* All registers of what was interrupted are there, also those that a call would have lost. */
static void interrupted(void **state)
{
	struct fake *f = new_kernel();
	struct frame frame;
	struct unwind u;

	(void)state;
	fake_put(f, SP + 8 * 11, SP + 0x300, 8); /* rcx */
	fake_put(f, SP + 8 * 16, place("by_rcx_in"), 8);
	fake_put(f, SP + 8 * 17, 0x10, 8);
	fake_put(f, SP + 8 * 18, 0x246, 8);
	fake_put(f, SP + 8 * 19, SP + 0x200, 8);
	fake_put(f, SP + 0x300, place("ends_in"), 8);
	stand(&u, f, "interrupted_in");
	expect(&u, "interrupted_in", SP, FRAME_START);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_int_equal(frame.pc, place("by_rcx_in"));
	assert_true(frame.signal && frame.regs && !frame.user);
	assert_int_equal(frame.source, FRAME_CFI);
	expect(&u, "ends_in", SP + 0x300, FRAME_CFI);
	expect_end(&u);
	fake_free(f);
}

/* User space, whose registers are the last. */
static void interrupted_user(void **state)
{
	struct fake *f = new_kernel();
	struct frame frame;
	struct unwind u;

	(void)state;
	fake_put(f, SP + 8 * 16, 0x401234, 8);
	fake_put(f, SP + 8 * 17, 0x33, 8);
	fake_put(f, SP + 8 * 18, 0x246, 8);
	stand(&u, f, "interrupted_in");
	expect(&u, "interrupted_in", SP, FRAME_START);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_true(frame.user);
	assert_int_equal(frame.pc, 0x401234);
	expect_end(&u);
	fake_free(f);
}

static void dead_ends(void **state)
{
	static const struct {
		const char *where;
		const char *text;
	} cases[] = {
		{ "hole_in", "has no ORC" },	    /* nor CFI */
		{ "plain_in", "has no ORC" },	    /* the return address is none */
		{ "by_rcx_in", "has no ORC" },	    /* it counts from what is not known */
		{ "interrupted_in", "has no ORC" }, /* no registers are there */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = new_kernel();
		struct frame frame;
		struct unwind u;

		stand(&u, f, cases[i].where);
		expect(&u, cases[i].where, SP, FRAME_START);
		assert_fails(unwind_next(&u, &frame), -ENOENT, cases[i].text);
		fake_free(f);
	}
}

/* The dump alone: then there are frame pointers only. */
static void without_vmlinux(void **state)
{
	struct fake *f = new_kernel();
	struct frame frame;
	struct unwind u;

	(void)state;
	f->options = NULL;
	put(&f->vmcoreinfo, "SYMBOL(_stext)=%lx\nSYMBOL(_etext)=%lx\n", place("_stext"),
	    place("_etext"));
	stand(&u, f, "plain_in");
	expect(&u, "plain_in", SP, FRAME_START);
	assert_int_equal(unwind_next(&u, &frame), -ENOENT);
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(calls), cmocka_unit_test(saved_register),
	   cmocka_unit_test(by_expression), cmocka_unit_test(interrupted),
	   cmocka_unit_test(interrupted_user), cmocka_unit_test(dead_ends),
	   cmocka_unit_test(without_vmlinux))
