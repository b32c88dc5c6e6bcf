/* The frame loop on a made stack: calls, registers, holes in the rules, and every way to go astray. */
#include "kernel/unwind/unwind.h"

#include <errno.h>

#include "dump/base/limits.h"
#include "kernel/symbol/symbols.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_kallsyms.h"
#include "tests/unit/made_structs.h"
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

/* An NMI amid a debug exception amid a task: each on a stack of its own. */
static void exception_stacks(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;
	struct frame frame;

	(void)state;
	put_regs_at(f, STACK + 0x8100, TEXT + STRIDE * REGS + 1, 0x10, STACK + 0x6100);
	put_regs_at(f, STACK + 0x6100, TEXT + 3, 0x10, STACK + 0x200);
	fake_put(f, STACK + 0x208, in(ENDS), 8);
	stand(&u, f, in(REGS), STACK + 0x8100);
	u.stacks[0] = (struct stack){ .low = STACK, .end = STACK + 0x4000 };
	u.stacks[1] = (struct stack){ "DEBUG exception stack", STACK + 0x6000, STACK + 0x7000 };
	u.stacks[2] = (struct stack){ "NMI exception stack", STACK + 0x8000, STACK + 0x9000 };
	u.nr_stacks = 3;
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_ptr_equal(frame.stack, &u.stacks[2]);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_true(frame.regs && frame.signal);
	assert_ptr_equal(frame.stack, &u.stacks[2]);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_true(frame.regs && frame.pc == TEXT + 3);
	assert_ptr_equal(frame.stack, &u.stacks[1]);
	expect(&u, in(ENDS), STACK + 0x208);
	assert_int_equal(unwind_next(&u, &frame), 0);
	fake_free(f);
}

/* Registers on two stacks that each lead to the other. */
static void from_stack_to_stack(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;
	struct frame frame;
	int r, n = 0;

	(void)state;
	put_regs_at(f, STACK + 0x8100, TEXT + STRIDE * REGS + 1, 0x10, STACK + 0x6100);
	put_regs_at(f, STACK + 0x6100, TEXT + STRIDE * REGS + 1, 0x10, STACK + 0x8100);
	stand(&u, f, in(REGS), STACK + 0x8100);
	u.stacks[0] = (struct stack){ "DEBUG exception stack", STACK + 0x6000, STACK + 0x7000 };
	u.stacks[1] = (struct stack){ "NMI exception stack", STACK + 0x8000, STACK + 0x9000 };
	u.nr_stacks = 2;
	while ((r = unwind_next(&u, &frame)) > 0)
		n++;
	assert_int_equal(r, -ELOOP);
	assert_true(n <= STACKS_MAX + 1);
	fake_free(f);
}

#define TASK (FAKE_BASE + 0x32000)

/* It begins where a fork ends, and below that is user space. */
static void never_ran(void **state)
{
	struct fake *f = new_kernel();
	struct unwind u;
	struct frame frame;

	(void)state;
	put(&f->vmcoreinfo, "SYMBOL(ret_from_fork_asm)=%llx\n", TEXT + STRIDE * REGS);
	fake_put(f, TASK, STACK, 8);
	fake_put(f, TASK + 8, STACK + 0x3f00, 8);
	fake_put(f, STACK + 0x3f30, TEXT + STRIDE * REGS, 8);
	put_regs_at(f, STACK + 0x3f38, 0x401000, 0x33, 0x7ffc0000);
	fake_open(f);
	fake_structs(f,
		     "thread_struct 8 u64 sp@0\n"
		     "task_struct 16 ptr stack@0 thread_struct thread@8\n"
		     "thread_union 16384 u64 stack@0\n"
		     "inactive_task_frame 56 u64 r15@0 u64 r14@8 u64 r13@16 u64 r12@24 u64 bx@32 "
		     "u64 bp@40 u64 ret_addr@48\n");
	assert_ok(unwind_task(&u, f->kernel, TASK));
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_int_equal(frame.pc, TEXT + STRIDE * REGS);
	assert_true(frame.signal && !frame.guess);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_true(frame.user);
	assert_int_equal(frame.pc, 0x401000);
	assert_int_equal(unwind_next(&u, &frame), 0);
	fake_free(f);
}

#define BPF	 (FAKE_BASE + 0x30000)
#define BPF_LIST (FAKE_BASE + 0x31000)

/* A BPF program: nop, push %rbp, mov %rsp,%rbp, and a call at +0x20. */
static struct fake *with_bpf(void)
{
	static const unsigned char code[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00, 0x66,
					      0x90, 0x55, 0x48, 0x89, 0xe5 };
	struct fake *f = new_kernel();

