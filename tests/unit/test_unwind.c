/* The frame loop on a made stack: calls, registers, holes in the rules, and every way to go astray. */
#include "kernel/unwind/unwind.h"

#include <errno.h>

#include "dump/base/limits.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_kallsyms.h"
#include "tests/unit/unit.h"

#define TEXT	  (FAKE_BASE + 0x10000)
#define TEXT_END  (FAKE_BASE + 0x12000)
#define IP	  (FAKE_BASE + 0xe000)
#define RULES	  (FAKE_BASE + 0xf000)
#define STACK	  (FAKE_BASE + 0x20000)
#define STACK_END (FAKE_BASE + 0x2a000)
#define SYMBOLS	  1500
#define ENTRIES	  16
#define STRIDE	  0x100

/* What each piece of STRIDE bytes of text is ruled by; all others are calls with frames of 16 bytes. */
enum { PLAIN, HOLE = 8, REGS = 9, ENDS = 10, BACK = 11, NARROW = 12, BY_BP = 13 };

static const struct {
	int16_t sp, bp;
	uint16_t flags;
} rules[ENTRIES] = {
	[HOLE] = { 0, 0, 0x0000 },  [REGS] = { 0, 0, 0x0b05 },	 [ENDS] = { 0, 0, 0x0100 },
	[BACK] = { -8, 0, 0x0205 }, [NARROW] = { 8, 0, 0x0205 }, [BY_BP] = { 16, -16, 0x0214 },
};

/* Where execution goes on in a piece: behind a call of the start of the piece before it. */
static uint64_t in(unsigned int piece)
{
	return TEXT + STRIDE * piece + 0x40;
}

static void put_call(struct fake *f, uint64_t behind, uint64_t target)
{
	fake_put(f, behind - 5, 0xe8, 1);
	fake_put(f, behind - 4, target - behind, 4);
}

static struct fake *new_kernel(void)
{
	struct made_kallsyms m = {
		.va = FAKE_BASE, .text = TEXT, .nr = SYMBOLS, .encoding = KALLSYMS_RELATIVE
	};
	struct fake *f = fake_new();

	made_kallsyms(&m);
	assert_true(m.blob.len < IP - FAKE_BASE);
	memcpy(fake_at(f, FAKE_BASE), m.blob.data, m.blob.len);
	blob_fini(&m.blob);
	for (unsigned int i = 0; i < ENTRIES; i++) {
		bool plain = !rules[i].flags && i != HOLE;

		fake_put(f, IP + 4 * i, TEXT + STRIDE * i - (IP + 4 * i), 4);
		fake_put(f, RULES + 6 * i, (uint16_t)(plain ? 16 : rules[i].sp), 2);
		fake_put(f, RULES + 6 * i + 2, (uint16_t)rules[i].bp, 2);
		fake_put(f, RULES + 6 * i + 4, plain ? 0x0205 : rules[i].flags, 2);
		put_call(f, in(i), TEXT + (i ? STRIDE * (i - 1) : 0));
	}
	put(&f->vmcoreinfo,
	    "SYMBOL(_stext)=%llx\nSYMBOL(_etext)=%llx\n"
	    "SYMBOL(__start_orc_unwind_ip)=%llx\nSYMBOL(__stop_orc_unwind_ip)=%llx\n"
	    "SYMBOL(__start_orc_unwind)=%llx\n",
	    TEXT, TEXT_END, IP, IP + 4 * ENTRIES, RULES);
	return f;
}

/* Open the kernel and stand at @pc with @sp. */
static void stand(struct unwind *u, struct fake *f, uint64_t pc, uint64_t sp)
{
	fake_open(f);
	assert_ok(unwind_begin(u, f->kernel, 0));
	u->stacks[0] = (struct stack){ .low = STACK, .end = STACK_END };
	u->nr_stacks = 1;
	cursor_set(&u->c, u->arch->pc, pc);
	cursor_set(&u->c, u->arch->sp, sp);
	u->c.at = sp;
}

static void expect(struct unwind *u, uint64_t pc, uint64_t at)
{
	struct frame f;

	assert_int_equal(unwind_next(u, &f), 1);
	assert_int_equal(f.pc, pc);
	assert_int_equal(f.at, at);
}

