/* The list of tasks from a kernel of a few: whole, and with each place that leads to them broken; their
 * states and names. */
#include <errno.h>

#include "kernel/cpu/cpu.h"
#include "kernel/task/pid.h"
#include "kernel/task/task.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_btf.h"
#include "tests/unit/unit.h"

/* Where things are in the fake kernel. */
#define CPUS_AT	   (FAKE_BASE + 0x100) /* nr_cpu_ids, then the masks, then the offsets */
#define RQ_AT	   (FAKE_BASE + 0x400)
#define PID_NS	   (FAKE_BASE + 0x800)
#define XA_NODE	   (FAKE_BASE + 0x1000)
#define TASKS	   (FAKE_BASE + 0x4000) /* one a page, so that each may be missing */
#define SIGNALS	   (FAKE_BASE + 0x2000)
#define PIDS	   (FAKE_BASE + 0x3000)
#define KTHREAD	   (FAKE_BASE + 0x800 + 0x100)
#define WORKER	   (KTHREAD + 0x100)
#define FULL_NAME  (WORKER + 0x100)
#define MISSING_AT (FAKE_BASE + 0x3f000)

/* struct task_struct */
enum {
	T_STATE = 0,
	T_EXIT_STATE = 4,
	T_FLAGS = 8,
	T_PID = 12,
	T_TGID = 16,
	T_COMM = 24,
	T_TASKS = 40,
	T_THREAD_NODE = 56,
	T_SIGNAL = 72,
	T_THREAD_PID = 80,
	T_PID_LINKS = 88,
	T_PRIVATE = 104,
	T_SIZE = 112,
};

#define PID_TASKS   8
#define PID_NUMBERS 16
#define XA_SLOTS    8

static uint64_t task(unsigned int pid)
{
	return TASKS + 4096ull * pid;
}

static uint64_t signal_of(unsigned int tgid)
{
	return SIGNALS + 32ull * tgid;
}

static uint64_t pid_of(unsigned int pid)
{
	return PIDS + 32ull * pid;
}

struct ids {
	uint32_t u8, u32, u64, list, hlist;
};

static void add_task_struct(struct made_btf *b, const struct ids *id)
{
	uint32_t comm = btf_array(b, id->u8, 16);

	btf_type(b, MADE_STRUCT, "task_struct", T_SIZE);
	btf_member(b, "__state", id->u32, 8 * T_STATE, -1);
	btf_member(b, "exit_state", id->u32, 8 * T_EXIT_STATE, -1);
	btf_member(b, "flags", id->u32, 8 * T_FLAGS, -1);
	btf_member(b, "pid", id->u32, 8 * T_PID, -1);
	btf_member(b, "tgid", id->u32, 8 * T_TGID, -1);
	btf_member(b, "comm", comm, 8 * T_COMM, -1);
	btf_member(b, "tasks", id->list, 8 * T_TASKS, -1);
	btf_member(b, "thread_node", id->list, 8 * T_THREAD_NODE, -1);
	btf_member(b, "signal", id->u64, 8 * T_SIGNAL, -1);
	btf_member(b, "thread_pid", id->u64, 8 * T_THREAD_PID, -1);
	btf_member(b, "pid_links", id->hlist, 8 * T_PID_LINKS, -1);
	btf_member(b, "worker_private", id->u64, 8 * T_PRIVATE, -1);
}

static void add_pid_types(struct made_btf *b, const struct ids *id)
{
	uint32_t upid, numbers, xarray, slots, idr;

	upid = btf_type(b, MADE_STRUCT, "upid", 16);
	btf_member(b, "nr", id->u32, 0, -1);
	btf_member(b, "ns", id->u64, 64, -1);
	numbers = btf_array(b, upid, 1);
	btf_type(b, MADE_STRUCT, "pid", 32);
	btf_member(b, "level", id->u32, 0, -1);
	btf_member(b, "tasks", id->u64, 8 * PID_TASKS, -1);
	btf_member(b, "numbers", numbers, 8 * PID_NUMBERS, -1);
	xarray = btf_type(b, MADE_STRUCT, "xarray", 8);
	btf_member(b, "xa_head", id->u64, 0, -1);
	slots = btf_array(b, id->u64, 64);
	btf_type(b, MADE_STRUCT, "xa_node", 8 + 8 * 64);
	btf_member(b, "shift", id->u8, 0, -1);
	btf_member(b, "slots", slots, 8 * XA_SLOTS, -1);
	idr = btf_type(b, MADE_STRUCT, "idr", 8);
	btf_member(b, "idr_rt", xarray, 0, -1);
	btf_type(b, MADE_STRUCT, "pid_namespace", 8);
	btf_member(b, "idr", idr, 0, -1);
}

