/* arm64: frame records, the registers that the entry code saves, functions without a frame, signed
 * return addresses, and records that lead astray. */
#include "kernel/unwind/unwind.h"

#include <errno.h>

#include "tests/unit/made_kallsyms.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define TEXT	  (FAKE_BASE + 0x10000)
#define TEXT_END  (FAKE_BASE + 0x12000)
#define ENTRY	  (FAKE_BASE + 0x11000)
#define ENTRY_END (FAKE_BASE + 0x11400)
#define TASK	  (FAKE_BASE + 0x30000)
#define STACK	  (FAKE_BASE + 0x20000)
#define STACK_END (FAKE_BASE + 0x24000)
#define REGS_SIZE 336
#define RECORD	  304 /* of stackframe in struct pt_regs */
#define TOP	  (STACK_END - REGS_SIZE)
#define SYMBOLS	  1500
#define FUNCTION  (TEXT + 0x80) /* of 32 bytes: see made_symbol_address() */
#define SIGNED	  0x0a5a000000000000ull

#define STP    0xa9bf7bfd /* stp x29, x30, [sp, #-16]! */
#define MOV_FP 0x910003fd /* mov x29, sp */
#define LDP    0xa8c17bfd /* ldp x29, x30, [sp], #16 */
#define RET    0xd65f03c0
#define NOP    0xd503201f

enum { PC, LR, SP, PSTATE, X29 };

static struct fake *new_kernel(void)
{
	struct made_kallsyms m = {
		.va = FAKE_BASE, .text = TEXT, .nr = SYMBOLS, .encoding = KALLSYMS_RELATIVE
	};
	struct fake *f = fake_arm64(TEXT);

	made_kallsyms(&m);
	assert_true(m.blob.len < TEXT - FAKE_BASE);
	memcpy(fake_at(f, FAKE_BASE), m.blob.data, m.blob.len);
	blob_fini(&m.blob);
	put(&f->vmcoreinfo,
	    "SYMBOL(_etext)=%llx\nSYMBOL(__entry_text_start)=%llx\nSYMBOL(__entry_text_end)=%llx\n",
	    TEXT_END, ENTRY, ENTRY_END);
	fake_put(f, TASK + 8, STACK, 8);
	return f;
}

static void put_record(struct fake *f, uint64_t at, uint64_t next, uint64_t pc)
{
	fake_put(f, at, next, 8);
	fake_put(f, at + 8, pc, 8);
}

/* A call that ends at @behind. */
static void put_call(struct fake *f, uint64_t behind, uint64_t target)
{
	fake_put(f, behind - 4, 0x94000000 | ((target - (behind - 4)) >> 2 & 0x3ffffff), 4);
}

/* What the entry code saves at @at of who was at @pc. */
static void put_regs(struct fake *f, uint64_t at, uint64_t pc, uint64_t sp, uint64_t fp,
		     uint64_t pstate)
{
	for (unsigned int i = 0; i < 31; i++)
		fake_put(f, at + 8 * i, 0x100 + i, 8);
	fake_put(f, at + 8 * 29, fp, 8);
	fake_put(f, at + 248, sp, 8);
	fake_put(f, at + 256, pc, 8);
	fake_put(f, at + 264, pstate, 8);
}

static void stand(struct unwind *u, struct fake *f, const char *types, uint64_t pc, uint64_t sp,
		  uint64_t fp)
{
	fake_open(f);
	fake_structs(f, types);
	assert_ok(unwind_begin(u, f->kernel, TASK));
	u->stacks[0] = (struct stack){ .low = STACK, .end = STACK_END };
	u->nr_stacks = 1;
	cursor_set(&u->c, PC, pc);
	cursor_set(&u->c, SP, sp);
	cursor_set(&u->c, X29, fp);
	u->c.at = sp;
}

static const char types[] = "u64x2 16 u64 a@0 u64 b@8\n"
			    "thread_union 16384 u64 stack@0\n"
			    "pt_regs 336 u64[31] regs@0 u64x2 stackframe@304\n"
			    "task_struct 64 ptr stack@8\n";

