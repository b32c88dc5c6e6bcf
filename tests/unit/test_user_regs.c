/* How a task entered the kernel: what lies at the top of its stack, and what /proc makes of it. */
#include "kernel/task/user_regs.h"

#include <errno.h>

#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define TASK	(FAKE_BASE + 0x4000)
#define STACK	(FAKE_BASE + 0x8000)
#define TOP	(STACK + 0x4000)
#define PT_REGS (TOP - 168)

enum {
	R10 = 7,
	R9,
	R8,
	RAX = 10,
	RCX,
	RDX,
	RSI,
	RDI,
	ORIG_RAX,
	RIP,
	CS,
	RFLAGS,
	RSP,
	SS,
	RBX = 5,
	RBP = 4
};

static void put_reg(struct fake *f, unsigned int reg, uint64_t value)
{
	fake_put(f, PT_REGS + 8 * reg, value, 8);
}

static struct fake *asleep(uint32_t flags, uint32_t status)
{
	struct fake *f = fake_new();

	fake_put(f, TASK, 1, 4);
	fake_put(f, TASK + 8, STACK, 8);
	fake_put(f, TASK + 16, flags, 4);
	fake_put(f, TASK + 20, status, 4);
	for (unsigned int i = 0; i < 15; i++)
		put_reg(f, i, 0x100 + i);
	put_reg(f, ORIG_RAX, 61);
	put_reg(f, RIP, 0x401000);
	put_reg(f, CS, 0x33);
	put_reg(f, RFLAGS, 0x202);
	put_reg(f, RSP, 0x7ffc0000);
	put_reg(f, SS, 0x2b);
	return f;
}

static struct kernel *open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(
		f,
		"thread_info 4 u32 status@0\n"
		"thread_union 16384 u64 stack@0\n"
		"task_struct 32 u32 __state@0 ptr stack@8 u32 flags@16 thread_info thread_info@20\n");
	return f->kernel;
}

static void in_a_call(void **state)
{
	static const uint64_t args[] = { 0x100 + RDI, 0x100 + RSI, 0x100 + RDX,
					 0x100 + R10, 0x100 + R8,  0x100 + R9 };
	struct fake *f = asleep(0, 0);
	struct syscall call;
	struct cursor c;

	(void)state;
	open_it(f);
	assert_ok(task_syscall(f->kernel, TASK, &call));
	assert_false(call.running);
	assert_int_equal(call.nr, 61);
	assert_memory_equal(call.args, args, sizeof(args));
	assert_int_equal(call.sp, 0x7ffc0000);
	assert_int_equal(call.pc, 0x401000);
	assert_ok(user_regs(f->kernel, TASK, &c));
	assert_int_equal(c.at, PT_REGS);
	fake_free(f);
}

static void of_32_bits(void **state)
{
	static const uint64_t args[] = { 0x100 + RBX, 0x100 + RCX, 0x100 + RDX,
					 0x100 + RSI, 0x100 + RDI, 0x100 + RBP };
	struct fake *f = asleep(0, 2);
	struct syscall call;

	(void)state;
	put_reg(f, CS, 0x23);
	open_it(f);
	assert_ok(task_syscall(f->kernel, TASK, &call));
	assert_memory_equal(call.args, args, sizeof(args));
	fake_free(f);
}

/* By a page fault, say: the number is -1, of which the upper half may be anything. */
static void in_none(void **state)
{
	struct fake *f = asleep(0, 0);
	struct syscall call;

	(void)state;
	put_reg(f, ORIG_RAX, 0xffffffff);
	open_it(f);
	assert_ok(task_syscall(f->kernel, TASK, &call));
	assert_int_equal(call.nr, -1);
	fake_free(f);
}

static void runs(void **state)
{
	struct fake *f = asleep(0, 0);
	struct syscall call;

	(void)state;
	fake_put(f, TASK, 0, 4);
	open_it(f);
	assert_ok(task_syscall(f->kernel, TASK, &call));
	assert_true(call.running);
	fake_free(f);
}

static void without(void **state)
{
	struct fake *f = asleep(0x00200000, 0);
	struct syscall call;
	struct cursor c;

	(void)state;
	open_it(f);
	assert_fails(user_regs(f->kernel, TASK, &c), -ENOENT, "kernel thread");
	fake_free(f);

	/* It has exited. */
	f = asleep(0, 0);
	fake_put(f, TASK + 8, 0, 8);
	open_it(f);
	assert_fails(user_regs(f->kernel, TASK, &c), -ENOENT, "given its stack back");
	assert_ok(task_syscall(f->kernel, TASK, &call));
	assert_int_equal(call.nr, -1);
	assert_int_equal(call.sp, 0);
	assert_int_equal(call.pc, 0);
	fake_free(f);

	/* What lies there is not of user space. */
	f = asleep(0, 0);
	put_reg(f, CS, 0x10);
	open_it(f);
	assert_fails(user_regs(f->kernel, TASK, &c), -EBADMSG, "not of user space");
	fake_free(f);

	/* The page is missing. */
	f = asleep(0, 0);
	f->missing[(TOP - 4096 - FAKE_BASE) / 4096] = true;
	open_it(f);
	assert_fails(user_regs(f->kernel, TASK, &c), -ENODATA, "stack at");
	assert_fails(task_syscall(f->kernel, TASK, &call), -ENODATA, "stack at");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(in_a_call), cmocka_unit_test(of_32_bits), cmocka_unit_test(in_none),
	   cmocka_unit_test(runs), cmocka_unit_test(without))