static void calls(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;
	struct frame frame;

	(void)state;
	fake_put(f, STACK + 0x108, in(1), 8);
	fake_put(f, STACK + 0x118, in(NARROW), 8);
	fake_put(f, STACK + 0x120, in(ENDS), 8);
	stand(&u, f, in(0), STACK + 0x100);
	expect(&u, in(0), STACK + 0x100);
	expect(&u, in(1), STACK + 0x108);
	expect(&u, in(NARROW), STACK + 0x118);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_int_equal(frame.pc, in(ENDS));
	assert_int_equal(frame.source, FRAME_RULE);
	assert_ptr_equal(frame.stack, &u.stacks[0]);
	assert_false(frame.guess || frame.signal || frame.user || frame.regs);
	assert_int_equal(unwind_next(&u, &frame), 0);
	assert_int_equal(unwind_next(&u, &frame), 0);
	fake_free(f);
}

/* struct pt_regs: ip at 128, cs 136, flags 144, sp 152, ss 160. */
static void put_regs_at(struct fake *f, uint64_t at, uint64_t ip, uint64_t cs, uint64_t sp)
{
	for (unsigned int i = 0; i < 16; i++)
		fake_put(f, at + 8 * i, 0x100 + i, 8);
	fake_put(f, at + 128, ip, 8);
	fake_put(f, at + 136, cs, 8);
	fake_put(f, at + 144, 0x246, 8);
	fake_put(f, at + 152, sp, 8);
	fake_put(f, at + 160, 0x18, 8);
}

static void interrupted(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;
	struct frame frame;

	(void)state;
	put_regs_at(f, STACK + 0x100, TEXT + 3, 0x10, STACK + 0x200);
	fake_put(f, STACK + 0x208, in(REGS), 8);
	put_regs_at(f, STACK + 0x210, 0x401234, 0x33, 0x7ffc00001000);
	stand(&u, f, in(REGS), STACK + 0x100);
	expect(&u, in(REGS), STACK + 0x100);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_int_equal(frame.pc, TEXT + 3);
	assert_int_equal(frame.at, STACK + 0x100);
	assert_true(frame.signal && frame.regs && !frame.user);
	assert_int_equal(frame.regs->reg[u.arch->fp], 0x104);
	expect(&u, in(REGS), STACK + 0x208);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_int_equal(frame.pc, 0x401234);
	assert_true(frame.user && frame.regs);
	assert_int_equal(unwind_next(&u, &frame), 0);
	fake_free(f);
}

/* Neither flags nor a selector: nobody was interrupted there. */
static void no_registers(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;
	struct frame frame;

	(void)state;
	put_regs_at(f, STACK + 0x100, TEXT + 3, 0x11, STACK + 0x200);
	stand(&u, f, in(REGS), STACK + 0x100);
	expect(&u, in(REGS), STACK + 0x100);
	assert_fails(unwind_next(&u, &frame), -EBADMSG, "no registers at");
	fake_free(f);
}

/* A call of what is no code: the return address lies on top. */
static void nowhere(void **state)
{
	static const uint64_t places[] = { 0, 0x1234, FAKE_BASE + 0x100 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct fake *f = new_kernel();
		struct unwind u;

		fake_put(f, STACK + 0x100, in(ENDS), 8);
		stand(&u, f, places[i], STACK + 0x100);
		u.c.signal = true;
		expect(&u, places[i], STACK + 0x100);
		expect(&u, in(ENDS), STACK + 0x100);
		fake_free(f);
	}
}

/* The frame pointer is carried along, and what was saved is taken. */
static void by_frame_register(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;

	(void)state;
	fake_put(f, STACK + 0x200, STACK + 0x300, 8);
	fake_put(f, STACK + 0x208, in(1), 8);
	fake_put(f, STACK + 0x218, in(BY_BP), 8);
	fake_put(f, STACK + 0x308, in(ENDS), 8);
	stand(&u, f, in(BY_BP), STACK + 0x100);
	cursor_set(&u.c, u.arch->fp, STACK + 0x200);
	expect(&u, in(BY_BP), STACK + 0x100);
	expect(&u, in(1), STACK + 0x208);
	expect(&u, in(BY_BP), STACK + 0x218);
	expect(&u, in(ENDS), STACK + 0x308);
	fake_free(f);
}

