/* Stacks as kernels before v4.1 leave them: a task sleeps behind switch_to(), its frames hang by their
 * pointers, and a system call has saved half of the registers; and each way in which these lead nowhere. */
#include <errno.h>

#include "kernel/task/user_regs.h"
#include "kernel/unwind/unwind.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define TEXT	  (FAKE_BASE + 0x10000)
#define SCHEDULE  TEXT
#define SWITCH	  (TEXT + 0x200)
#define CALLER	  (TEXT + 0x400)
#define ENTRY	  (TEXT + 0x800)
#define FORK	  (TEXT + 0x900)
#define ENTRY_END (TEXT + 0xa00)
#define TEXT_END  (TEXT + 0x1000)
#define TASK	  (FAKE_BASE + 0x1000)
#define STACK	  (FAKE_BASE + 0x20000)
#define STACK_END (STACK + 0x4000)
#define SP	  (STACK + 0x3000)
#define BP	  (STACK + 0x3100)
#define TOP_BP	  (STACK_END - 120 - 16)
#define REGS	  (STACK_END - 168)
#define USER_IP	  0x401770ull
#define USER_SP	  0x7ffc12345678ull
#define TIF_FORK  (1u << 18)

enum { T_STACK = 0, T_SP = 8, T_USERSP = 16, T_REFCOUNT = 28, I_FLAGS = 8 };

static const char types[] = "thread_info 64 ptr task@0 u32 flags@8 u32 status@12 u32 cpu@16\n"
			    "thread_union 16384 thread_info thread_info@0\n"
			    "thread_struct 16 u64 sp@0 u64 usersp@8\n"
			    "task_struct 64 ptr stack@0 thread_struct thread@8 u32 flags@24 "
			    "u32 stack_refcount@28\n";

static void put_call(struct fake *f, uint64_t behind, uint64_t target)
{
	fake_put(f, behind - 5, 0xe8, 1);
	fake_put(f, behind - 4, target - behind, 4);
}

static struct fake *made(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo,
	    "SYMBOL(_stext)=%llx\nSYMBOL(_etext)=%llx\nSYMBOL(__schedule)=%llx\n"
	    "SYMBOL(__switch_to)=%llx\nSYMBOL(caller)=%llx\nSYMBOL(system_call)=%llx\n"
	    "SYMBOL(__entry_text_start)=%llx\nSYMBOL(__entry_text_end)=%llx\n"
	    "SYMBOL(ret_from_fork)=%llx\n",
	    TEXT, TEXT_END, SCHEDULE, SWITCH, CALLER, ENTRY, ENTRY, ENTRY_END, FORK);
	put_call(f, SCHEDULE + 0x80, CALLER);
	put_call(f, SCHEDULE + 0x100, SWITCH);
	put_call(f, CALLER + 0x40, SCHEDULE);
	put_call(f, ENTRY + 0x40, CALLER);
	fake_put(f, TASK + T_STACK, STACK, 8);
	fake_put(f, TASK + T_REFCOUNT, 1, 4);
	fake_put(f, TASK + T_SP, SP, 8);
	fake_put(f, TASK + T_USERSP, USER_SP, 8);
	fake_put(f, STACK, TASK, 8);
	fake_put(f, SP, BP, 8);
	fake_put(f, BP, TOP_BP, 8);
	fake_put(f, BP + 8, CALLER + 0x40, 8);
	fake_put(f, TOP_BP, 0x7ffc11111111, 8);
	fake_put(f, TOP_BP + 8, ENTRY + 0x40, 8);
	fake_put(f, REGS + 48, 0x246, 8);    /* r11 */
	fake_put(f, REGS + 128, USER_IP, 8); /* rip */
	fake_put(f, REGS + 136, 0x1234, 8);  /* cs, of something before */
	return f;
}

static int next(struct unwind *u, struct frame *ret)
{
	int r = unwind_next(u, ret);

	return r > 0 && ret->guess ? 2 : r;
}

static void begin(struct unwind *u, struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
	assert_ok(unwind_task(u, f->kernel, TASK));
}

static void expect(struct unwind *u, uint64_t pc)
{
	struct frame f;

	assert_int_equal(next(u, &f), 1);
	assert_int_equal(f.pc, pc);
}

static uint64_t reg(const struct unwind *u, const char *name)
{
	size_t i = 0;

	while (u->arch->regs[i].name && strcmp(u->arch->regs[i].name, name))
		i++;
	assert_true(cursor_knows(&u->c, i));
	return u->c.reg[i];
}

