/* Tasks as kernels before v4.15 have them, of 3.10's layout: a hash of pids, a ring of threads, thread_info
 * on the stack, letters of states by the kernel's own table, times by ticks and in timespecs, groups in
 * blocks; whole, and damaged. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/fields.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"
#include "kernel/task/task.h"
#include "kernel/task/times.h"
#include "tests/unit/made_btf.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define CPUS_AT	 (FAKE_BASE + 0x100)
#define RQ_AT	 (FAKE_BASE + 0x400)
#define PID_NS	 (FAKE_BASE + 0x800)
#define OTHER_NS (FAKE_BASE + 0x880)
#define HASH_PTR (FAKE_BASE + 0x900)
#define SHIFT	 (FAKE_BASE + 0x908)
#define TICK	 (FAKE_BASE + 0x910)
#define CAPS	 (FAKE_BASE + 0x918)
#define TABLE	 (FAKE_BASE + 0xa00)
#define TEXTS	 (FAKE_BASE + 0xb00)
#define HASH	 (FAKE_BASE + 0x1000)
#define SIGNALS	 (FAKE_BASE + 0x2000)
#define PIDS	 (FAKE_BASE + 0x3000)
#define TASKS	 (FAKE_BASE + 0x4000)
#define STACK	 (FAKE_BASE + 0x20000)
#define CRED	 (FAKE_BASE + 0x30000)
#define INFO	 (FAKE_BASE + 0x30100)
#define BLOCKS	 (FAKE_BASE + 0x31000) /* two, the second of which may be missing */

enum { P_LEVEL = 0, P_TASKS = 8, P_NUMBERS = 16, U_SIZE = 32, U_CHAIN = 16 };

static const char types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"hlist_node 16 ptr next@0 ptr pprev@8\n"
	"pid_link 24 hlist_node node@0 ptr pid@16\n"
	"timespec 16 u64 tv_sec@0 u64 tv_nsec@8\n"
	"cputime 16 u64 utime@0 u64 stime@8\n"
	"thread_info 32 ptr task@0 u32 flags@8 u32 status@12 u32 cpu@16\n"
	"task_struct 512 u64 state@0 u32 exit_state@8 u32 pid@12 u32 tgid@16 u32 flags@20 "
	"list_head tasks@24 list_head thread_group@40 pid_link[3] pids@56 ptr signal@128 "
	"ptr stack@136 timespec real_start_time@144 ptr real_cred@160 u64 utime@168 "
	"u64 stime@176 u64 gtime@184 u64 min_flt@192 u64 maj_flt@200 u64 se.exec@208 "
	"cputime prev_cputime@216 ptr group_leader@232 u8[16] comm@240\n"
	"upid 32 s32 nr@0 ptr ns@8 hlist_node pid_chain@16\n"
	"pid 64 u32 level@0 ptr tasks@8 upid[1] numbers@16\n"
	"pid_namespace 16 u32 last_pid@0\n"
	"signal_struct 32 u64 cutime@0 u64 cstime@8 u64 cgtime@16\n"
	"rq 16 ptr curr@0 ptr idle@8\n"
	"group_info 32 s32 ngroups@0 ptr[2] blocks@16\n"
	"kernel_cap_struct 8 u32[2] cap@0\n"
	"cred 128 u32 uid@0 u32 gid@4 u32 suid@8 u32 sgid@12 u32 euid@16 u32 egid@20 u32 fsuid@24 "
	"u32 fsgid@28 kernel_cap_struct cap_inheritable@32 kernel_cap_struct cap_permitted@40 kernel_cap_struct cap_effective@48 "
	"kernel_cap_struct cap_bset@56 ptr group_info@64\n";

enum {
	T_EXIT_STATE = 8,
	T_PID = 12,
	T_TGID = 16,
	T_TASKS = 24,
	T_GROUP = 40,
	T_LINKS = 56,
	T_SIGNAL = 128,
	T_STACK = 136,
	T_START = 144,
	T_CRED = 160,
};

static uint64_t task(unsigned int pid)
{
	return TASKS + 4096ull * pid;
}

static uint64_t pid_of(unsigned int pid)
{
	return PIDS + 128ull * pid;
}

static void put_ring(struct fake *f, const uint64_t *links, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fake_put(f, links[i], links[(i + 1) % n], 8);
}

/* On top of its chain, of which there are four. */
static void hash(struct fake *f, unsigned int nr, uint64_t upid)
{
	uint64_t head = HASH + 8ull * (nr % 4), first;

	memcpy(&first, fake_at(f, head), 8);
	fake_put(f, upid + U_CHAIN, first, 8);
	fake_put(f, head, upid + U_CHAIN, 8);
}