/* Since v6.13 a record of zeros has a third word. */
static const char types_meta[] = "frame_record_meta 24 u64 fp@0 u64 lr@8 u64 type@16\n"
				 "thread_union 16384 u64 stack@0\n"
				 "pt_regs 336 u64[31] regs@0 frame_record_meta stackframe@304\n"
				 "task_struct 64 ptr stack@8\n";

static struct frame expect(struct unwind *u, uint64_t pc, uint64_t at)
{
	struct frame f;

	assert_int_equal(unwind_next(u, &f), 1);
	assert_int_equal(f.pc, pc);
	if (at)
		assert_int_equal(f.at, at);
	return f;
}

static void expect_end(struct unwind *u)
{
	struct frame f;

	assert_int_equal(unwind_next(u, &f), 0);
}

/* The address is signed in the bits that no address uses. */
static void calls(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;
	struct frame frame;

	(void)state;
	put_record(f, STACK + 0x100, STACK + 0x200, (TEXT + 0x40) ^ SIGNED);
	put_record(f, STACK + 0x200, TOP + RECORD, TEXT + 0x80);
	put_regs(f, TOP, 0x401234, 0x7ffc0000, 0, 0x60001000);
	stand(&u, f, types, TEXT + 8, STACK + 0x100, STACK + 0x100);
	expect(&u, TEXT + 8, STACK + 0x100);
	frame = expect(&u, TEXT + 0x40, STACK + 0x108);
	assert_int_equal(frame.source, FRAME_RULE);
	assert_false(frame.guess || frame.signal || frame.user);
	expect(&u, TEXT + 0x80, STACK + 0x208);
	frame = expect(&u, 0x401234, TOP);
	assert_true(frame.user && frame.regs);
	assert_int_equal(frame.regs->reg[SP], 0x7ffc0000);
	expect_end(&u);
	fake_free(f);
}

/* A thread of the kernel has registers on top, but not of user space; the first task has zeros. */
static void ends(void **state)
{
	static const uint64_t pstates[] = { 0x5, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pstates); i++) {
		struct fake *f = new_kernel();
		struct unwind u;

		put_record(f, STACK + 0x100, TOP + RECORD, TEXT + 0x40);
		put_regs(f, TOP, 0, 0, 0, pstates[i]);
		stand(&u, f, types, TEXT + 8, STACK + 0x100, STACK + 0x100);
		expect(&u, TEXT + 8, 0);
		expect(&u, TEXT + 0x40, 0);
		expect_end(&u);
		fake_free(f);
	}
}

/* The handler returns to the entry code, whose record is among the registers that it saved. */
static void must_be_interrupted(bool meta)
{
	const uint64_t regs = STACK + 0x200;
	struct fake *f = new_kernel();
	struct unwind u;
	struct frame frame;

	put_record(f, STACK + 0x100, regs + RECORD, ENTRY + 0x64);
	put_regs(f, regs, TEXT + 0x100, STACK + 0x400, STACK + 0x400, 0x5);
	if (meta)
		fake_put(f, regs + RECORD + 16, 2, 8);
	else
		put_record(f, regs + RECORD, STACK + 0x400, TEXT + 0x100);
	fake_put(f, TEXT + 0xf0, STP, 4);
	fake_put(f, TEXT + 0xf4, MOV_FP, 4);
	put_record(f, STACK + 0x400, TOP + RECORD, TEXT + 0x140);
	if (meta)
		fake_put(f, TOP + RECORD + 16, 1, 8);
	put_regs(f, TOP, 0x401234, 0x7ffc0000, 0, 0);
	stand(&u, f, meta ? types_meta : types, TEXT + 8, STACK + 0x100, STACK + 0x100);
	expect(&u, TEXT + 8, 0);
	expect(&u, ENTRY + 0x64, STACK + 0x108);
	frame = expect(&u, TEXT + 0x100, regs);
	assert_true(frame.signal && frame.regs && !frame.user);
	assert_int_equal(frame.regs->reg[X29], STACK + 0x400);
	assert_int_equal(frame.regs->reg[X29 + 29], 0x100);
	expect(&u, TEXT + 0x140, STACK + 0x408);
	assert_true(expect(&u, 0x401234, TOP).user);
	expect_end(&u);
	fake_free(f);
}