/* Behind a call of the very function: no guess. What is no return address is passed by. */
static void hole_with_a_call(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;
	struct frame frame;

	(void)state;
	fake_put(f, STACK + 0x108, TEXT + 0x77, 8);
	fake_put(f, STACK + 0x110, in(3), 8);
	fake_put(f, STACK + 0x128, in(1), 8);
	put_call(f, in(1), TEXT + STRIDE * HOLE);
	fake_put(f, STACK + 0x138, in(ENDS), 8);
	stand(&u, f, TEXT + STRIDE * HOLE + 9, STACK + 0x100);
	expect(&u, TEXT + STRIDE * HOLE + 9, STACK + 0x100);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_int_equal(frame.at, STACK + 0x128);
	assert_int_equal(frame.source, FRAME_SCAN);
	assert_false(frame.guess);
	expect(&u, in(ENDS), STACK + 0x138);
	fake_free(f);
}

/* No call of this function: the one from which the rules lead to an end, and from then on all hang on
 * a guess. */
static void hole_without(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;
	struct frame frame;

	(void)state;
	fake_put(f, STACK + 0x108, in(3), 8);
	fake_put(f, STACK + 0x140, in(2), 8);
	fake_put(f, STACK + 0x150, in(ENDS), 8);
	stand(&u, f, in(HOLE), STACK + 0x100);
	expect(&u, in(HOLE), STACK + 0x100);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_int_equal(frame.at, STACK + 0x140);
	assert_true(frame.guess);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_true(frame.guess);
	assert_int_equal(frame.source, FRAME_RULE);
	assert_int_equal(unwind_next(&u, &frame), 0);
	fake_free(f);
}

static void dead_ends(void **state)
{
	static const struct {
		uint64_t pc, sp;
		int code;
		const char *text;
	} cases[] = {
		{ TEXT + STRIDE * HOLE + 0x40, STACK + 0x100, -ENOENT, "does not know who called" },
		{ TEXT + STRIDE * BACK + 0x40, STACK + 0x100, -EBADMSG, "is no code" },
		{ TEXT + 0x40, STACK + 0x100, -EBADMSG, "is no code" },
		{ TEXT + 0x40, STACK + 0x104, -EFAULT, "no place on a stack" },
		{ TEXT + 0x40, 0x7ffc00001000, -EFAULT, "no place on a stack" },
		{ TEXT + 0x40, 0, -EFAULT, "no place on a stack" },
		{ TEXT + 0x40, UINT64_MAX - 7, -EFAULT, "" },
		{ TEXT + 0x40, STACK + 0x1ff8, -ENODATA, "stack at" },
		{ TEXT + STRIDE * BY_BP + 0x40, STACK + 0x100, -EBADMSG, "not known" },
		{ 0x1234, STACK + 0x100, -ENOENT, "which is no code" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = new_kernel();
		struct unwind u;
		struct frame frame;

		f->missing[(STACK + 0x2000 - FAKE_BASE) / 4096] = true;
		stand(&u, f, cases[i].pc, cases[i].sp);
		expect(&u, cases[i].pc, cases[i].sp);
		assert_fails(unwind_next(&u, &frame), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

/* A rule that leads back, and frames without end. */
static void no_progress(void **state)
{
	struct fake *f = new_kernel();
	struct frame frame;
	struct unwind u;
	int r, n = 0;

	(void)state;
	fake_put(f, STACK + 0xf0, in(BACK), 8);
	stand(&u, f, in(BACK), STACK + 0x100);
	expect(&u, in(BACK), STACK + 0x100);
	assert_fails(unwind_next(&u, &frame), -ELOOP, "back to");
	fake_free(f);

	f = new_kernel();
	for (uint64_t at = STACK; at < STACK_END; at += 8)
		fake_put(f, at, in(NARROW), 8);
	stand(&u, f, in(NARROW), STACK);
	while ((r = unwind_next(&u, &frame)) > 0)
		n++;
	assert_int_equal(r, -ELOOP);
	assert_int_equal(n, LIMIT_FRAMES);
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(calls), cmocka_unit_test(interrupted), cmocka_unit_test(no_registers),
	   cmocka_unit_test(nowhere), cmocka_unit_test(by_frame_register),
	   cmocka_unit_test(hole_with_a_call), cmocka_unit_test(hole_without),
	   cmocka_unit_test(dead_ends), cmocka_unit_test(no_progress))