/* Task 6 has another number in a namespace of its own. */
static void put_task(struct fake *f, unsigned int pid, unsigned int tgid)
{
	uint64_t numbers = pid_of(pid) + P_NUMBERS;

	fake_put(f, task(pid) + T_PID, pid, 4);
	fake_put(f, task(pid) + T_TGID, tgid, 4);
	fake_put(f, task(pid) + T_SIGNAL, SIGNALS, 8);
	fake_put(f, task(pid) + T_STACK, STACK, 8);
	if (!pid)
		return;
	fake_put(f, task(pid) + T_LINKS + 16, pid_of(pid), 8);
	fake_put(f, pid_of(pid) + P_TASKS, task(pid) + T_LINKS, 8);
	fake_put(f, numbers, pid, 4);
	fake_put(f, numbers + 8, PID_NS, 8);
	hash(f, pid, numbers);
	if (pid != 6)
		return;
	fake_put(f, pid_of(pid) + P_LEVEL, 1, 4);
	fake_put(f, numbers + U_SIZE, 1, 4);
	fake_put(f, numbers + U_SIZE + 8, OTHER_NS, 8);
	hash(f, 1, numbers + U_SIZE);
}

static void put_letters(struct fake *f, const char *letters)
{
	for (size_t i = 0; letters[i]; i++) {
		snprintf(fake_at(f, TEXTS + 16 * i), 16, "%c (some)", letters[i]);
		fake_put(f, TABLE + 8 * i, TEXTS + 16 * i, 8);
	}
}

/* Processes 1, 2 with threads 3 and 4, 5, 6; idle task 0. */
static struct fake *made(void)
{
	static const struct {
		const char *name;
		uint64_t at;
	} symbols[] = {
		{ "init_task", TASKS },
		{ "init_pid_ns", PID_NS },
		{ "pid_hash", HASH_PTR },
		{ "pidhash_shift", SHIFT },
		{ "tick_nsec", TICK },
		{ "cap_last_cap", CAPS },
		{ "task_state_array", TABLE },
		{ "runqueues", RQ_AT },
		{ "nr_cpu_ids", CPUS_AT },
		{ "__cpu_possible_mask", CPUS_AT + 8 },
		{ "__cpu_present_mask", CPUS_AT + 16 },
		{ "__cpu_online_mask", CPUS_AT + 24 },
		{ "__per_cpu_offset", CPUS_AT + 32 },
	};
	static const unsigned int leaders[] = { 0, 1, 2, 5, 6 }, threads[] = { 2, 3, 4 };
	uint64_t links[ARRAY_SIZE(leaders)], group[ARRAY_SIZE(threads)];
	struct fake *f = fake_new();

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		put(&f->vmcoreinfo, "SYMBOL(%s)=%lx\n", symbols[i].name, symbols[i].at);
	fake_put(f, HASH_PTR, HASH, 8);
	fake_put(f, SHIFT, 2, 4);
	fake_put(f, TICK, 999848, 8);
	fake_put(f, CAPS, 36, 4);
	for (size_t i = 0; i <= 3; i++)
		fake_put(f, CPUS_AT + 8 * i, 1, 8);
	fake_put(f, RQ_AT, task(5), 8);
	fake_put(f, RQ_AT + 8, task(0), 8);
	for (unsigned int pid = 0; pid <= 6; pid++)
		put_task(f, pid, pid == 3 || pid == 4 ? 2 : pid);
	for (size_t i = 0; i < ARRAY_SIZE(leaders); i++) {
		uint64_t alone = task(leaders[i]) + T_GROUP;

		links[i] = task(leaders[i]) + T_TASKS;
		put_ring(f, &alone, 1);
	}
	put_ring(f, links, ARRAY_SIZE(links));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		group[i] = task(threads[i]) + T_GROUP;
	put_ring(f, group, ARRAY_SIZE(group));
	return f;
}

static struct kernel *open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
	return f->kernel;
}

static void expect_tasks(struct fake *f, const char *problem)
{
	struct kernel *k = open_it(f);
	const struct task_list *l;

	assert_ok(tasks_get(k, &l));
	assert_int_equal(l->n, 7);
	for (unsigned int i = 0; i < l->n; i++)
		assert_int_equal(l->v[i].task, task(i));
	if (problem ? !strstr(l->problems.data ? l->problems.data : "", problem)
		    : l->problems.len != 0)
		test_failed("problems: %s", l->problems.data ? l->problems.data : "none");
	fake_free(f);
}

static void whole(void **state)
{
	(void)state;
	expect_tasks(made(), NULL);
}

static void broken_hash(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *problem;
	} cases[] = {
		{ SHIFT, 40, "pidhash_shift is 40" },
		{ HASH_PTR, 0x1000, "pids" },
		{ HASH + 8, 0xdead000000000100, "poison" },
		{ HASH + 8, FAKE_BASE + 0x3f000, "pids" },
		{ PIDS + 128 + P_NUMBERS + U_CHAIN, PIDS + 128 + P_NUMBERS + U_CHAIN,
		  "comes again" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made();

		f->missing[FAKE_PAGES - 1] = true;
		fake_put(f, cases[i].at, cases[i].value, 8);
		expect_tasks(f, cases[i].problem);
	}
}