static void add_thread_types(struct made_btf *b, const struct ids *id)
{
	uint32_t desc = btf_array(b, id->u8, 32), name;

	btf_type(b, MADE_STRUCT, "signal_struct", 32);
	btf_member(b, "thread_head", id->list, 0, -1);
	btf_type(b, MADE_STRUCT, "rq", 16);
	btf_member(b, "curr", id->u64, 0, -1);
	btf_member(b, "idle", id->u64, 64, -1);
	name = btf_type(b, MADE_PTR, "", id->u8);
	btf_type(b, MADE_STRUCT, "kthread", 16);
	btf_member(b, "data", id->u64, 0, -1);
	btf_member(b, "full_name", name, 64, -1);
	btf_type(b, MADE_STRUCT, "worker", 48);
	btf_member(b, "pool", id->u64, 0, -1);
	btf_member(b, "current_work", id->u64, 64, -1);
	btf_member(b, "desc", desc, 128, -1);
}

static struct types *made_types(void)
{
	struct made_btf b;
	struct types *ts;
	struct ids id;

	btf_init(&b, NULL);
	id.u8 = btf_int(&b, "char", 1, 8 | MADE_CHAR);
	id.u32 = btf_int(&b, "unsigned int", 4, 32);
	id.u64 = btf_int(&b, "unsigned long", 8, 64);
	id.list = btf_type(&b, MADE_STRUCT, "list_head", 16);
	btf_member(&b, "next", id.u64, 0, -1);
	btf_member(&b, "prev", id.u64, 64, -1);
	id.hlist = btf_type(&b, MADE_STRUCT, "hlist_node", 16);
	btf_member(&b, "next", id.u64, 0, -1);
	btf_member(&b, "pprev", id.u64, 64, -1);
	add_task_struct(&b, &id);
	add_pid_types(&b, &id);
	add_thread_types(&b, &id);
	ts = btf_types(&b, NULL);
	btf_fini(&b);
	return ts;
}

/* A ring of @n links. */
static void put_ring(struct fake *f, const uint64_t *links, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fake_put(f, links[i], links[(i + 1) % n], 8);
}

static void put_task(struct fake *f, unsigned int pid, unsigned int tgid)
{
	fake_put(f, task(pid) + T_PID, pid, 4);
	fake_put(f, task(pid) + T_TGID, tgid, 4);
	fake_put(f, task(pid) + T_SIGNAL, signal_of(tgid), 8);
	memcpy(fake_at(f, task(pid) + T_COMM), "made", 5);
	if (!pid)
		return;
	fake_put(f, task(pid) + T_THREAD_PID, pid_of(pid), 8);
	fake_put(f, pid_of(pid) + PID_TASKS, task(pid) + T_PID_LINKS, 8);
	fake_put(f, pid_of(pid) + PID_NUMBERS, pid, 4);
	fake_put(f, pid_of(pid) + PID_NUMBERS + 8, PID_NS, 8);
	fake_put(f, XA_NODE + XA_SLOTS + 8ull * pid, pid_of(pid), 8);
}

