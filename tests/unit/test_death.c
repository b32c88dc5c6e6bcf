/* What a kernel died of, by its log alone: there is no stack here. */
#include "kernel/cpu/death.h"

#include <errno.h>

#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

#define VAR  FAKE_BASE
#define DATA (FAKE_BASE + 0x3000)
#define SIZE 0x4000

/* Records of struct printk_log. */
static struct fake *with_log(const char *const *lines)
{
	struct fake *f = fake_new();
	uint64_t at = 0;

	put(&f->vmcoreinfo,
	    "SYMBOL(log_buf)=%llx\nSYMBOL(log_buf_len)=%llx\nSYMBOL(log_first_idx)=%llx\n"
	    "SYMBOL(log_next_idx)=%llx\nSIZE(printk_log)=16\nOFFSET(printk_log.ts_nsec)=0\n"
	    "OFFSET(printk_log.len)=8\nOFFSET(printk_log.text_len)=10\n"
	    "OFFSET(printk_log.dict_len)=12\n",
	    VAR, VAR + 8, VAR + 16, VAR + 24);
	for (; *lines; lines++) {
		size_t n = strlen(*lines), len = (16 + n + 3) & ~3ul;

		fake_put(f, DATA + at + 8, len, 2);
		fake_put(f, DATA + at + 10, n, 2);
		/* "<1>": facility 1, a user's. */
		fake_put(f, DATA + at + 14, !strncmp(*lines, "<1>", 3), 1);
		memcpy(fake_at(f, DATA + at + 16), *lines, n);
		at += len;
	}
	fake_put(f, VAR, DATA, 8);
	fake_put(f, VAR + 8, SIZE, 4);
	fake_put(f, VAR + 24, at, 4);
	return f;
}

static void expect(const char *const *lines, const char *kind, const char *line, uint64_t address)
{
	struct fake *f = with_log(lines);
	struct death d;

	fake_open(f);
	assert_ok(death_find(f->kernel, &d));
	assert_false(d.has_site);
	if (kind)
		assert_string_equal(d.kind, kind);
	else
		assert_null(d.kind);
	if (line)
		assert_string_equal(d.line.data, line);
	else
		assert_int_equal(d.line.len, 0);
	assert_int_equal(d.has_address, address != ~0ull);
	if (d.has_address)
		assert_int_equal(d.address, address);
	death_fini(&d);
	fake_free(f);
}

#define EXPECT(kind, line, address, ...) \
	expect((const char *const[]){ __VA_ARGS__, NULL }, kind, line, address)

static void kinds(void **state)
{
	(void)state;
	EXPECT(NULL, NULL, ~0ull, "Linux version 6.1", "all is well");
	EXPECT("page fault", "BUG: kernel NULL pointer dereference, address: 0000000000000028",
	       0x28, "BUG: kernel NULL pointer dereference, address: 0000000000000028",
	       "Oops: 0000 [#1] SMP", "RIP: 0010:f+0x1/0x2", "CR2: ffffffffffffffd6");
	/* As kernels wrote it before v5.1. */
	EXPECT("page fault",
	       "BUG: unable to handle kernel NULL pointer dereference at 0000000000000028", 0x28,
	       "BUG: unable to handle kernel NULL pointer dereference at 0000000000000028");
	EXPECT("page fault", "BUG: unable to handle kernel paging request at ffffc90000001000",
	       0xffffc90000001000,
	       "BUG: unable to handle kernel paging request at ffffc90000001000");
	EXPECT("BUG()", "kernel BUG at fs/inode.c:1!", ~0ull, "kernel BUG at fs/inode.c:1!",
	       "invalid opcode: 0000 [#1]", "CR2: 00007f3996a6f000 CR3: 0");
	EXPECT("stack overflow", "BUG: TASK stack guard page was hit at 000000002dd2487d",
	       0xff787356, "BUG: TASK stack guard page was hit at 000000002dd2487d",
	       "CR2: 00000000ff787356 CR3: 0");
	EXPECT("hung task", "Kernel panic - not syncing: hung_task: blocked tasks", ~0ull,
	       "INFO: task a:1 blocked for more than 120 seconds.",
	       "Kernel panic - not syncing: hung_task: blocked tasks");
	EXPECT("panic", "Kernel panic - not syncing: of boredom", ~0ull,
	       "Kernel panic - not syncing: of boredom");
}

/* What users write to the log looks the same. */
static void of_users(void **state)
{
	(void)state;
	EXPECT(NULL, NULL, ~0ull, "<1>kernel BUG at fs/inode.c:1!");
}

/* The first of an oops, whatever comes of it; but not one that the kernel survived. */
static void which_of_several(void **state)
{
	(void)state;
	EXPECT("page fault", "BUG: kernel NULL pointer dereference, address: 0000000000000008", 8,
	       "BUG: kernel NULL pointer dereference, address: 0000000000000008",
	       "BUG: kernel NULL pointer dereference, address: 0000000000000010",
	       "---[ end trace 0 ]---", "Kernel panic - not syncing: Fatal exception");
	EXPECT("hung task", "Kernel panic - not syncing: hung_task: blocked tasks", ~0ull,
	       "BUG: kernel NULL pointer dereference, address: 0000000000000008",
	       "---[ end trace 0 ]---", "Kernel panic - not syncing: hung_task: blocked tasks");
	EXPECT("sysrq", "sysrq: Trigger a crash", ~0ull, "kernel BUG at a.c:1!",
	       "---[ end trace 0 ]---", "sysrq: Trigger a crash",
	       "Kernel panic - not syncing: sysrq triggered crash");
	/* A warning ends with the same mark. */
	EXPECT("panic", "Kernel panic - not syncing: x", ~0ull, "WARNING: CPU: 0",
	       "---[ end trace 0 ]---", "Kernel panic - not syncing: x");
}

static void details(void **state)
{
	static const char *const lines[] = {
		"watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:1]",
		"watchdog: BUG: soft lockup - CPU#0 stuck for 48s! [a:1]",
		"BUG: unable to handle page fault for address: ffffffffc0303da0",
		"#PF: supervisor instruction fetch in kernel mode",
		"#PF: error_code(0x0011) - permissions violation",
		"RIP: 0010:0x0",
		"#PF: of another one",
		NULL
	};
	struct fake *f = with_log(lines);
	struct death d;

	(void)state;
	fake_open(f);
	assert_ok(death_find(f->kernel, &d));
	assert_string_equal(d.access.data, "supervisor instruction fetch in kernel mode, "
					   "error_code(0x0011) - permissions violation");
	assert_string_equal(d.report.data, lines[1]);
	death_fini(&d);
	fake_free(f);
}

static void damaged(void **state)
{
	static const char *const lines[] = { "kernel BUG at a.c:1!", NULL };
	struct fake *f = with_log(lines);
	struct death d;

	(void)state;
	f->missing[3] = true;
	fake_open(f);
	assert_int_equal(death_find(f->kernel, &d), -ENODATA);
	assert_null(d.kind);
	death_fini(&d);
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(kinds), cmocka_unit_test(of_users), cmocka_unit_test(which_of_several),
	   cmocka_unit_test(details), cmocka_unit_test(damaged))
