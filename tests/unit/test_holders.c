/* Who has what open: tasks that share descriptors, that do not, and whose table is damaged. */
#include <errno.h>

#include "kernel/file/holders.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n) ((uint64_t)(FAKE_BASE + (n)))

static const char types[] =
	"task_struct 128 u32 __state@0 u32 exit_state@4 u32 flags@8 s32 pid@12 s32 tgid@16 "
	"u64[2] tasks@24 u64[2] thread_node@40 ptr signal@56 ptr files@64 u8[16] comm@72\n"
	"files_struct 16 ptr fdt@8\n"
	"fdtable 32 u32 max_fds@0 ptr fd@8 ptr close_on_exec@16\n"
	"file 32 ptr f_op@0 ptr private_data@8\n";

#define TASK(i)	 AT(0x1000 + 0x100 * (i))
#define FILES(i) AT(0x2000 + 0x200 * (i))
#define FILE_(i) AT(0x4000 + 0x20 * (i))
#define SOCKETS	 AT(0x5000) /* operations */
#define OTHERS	 AT(0x5100)
#define WHAT(i)	 AT(0x6000 + 0x10 * (i))
#define NR_TASKS 4
#define NR_FDS	 64

static void put_files(struct fake *f, unsigned int i)
{
	uint64_t table = FILES(i) + 0x20, array = AT(0x8000 + 0x1000 * i);

	fake_put(f, FILES(i) + 8, table, 8);
	fake_put(f, table, NR_FDS, 4);
	fake_put(f, table + 8, array, 8);
	fake_put(f, table + 16, FILES(i) + 0x40, 8);
}

static void put_fd(struct fake *f, unsigned int table, unsigned int fd, unsigned int file)
{
	fake_put(f, AT(0x8000 + 0x1000 * table) + 8 * fd, FILE_(file), 8);
}

/* Tasks 1 and 2 are threads of a process, 3 is one that has the socket of the first too; the idle task
 * has nothing. */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(init_task)=%lx\nSYMBOL(socket_file_ops)=%lx\n", TASK(0),
	    SOCKETS);
	for (unsigned int i = 0; i < NR_TASKS; i++) {
		fake_put(f, TASK(i) + 12, i, 4);
		fake_put(f, TASK(i) + 16, i == 2 ? 1 : i, 4);
		fake_put(f, TASK(i) + 24, TASK((i + 1) % NR_TASKS) + 24, 8);
		fake_put(f, TASK(i) + 64, !i ? 0 : FILES(i == 3), 8);
		memcpy(fake_at(f, TASK(i) + 72), "a \"b", 4);
	}
	put_files(f, 0);
	put_files(f, 1);
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, FILE_(i), i == 2 ? OTHERS : SOCKETS, 8);
		fake_put(f, FILE_(i) + 8, WHAT(i), 8);
	}
	put_fd(f, 0, 3, 0);
	put_fd(f, 0, 5, 1);
	put_fd(f, 0, 6, 2); /* no socket */
	put_fd(f, 1, 9, 0);
	return f;
}

static void whole(void **state)
{
	struct fake *f = make();
	const struct holder *v;
	struct holders h;
	STRBUF(text);
	size_t n;

	(void)state;
	fake_open(f);
	fake_structs(f, types);
	assert_ok(holders_find(f->kernel, "socket_file_ops", NULL, &h));
	assert_int_equal(h.n, 3);
	assert_null(h.problems.data);
	v = holders_of(&h, WHAT(0), &n);
	assert_int_equal(n, 2);
	assert_int_equal(v[0].pid, 1);
	assert_int_equal(v[0].fd, 3);
	assert_int_equal(v[1].pid, 3);
	assert_int_equal(v[1].fd, 9);
	assert_null(holders_of(&h, WHAT(2), &n));
	assert_int_equal(n, 0);
	put_holders(&text, f->kernel, &h, WHAT(0));
	put_str(&text, " ");
	put_holders(&text, f->kernel, &h, WHAT(2));
	assert_string_equal(text.data, "users:((\"a\\040\\042b\",pid=1,fd=3),"
				       "(\"a\\040\\042b\",pid=3,fd=9)) -");
	holders_fini(&h);
	fake_free(f);
}

/* A table that cannot be hides no other. */
static void broken(void **state)
{
	struct fake *f = make();
	struct holders h;
	size_t n;

	(void)state;
	fake_put(f, FILES(0) + 8, 0x400000, 8);
	fake_put(f, FILES(1) + 0x20, 0xffffffff, 4);
	fake_open(f);
	fake_structs(f, types);
	assert_ok(holders_find(f->kernel, "socket_file_ops", NULL, &h));
	assert_int_equal(h.n, 0);
	assert_non_null(strstr(h.problems.data, "task 1: "));
	assert_non_null(strstr(h.problems.data, "task 3: room for"));
	holders_fini(&h);
	fake_free(f);

	f = make();
	fake_put(f, FILES(0) + 8, 0x400000, 8);
	fake_open(f);
	fake_structs(f, types);
	assert_ok(holders_find(f->kernel, "socket_file_ops", NULL, &h));
	assert_non_null(holders_of(&h, WHAT(0), &n));
	assert_int_equal(n, 1);
	assert_fails(holders_find(f->kernel, "no_such_fops", NULL, &h), -ENOENT, "no_such_fops");
	holders_fini(&h);
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(broken))