static void put_cpus(struct fake *f)
{
	const struct {
		const char *name;
		uint64_t at;
	} symbols[] = {
		{ "init_task", task(0) },
		{ "init_pid_ns", PID_NS },
		{ "runqueues", RQ_AT },
		{ "nr_cpu_ids", CPUS_AT },
		{ "__cpu_possible_mask", CPUS_AT + 8 },
		{ "__cpu_present_mask", CPUS_AT + 16 },
		{ "__cpu_online_mask", CPUS_AT + 24 },
		{ "__per_cpu_offset", CPUS_AT + 32 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		put(&f->vmcoreinfo, "SYMBOL(%s)=%lx\n", symbols[i].name, symbols[i].at);
	fake_put(f, CPUS_AT, 2, 4);
	for (size_t i = 1; i <= 3; i++)
		fake_put(f, CPUS_AT + 8 * i, 3, 8);
	fake_put(f, CPUS_AT + 40, 0x100, 8);
	/* CPU 0 is idle, CPU 1 executes task 6. */
	fake_put(f, RQ_AT, task(0), 8);
	fake_put(f, RQ_AT + 8, task(0), 8);
	fake_put(f, RQ_AT + 0x100, task(6), 8);
	fake_put(f, RQ_AT + 0x108, task(9), 8);
}

/* Processes 1, 2 with threads 3 and 4, 5, 6; idle tasks 0 and 9. */
static struct fake *made_tasks(void)
{
	static const unsigned int leaders[] = { 0, 1, 2, 5, 6 }, threads[] = { 2, 3, 4 };
	uint64_t links[ARRAY_SIZE(leaders)], group[1 + ARRAY_SIZE(threads)] = { signal_of(2) };
	struct fake *f = fake_new();

	for (unsigned int pid = 0; pid <= 6; pid++)
		put_task(f, pid, pid == 3 || pid == 4 ? 2 : pid);
	put_task(f, 9, 0);
	fake_put(f, task(9) + T_PID, 0, 4);
	memset(fake_at(f, XA_NODE + XA_SLOTS + 8 * 9), 0, 8);
	for (size_t i = 0; i < ARRAY_SIZE(leaders); i++) {
		uint64_t alone[] = { signal_of(leaders[i]), task(leaders[i]) + T_THREAD_NODE };

		links[i] = task(leaders[i]) + T_TASKS;
		put_ring(f, alone, 2);
	}
	put_ring(f, links, ARRAY_SIZE(links));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		group[1 + i] = task(threads[i]) + T_THREAD_NODE;
	put_ring(f, group, ARRAY_SIZE(group));
	fake_put(f, PID_NS, XA_NODE | 2, 8);
	put_cpus(f);
	return f;
}

static struct kernel *open_tasks(struct fake *f)
{
	struct kernel *k = fake_open(f);

	kernel_give_types(k, made_types());
	return k;
}

static size_t count_lines(const struct strbuf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->data[i] == '\n';
	return n;
}

/* The six tasks and two idle ones, and @problems lines of which one has @text in it. */
static void expect_all(struct fake *f, size_t problems, const char *text)
{
	struct kernel *k = open_tasks(f);
	const struct task_list *l;

	assert_ok(tasks_get(k, &l));
	assert_int_equal(l->n, 8);
	for (size_t i = 0; i < l->n; i++) {
		assert_int_equal(l->v[i].idle, i < 2);
		assert_int_equal(l->v[i].pid, i < 2 ? 0 : i - 1);
		assert_int_equal(l->v[i].running, i == 0 || i == 7);
	}
	assert_int_equal(l->v[1].cpu, 1);
	if (count_lines(&l->problems) != problems || (text && !strstr(l->problems.data, text)))
		test_failed("problems: %s", l->problems.data ? l->problems.data : "none");
	fake_free(f);
}

static void whole(void **state)
{
	(void)state;
	expect_all(made_tasks(), 0, NULL);
}

static void list_is_broken(void **state)
{
	static const struct {
		uint64_t next;
		const char *text;
	} cases[] = {
		{ 0, "is no entry" },
		{ 0xdead000000000100, "poison" },
		{ MISSING_AT, "excluded" },
		{ TASKS + 4096 + T_TASKS, "comes again" },
		{ 0x1234560, "list of processes" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made_tasks();

		f->missing[FAKE_PAGES - 1] = true;
		fake_put(f, task(2) + T_TASKS, cases[i].next, 8);
		expect_all(f, 1, i == 2 ? "tasks: list of processes" : cases[i].text);
	}
}

static void threads_are_broken(void **state)
{
	struct fake *f = made_tasks();

	(void)state;
	fake_put(f, task(3) + T_THREAD_NODE, task(3) + T_THREAD_NODE, 8);
	expect_all(f, 1, "threads of 0xffffffff80006000");
	f = made_tasks();
	fake_put(f, task(2) + T_SIGNAL, 0x10, 8);
	expect_all(f, 1, "threads of 0xffffffff80006000");
}

static void pids_are_broken(void **state)
{
	struct fake *f = made_tasks();

	(void)state;
	fake_put(f, PID_NS, MISSING_AT | 2, 8);
	f->missing[FAKE_PAGES - 1] = true;
	expect_all(f, 1, "tasks: pids: xarray node");
}

static void pids_lack_one(void **state)
{
	struct fake *f = made_tasks();

	(void)state;
	fake_put(f, XA_NODE + XA_SLOTS + 8 * 5, 0, 8);
	expect_all(f, 1, "tasks: 5 at 0xffffffff80009000 is not in the pids");
}

static void list_lacks_one(void **state)
{
	struct fake *f = made_tasks();

	(void)state;
	fake_put(f, task(2) + T_TASKS, task(6) + T_TASKS, 8);
	expect_all(f, 1, "tasks: 5 at 0xffffffff80009000 is not in the list of processes");
}

/* The run queue executes one that no other place knows: both are told. */
static void only_on_a_cpu(void **state)
{
	struct fake *f = made_tasks();

	(void)state;
	fake_put(f, XA_NODE + XA_SLOTS + 8 * 6, 0, 8);
	fake_put(f, task(5) + T_TASKS, task(0) + T_TASKS, 8);
	expect_all(f, 2, "tasks: 6 at 0xffffffff8000a000 is not in the list of processes");
	f = made_tasks();
	fake_put(f, XA_NODE + XA_SLOTS + 8 * 6, 0, 8);
	fake_put(f, task(5) + T_TASKS, task(0) + T_TASKS, 8);
	expect_all(f, 2, "tasks: 6 at 0xffffffff8000a000 is not in the pids");
}

/* What a run queue names is no task: the others are there, and this is told. */
static void no_task_on_a_cpu(void **state)
{
	static const uint64_t currents[] = { 0, 0x400000, 0xdead000000000100, MISSING_AT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(currents); i++) {
		struct fake *f = made_tasks();
		struct kernel *k;
		const struct task_list *l;

		f->missing[FAKE_PAGES - 1] = true;
		fake_put(f, RQ_AT + 0x100, currents[i], 8);
		k = open_tasks(f);
		assert_ok(tasks_get(k, &l));
		assert_int_equal(l->n, 8);
		assert_int_equal(count_lines(&l->problems), 1);
		assert_non_null(strstr(l->problems.data, "task_struct.pid"));
		fake_free(f);
	}
}

/* It has given back its pid: no place needs to know it any more. */
static void released_one(void **state)
{
	struct fake *f = made_tasks();

	(void)state;
	fake_put(f, XA_NODE + XA_SLOTS + 8 * 5, 0, 8);
	fake_put(f, task(5) + T_THREAD_PID, 0, 8);
	expect_all(f, 0, NULL);
}

static void nothing_to_go_by(void **state)
{
	struct fake *f = fake_new();
	struct kernel *k;
	const struct task_list *l;

	(void)state;
	k = open_tasks(f);
	assert_ok(tasks_get(k, &l));
	assert_int_equal(l->n, 0);
	assert_int_equal(count_lines(&l->problems), 3);
	fake_free(f);
}

static void page_of_a_task_is_missing(void **state)
{
	struct fake *f = made_tasks();
	struct kernel *k;
	const struct task_list *l;

	(void)state;
	f->missing[(task(5) - FAKE_BASE) / 4096] = true;
	k = open_tasks(f);
	assert_ok(tasks_get(k, &l));
	assert_int_equal(l->n, 7);
	assert_non_null(strstr(l->problems.data, "list of processes"));
	assert_non_null(strstr(l->problems.data, "task_struct.pid"));
	fake_free(f);
}

static void found_by_number(void **state)
{
	struct fake *f = made_tasks();
	struct kernel *k;
	uint64_t at;

	(void)state;
	fake_put(f, XA_NODE + XA_SLOTS + 8 * 5, 0, 8);
	k = open_tasks(f);
	assert_ok(task_find(k, 4, &at));
	assert_int_equal(at, task(4));
	assert_ok(task_find(k, 5, &at));
	assert_int_equal(at, task(5));
	assert_fails(task_find(k, 0, &at), -ENOENT, "no task 0");
	assert_fails(task_find(k, 7, &at), -ENOENT, "no task 7");
	assert_fails(task_find(k, UINT64_MAX, &at), -ENOENT, "no task");
	fake_free(f);
}

static void states(void **state)
{
	static const struct {
		uint32_t state, exit_state;
		char letter;
	} cases[] = {
		{ 0, 0, 'R' },	     { 1, 0, 'S' },	 { 0x2001, 0, 'S' }, { 2, 0, 'D' },
		{ 0x102, 0, 'D' },   { 4, 0, 'T' },	 { 8, 0, 't' },	     { 0x80, 0x20, 'Z' },
		{ 0x80, 0x10, 'X' }, { 0x40, 0, 'P' },	 { 0x402, 0, 'I' },  { 0x2402, 0, 'I' },
		{ 0x1000, 0, 'D' },  { 0x8000, 0, 'D' }, { 0x200, 0, 'R' },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made_tasks();
		char letter;

		fake_put(f, task(1) + T_STATE, cases[i].state, 4);
		fake_put(f, task(1) + T_EXIT_STATE, cases[i].exit_state, 4);
		assert_ok(task_state(open_tasks(f), task(1), &letter));
		assert_int_equal(letter, cases[i].letter);
		fake_free(f);
	}
}

static void expect_name(uint32_t flags, uint64_t work, const char *symbols, const char *name)
{
	struct fake *f = made_tasks();
	char is[TASK_NAME_LEN];

	fake_put(f, task(1) + T_FLAGS, flags, 4);
	fake_put(f, task(1) + T_PRIVATE, KTHREAD, 8);
	fake_put(f, KTHREAD, WORKER, 8);
	fake_put(f, KTHREAD + 8, FULL_NAME, 8);
	fake_put(f, WORKER, 1, 8);
	fake_put(f, WORKER + 8, work, 8);
	strcpy(fake_at(f, WORKER + 16), "queue");
	strcpy(fake_at(f, FULL_NAME), "a name of more than sixteen");
	put_str(&f->vmcoreinfo, symbols);
	assert_ok(task_name(open_tasks(f), task(1), is));
	assert_string_equal(is, name);
	fake_free(f);
}

static void names(void **state)
{
	static const char shown[] = "SYMBOL(wq_worker_comm)=ffffffff80000000\n",
			  formatted[] = "SYMBOL(wq_worker_comm)=ffffffff80000000\n"
					"SYMBOL(format_worker_id)=ffffffff80000000\n";

	(void)state;
	expect_name(0, 0, "", "made");
	expect_name(PF_KTHREAD, 0, "", "a name of more than sixteen");
	expect_name(PF_KTHREAD | PF_WQ_WORKER, 1, "", "made");
	expect_name(PF_KTHREAD | PF_WQ_WORKER, 1, shown, "made+queue");
	expect_name(PF_KTHREAD | PF_WQ_WORKER, 0, shown, "made-queue");
	expect_name(PF_KTHREAD | PF_WQ_WORKER, 0, formatted, "a name of more than sixteen-queue");
}

static void cpus(void **state)
{
	struct fake *f = made_tasks();
	const struct cpus *c;
	struct kernel *k;
	uint64_t at;

	(void)state;
	k = open_tasks(f);
	assert_ok(cpus_get(k, &c));
	assert_int_equal(c->nr, 2);
	assert_ok(percpu_addr(k, 0x1000, 1, &at));
	assert_int_equal(at, 0x1100);
	assert_fails(percpu_addr(k, 0x1000, 2, &at), -ENOENT, "no CPU 2");
	assert_fails(percpu_addr(k, 0x1000, SIZE_MAX, &at), -ENOENT, "no CPU");
	fake_free(f);
	f = made_tasks();
	fake_put(f, CPUS_AT, LIMIT_CPUS + 1, 4);
	assert_fails(cpus_get(open_tasks(f), &c), -EBADMSG, "nr_cpu_ids is 8193");
	fake_free(f);
}

static void too_many_levels(void **state)
{
	struct fake *f = made_tasks();
	struct pid_numbers p;

	(void)state;
	fake_put(f, pid_of(1), PID_LEVELS_MAX, 4);
	assert_fails(pid_numbers(open_tasks(f), pid_of(1), &p), -EBADMSG, "33 levels");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(list_is_broken),
	   cmocka_unit_test(threads_are_broken), cmocka_unit_test(pids_are_broken),
	   cmocka_unit_test(pids_lack_one), cmocka_unit_test(list_lacks_one),
	   cmocka_unit_test(only_on_a_cpu), cmocka_unit_test(no_task_on_a_cpu),
	   cmocka_unit_test(released_one), cmocka_unit_test(nothing_to_go_by),
	   cmocka_unit_test(page_of_a_task_is_missing), cmocka_unit_test(found_by_number),
	   cmocka_unit_test(states), cmocka_unit_test(names), cmocka_unit_test(cpus),
	   cmocka_unit_test(too_many_levels))