static void interrupted(void **state)
{
	(void)state;
	must_be_interrupted(false);
	must_be_interrupted(true);
}

/* A function, of which @code are the instructions, was interrupted after @done of them: is the address to
 * return to in the register still? */
static void must_return(const uint32_t *code, size_t n, size_t done, bool by_register)
{
	const uint64_t called = TEXT + 0x240, caller = TEXT + 0x280;
	struct fake *f = new_kernel();
	struct unwind u;

	for (size_t i = 0; i < n; i++)
		fake_put(f, FUNCTION + 4 * i, code[i], 4);
	put_call(f, called, FUNCTION);
	put_call(f, caller, TEXT + 0x200);
	put_record(f, STACK + 0x100, STACK + 0x200, caller);
	stand(&u, f, types, FUNCTION + 4 * done, STACK + 0x100, STACK + 0x100);
	cursor_set(&u.c, LR, called ^ SIGNED);
	u.c.signal = true;
	expect(&u, FUNCTION + 4 * done, 0);
	if (by_register)
		expect(&u, called, 0);
	expect(&u, caller, STACK + 0x108);
	fake_free(f);
}

static void frameless(void **state)
{
	static const uint32_t leaf[] = { NOP, NOP, RET };
	static const uint32_t framed[] = { NOP, STP, MOV_FP, NOP, LDP, RET, NOP };

	(void)state;
	must_return(leaf, 3, 0, true);
	must_return(leaf, 3, 2, true);
	must_return(framed, 7, 0, true);
	must_return(framed, 7, 2, true);
	must_return(framed, 7, 3, false);
	must_return(framed, 7, 4, false);
	must_return(framed, 7, 5, true);
	must_return(framed, 7, 6, false);
}

/* A call of what is no code: the register has the address to return to. */
static void nowhere(void **state)
{
	static const uint64_t places[] = { 0, 0x1234, FAKE_BASE + 0x100 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct fake *f = new_kernel();
		struct unwind u;

		put_call(f, TEXT + 0x80, TEXT + 0x40);
		put_record(f, STACK + 0x100, STACK + 0x200, TEXT + 0xc0);
		stand(&u, f, types, places[i], STACK + 0x100, STACK + 0x100);
		cursor_set(&u.c, LR, TEXT + 0x80);
		u.c.signal = true;
		expect(&u, places[i], 0);
		expect(&u, TEXT + 0x80, 0);
		expect(&u, TEXT + 0xc0, STACK + 0x108);
		fake_free(f);
	}
}

/* Records that lead down, to themselves, to no code, off the stack or into nothing. */
static void astray(void **state)
{
	static const struct {
		uint64_t next, pc;
	} cases[] = {
		{ STACK + 0x100, TEXT + 0x40 }, { STACK + 0x80, TEXT + 0x40 },
		{ STACK + 0x200, 0x1234 },	{ STACK + 0x205, TEXT + 0x40 },
		{ 0x10, TEXT + 0x40 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = new_kernel();
		struct unwind u;
		struct frame frame;
		int r = 1, n = 0;

		put_record(f, STACK + 0x100, cases[i].next, cases[i].pc);
		put_record(f, STACK + 0x80, STACK + 0x100, TEXT + 0x40);
		stand(&u, f, types, TEXT + 8, STACK + 0x100, STACK + 0x100);
		while (r > 0 && n++ < 10)
			r = unwind_next(&u, &frame);
		assert_true(n < 10);
		assert_true(r < 0 || frame.guess);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(calls), cmocka_unit_test(ends), cmocka_unit_test(interrupted),
	   cmocka_unit_test(frameless), cmocka_unit_test(nowhere), cmocka_unit_test(astray))