	put(&f->vmcoreinfo, "SYMBOL(bpf_kallsyms)=%llx\n", BPF_LIST);
	memcpy(fake_at(f, BPF), code, sizeof(code));
	put_call(f, BPF + 0x20, TEXT);
	fake_put(f, BPF + 0x30, 0xc3c9, 2);
	fake_put(f, BPF_LIST, BPF_LIST + 0x130, 8);
	fake_put(f, BPF_LIST + 8, BPF_LIST + 0x130, 8);
	fake_put(f, BPF_LIST + 0x100, BPF, 8);
	fake_put(f, BPF_LIST + 0x108, BPF + 0x40, 8);
	memcpy(fake_at(f, BPF_LIST + 0x110), "bpf_prog_1_a", 13);
	fake_put(f, BPF_LIST + 0x130, BPF_LIST, 8);
	fake_put(f, BPF_LIST + 0x138, BPF_LIST, 8);
	return f;
}

static void stand_with_bpf(struct unwind *u, struct fake *f, uint64_t pc, uint64_t sp, uint64_t fp)
{
	fake_open(f);
	fake_structs(f, "list_head 16 ptr next@0 ptr prev@8\n"
			"bpf_ksym 64 u64 start@0 u64 end@8 u8[32] name@16 list_head lnode@48\n");
	assert_ok(unwind_begin(u, f->kernel, 0));
	u->stacks[0] = (struct stack){ .low = STACK, .end = STACK_END };
	u->nr_stacks = 1;
	cursor_set(&u->c, u->arch->pc, pc);
	cursor_set(&u->c, u->arch->sp, sp);
	cursor_set(&u->c, u->arch->fp, fp);
	u->c.at = sp;
}

/* It keeps a frame pointer: its caller is no guess. */
static void through_bpf(void **state)
{
	struct fake *f = with_bpf();
	struct unwind u;
	struct frame frame;
	struct symbol s;

	(void)state;
	fake_put(f, STACK + 0x108, BPF + 0x20, 8);
	fake_put(f, STACK + 0x200, STACK + 0x400, 8);
	fake_put(f, STACK + 0x208, in(ENDS), 8);
	stand_with_bpf(&u, f, in(0), STACK + 0x100, STACK + 0x200);
	expect(&u, in(0), STACK + 0x100);
	expect(&u, BPF + 0x20, STACK + 0x108);
	assert_int_equal(unwind_next(&u, &frame), 1);
	assert_int_equal(frame.pc, in(ENDS));
	assert_int_equal(frame.source, FRAME_POINTER);
	assert_false(frame.guess);
	assert_int_equal(unwind_next(&u, &frame), 0);

	assert_ok(symbol_at(f->kernel, BPF + 0x3f, &s));
	assert_string_equal(s.name, "bpf_prog_1_a");
	assert_string_equal(s.module, "bpf");
	assert_int_equal(s.size, 0x40);
	assert_fails(symbol_at(f->kernel, BPF + 0x40, &s), -ENOENT, "no symbol");
	fake_free(f);
}

/* Interrupted where the frame pointer is still, or again, the caller's. */
static void bpf_without_frame(void **state)
{
	static const struct {
		uint64_t pc, at;
	} cases[] = { { BPF, 0 }, { BPF + 7, 0 }, { BPF + 8, 8 }, { BPF + 0x31, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_bpf();
		struct unwind u;

		fake_put(f, STACK + 0x100 + cases[i].at, in(BY_BP), 8);
		fake_put(f, STACK + 0x208, in(1), 8);
		fake_put(f, STACK + 0x218, in(ENDS), 8);
		stand_with_bpf(&u, f, cases[i].pc, STACK + 0x100, STACK + 0x200);
		u.c.signal = true;
		expect(&u, cases[i].pc, STACK + 0x100);
		expect(&u, in(BY_BP), STACK + 0x100 + cases[i].at);
		expect(&u, in(1), STACK + 0x208);
		expect(&u, in(ENDS), STACK + 0x218);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(exception_stacks), cmocka_unit_test(from_stack_to_stack),
	   cmocka_unit_test(never_ran), cmocka_unit_test(through_bpf),
	   cmocka_unit_test(bpf_without_frame), cmocka_unit_test(calls),
	   cmocka_unit_test(interrupted), cmocka_unit_test(no_registers), cmocka_unit_test(nowhere),
	   cmocka_unit_test(by_frame_register), cmocka_unit_test(hole_with_a_call),
	   cmocka_unit_test(hole_without), cmocka_unit_test(dead_ends),
	   cmocka_unit_test(no_progress))