static void asleep(void **state)
{
	struct fake *f = made();
	struct unwind u;
	struct frame frame;

	(void)state;
	begin(&u, f);
	expect(&u, SCHEDULE + 0x100);
	assert_int_equal(u.c.reg[u.arch->sp], SP + 16);
	expect(&u, CALLER + 0x40);
	expect(&u, ENTRY + 0x40);
	assert_int_equal(next(&u, &frame), 1);
	assert_true(frame.user);
	assert_int_equal(frame.pc, USER_IP);
	assert_int_equal(reg(&u, "RSP"), USER_SP);
	assert_int_equal(reg(&u, "RFLAGS"), 0x246);
	assert_int_equal(reg(&u, "CS"), 0x33);
	assert_int_equal(next(&u, &frame), 0);
	fake_free(f);
}

/* All of what an interrupt saves is there. */
static void interrupted(void **state)
{
	struct fake *f = made();
	struct unwind u;
	struct frame frame;

	(void)state;
	fake_put(f, REGS + 136, 0x33, 8);
	fake_put(f, REGS + 144, 0x10202, 8);
	fake_put(f, REGS + 152, USER_SP + 8, 8);
	fake_put(f, REGS + 160, 0x2b, 8);
	begin(&u, f);
	for (int i = 0; i < 3; i++)
		assert_int_equal(next(&u, &frame), 1);
	assert_int_equal(next(&u, &frame), 1);
	assert_true(frame.user);
	assert_int_equal(reg(&u, "RSP"), USER_SP + 8);
	assert_int_equal(reg(&u, "RFLAGS"), 0x10202);
	fake_free(f);
}

static void user_registers(void **state)
{
	const struct arch_reg *regs;
	struct fake *f = made();
	struct cursor c;
	struct unwind u;

	(void)state;
	begin(&u, f);
	regs = u.arch->regs;
	assert_ok(user_regs(f->kernel, TASK, &c));
	for (size_t i = 0; regs[i].name; i++) {
		if (!strcmp(regs[i].name, "RIP"))
			assert_int_equal(c.reg[i], USER_IP);
		/* nobody saved it where it could be found */
		if (!strcmp(regs[i].name, "R12"))
			assert_false(cursor_knows(&c, i));
	}
	fake_free(f);
}

/* The pointer that is left behind leads to the stack of another. */
static void stack_is_given_back(void **state)
{
	struct fake *f = made();
	struct unwind u;

	(void)state;
	fake_put(f, TASK + T_REFCOUNT, 0, 4);
	fake_open(f);
	fake_structs(f, types);
	assert_fails(unwind_task(&u, f->kernel, TASK), -ENOENT, "given its stack back");
	fake_free(f);
}

/* A thread that has not run yet, of a process and of the kernel. */
static void not_run_yet(void **state)
{
	(void)state;
	for (int user = 0; user < 2; user++) {
		struct fake *f = made();
		struct unwind u;
		struct frame frame;

		fake_put(f, STACK + I_FLAGS, TIF_FORK, 4);
		fake_put(f, TASK + T_SP, REGS, 8);
		fake_put(f, REGS + 128, user ? USER_IP : 0, 8);
		fake_put(f, REGS + 136, user ? 0x33 : 0x10, 8);
		fake_put(f, REGS + 144, 0x202, 8);
		fake_put(f, REGS + 160, user ? 0x2b : 0x18, 8);
		begin(&u, f);
		expect(&u, FORK);
		assert_int_equal(next(&u, &frame), user);
		assert_true(!user || frame.user);
		fake_free(f);
	}
}

static void broken(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
	} cases[] = {
		{ TASK + T_SP, 0x1000, -EFAULT },
		{ TASK + T_STACK, 0x1000, -EFAULT },
		{ SCHEDULE + 0x100 - 5, 0x90, -ENOENT }, /* it calls no switch_to() */
	};
	struct unwind u;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made();

		fake_put(f, cases[i].at, cases[i].value, 8);
		fake_open(f);
		fake_structs(f, types);
		assert_fails(unwind_task(&u, f->kernel, TASK), cases[i].code, "");
		fake_free(f);
	}
}

/* Pointers that lead back, and to no code, end the walk or make it guess; it never goes on for good. */
static void astray(void **state)
{
	static const struct {
		uint64_t at, value;
	} cases[] = {
		{ BP, SP },	   { BP, BP },	      { BP + 8, 0x1234 },
		{ TOP_BP + 8, 0 }, { REGS + 128, 0 }, { REGS + 128, SCHEDULE + 0x80 },
		{ SP, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made();
		struct frame frame;
		struct unwind u;
		unsigned int n = 0;

		fake_put(f, cases[i].at, cases[i].value, 8);
		begin(&u, f);
		while (unwind_next(&u, &frame) > 0 && n < 20)
			n++;
		assert_true(n >= 1 && n < 10);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(asleep), cmocka_unit_test(interrupted), cmocka_unit_test(not_run_yet),
	   cmocka_unit_test(user_registers), cmocka_unit_test(stack_is_given_back),
	   cmocka_unit_test(broken), cmocka_unit_test(astray))