static void numbers(void **state)
{
	struct fake *f = made();
	struct kernel *k = open_it(f);
	struct pid_numbers p;
	uint64_t at, cpu;

	(void)state;
	for (unsigned int i = 1; i <= 6; i++) {
		assert_ok(task_find(k, i, &at));
		assert_int_equal(at, task(i));
	}
	assert_fails(task_find(k, 7, &at), -ENOENT, "no task 7");
	assert_ok(pid_numbers(k, pid_of(6), &p));
	assert_int_equal(p.n, 2);
	assert_int_equal(p.number[1], 1);
	assert_int_equal(p.ns[1], OTHER_NS);
	fake_put(f, STACK + 16, 3, 4);
	assert_ok(task_cpu(k, task(1), &cpu));
	fake_free(f);
}

/* The letters of @table for each state, as that kernel shows it. */
static void expect_states(const char *table, const char *want)
{
	static const struct {
		uint64_t state, exit_state;
	} states[] = { { 0, 0 },    { 1, 0 },	{ 0x82, 0 }, { 0x84, 0 },
		       { 0x88, 0 }, { 64, 16 }, { 64, 32 },  { 0x402, 0 } };
	struct fake *f = made();

	put_letters(f, table);
	for (size_t i = 0; i < ARRAY_SIZE(states) - 1; i++) {
		fake_put(f, task((unsigned int)i), states[i].state, 8);
		fake_put(f, task((unsigned int)i) + T_EXIT_STATE, states[i].exit_state, 4);
	}
	/* There are but seven tasks. */
	fake_put(f, FAKE_BASE + 0xc000, states[7].state, 8);
	open_it(f);
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		char letter;

		assert_ok(task_state(f->kernel, i < 7 ? task((unsigned int)i) : FAKE_BASE + 0xc000,
				     &letter));
		if (letter != want[i])
			test_failed("%s: state %zu is %c", table, i, letter);
	}
	fake_free(f);
}

static void state_letters(void **state)
{
	(void)state;
	expect_states("RSDTtZX", "RSDTtZXD");	  /* 3.10 of Enterprise Linux */
	expect_states("RSDTtZXxKWP", "RSDTtZXD"); /* 3.10 */
	expect_states("RSDTtXZ", "RSDTtXZD");	  /* 4.9 */
	expect_states("", "RSDTtPPI");		  /* without the table, as today */
}

static void start_and_children(void **state)
{
	struct fake *f = made();
	struct child_times c;
	uint64_t start;

	(void)state;
	fake_put(f, task(1) + T_START, 12, 8);
	fake_put(f, task(1) + T_START + 8, 345678901, 8);
	for (size_t i = 0; i < 3; i++)
		fake_put(f, SIGNALS + 8 * i, 5 + i, 8);
	open_it(f);
	assert_ok(task_started(f->kernel, task(1), &start));
	assert_int_equal(start, 12345678901);
	assert_ok(task_child_times(f->kernel, task(1), &c));
	assert_int_equal(c.user, 5);
	assert_int_equal(c.guest, 7);
	fake_free(f);
}

static void capabilities_and_groups(void **state)
{
	struct groups *groups = must_alloc(sizeof(*groups));
	struct fake *f = made();
	struct cred c;

	(void)state;
	fake_put(f, task(1) + T_CRED, CRED, 8);
	fake_put(f, CRED + 56, UINT64_MAX, 8);
	fake_put(f, CRED + 64, INFO, 8);
	fake_put(f, INFO, 1026, 4);
	fake_put(f, INFO + 16, BLOCKS, 8);
	fake_put(f, INFO + 24, BLOCKS + 4096, 8);
	for (unsigned int i = 0; i < 1026; i++)
		fake_put(f, BLOCKS + 4 * i, 7 + i, 4);
	open_it(f);
	assert_ok(task_cred(f->kernel, task(1), &c));
	assert_int_equal(c.cap_bset, 0x1fffffffff);
	assert_ok(cred_groups(f->kernel, CRED, groups));
	assert_int_equal(groups->n, 1026);
	for (unsigned int i = 0; i < 1026; i++)
		assert_int_equal(groups->gid[i], 7 + i);
	fake_free(f);
	f = made();
	fake_put(f, CRED + 64, INFO, 8);
	fake_put(f, INFO, 1026, 4);
	fake_put(f, INFO + 16, BLOCKS, 8);
	fake_put(f, INFO + 24, 0x1000, 8);
	assert_fails(cred_groups(open_it(f), CRED, groups), -EFAULT, "groups");
	fake_free(f);
	free(groups);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(broken_hash), cmocka_unit_test(numbers),
	   cmocka_unit_test(state_letters), cmocka_unit_test(start_and_children),
	   cmocka_unit_test(capabilities_and_groups))
