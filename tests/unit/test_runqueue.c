/* Who is in line for a CPU, by class: whole queues with groups, and every way in which one may lead
 * elsewhere or in a circle. */
#include "kernel/sched/runqueue.h"

#include <errno.h>

#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define RQ	(FAKE_BASE + 0x1000)
#define GROUP	(FAKE_BASE + 0x2000) /* a cfs_rq */
#define RT_RQ	(FAKE_BASE + 0x3000) /* of a group */
#define TASKS	(FAKE_BASE + 0x8000) /* 512 bytes apart */
#define MISSING (FAKE_BASE + 0x3f000)

enum { RQ_CURR = 0, RQ_CFS = 16, RQ_DL = 64, RQ_SCX = 96, RQ_RT = 128 };
enum { CFS_CURR = 0, CFS_TREE = 8, CFS_NR = 24 };
enum { T_SE = 0, T_RT = 64, T_DL = 128, T_SCX = 192 };
enum {
	SE_NODE = 8,
	SE_VRUNTIME = 32,
	SE_MY_Q = 40,
	DL_DEADLINE = 24,
	DL_SERVER = 32,
	RT_MY_Q = 16
};

static const char types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"rb_node 24 u64 color@0 ptr rb_right@8 ptr rb_left@16\n"
	"rb_root 8 ptr rb_node@0\n"
	"sched_entity 48 rb_node run_node@8 u64 vruntime@32 ptr my_q@40\n"
	"sched_rt_entity 24 list_head run_list@0 ptr my_q@16\n"
	"sched_dl_entity 40 rb_node rb_node@0 u64 deadline@24 u8 dl_server@32\n"
	"scx_entity 16 list_head runnable_node@0\n"
	"cfs_rq 32 ptr curr@0 rb_root tasks_timeline@8 u32 h_nr_queued@24\n"
	"rt_prio_array 1616 u64[2] bitmap@0 list_head[100] queue@16\n"
	"rt_rq 1624 rt_prio_array active@0 u32 rt_nr_running@1616\n"
	"dl_rq 16 rb_root root@0 u32 dl_nr_running@8\n"
	"scx_rq 24 list_head runnable_list@0 u32 nr_running@16\n"
	"rq 2048 ptr curr@0 cfs_rq cfs@16 dl_rq dl@64 scx_rq scx@96 rt_rq rt@128\n"
	"task_struct 256 sched_entity se@0 sched_rt_entity rt@64 "
	"sched_dl_entity dl@128 scx_entity scx@192\n";

static uint64_t task(unsigned int i)
{
	return TASKS + 512 * i;
}

/* A tree of three nodes at @at + @offset: left of the root, the root, right of it. */
static void put_tree(struct fake *f, uint64_t root, const unsigned int of[3], uint64_t offset)
{
	fake_put(f, root, task(of[1]) + offset, 8);
	fake_put(f, task(of[1]) + offset + 16, task(of[0]) + offset, 8);
	fake_put(f, task(of[1]) + offset + 8, task(of[2]) + offset, 8);
}

static void put_queues(struct fake *f, uint64_t rt_rq)
{
	for (uint64_t at = rt_rq + 16, i = 0; i < 100; i++, at += 16)
		fake_put(f, at, at, 8);
}

static void queue_rt(struct fake *f, uint64_t rt_rq, unsigned int prio, unsigned int i)
{
	fake_put(f, rt_rq + 16 + 16 * prio, task(i) + T_RT, 8);
	fake_put(f, task(i) + T_RT, rt_rq + 16 + 16 * prio, 8);
}

/* Fair: 1, a group (at 2) of 4, 5, 6, and 3; deadline: 7, a server (8), 9; real-time: 10 at 5, a group (at
 * 11) at 40 of 12 at 7; ext: 13. Task 20 runs. */
static struct fake *made(void)
{
	static const unsigned int outer[] = { 1, 2, 3 }, inner[] = { 4, 5, 6 }, dl[] = { 7, 8, 9 };
	struct fake *f = fake_new();

	fake_put(f, RQ + RQ_CURR, task(20), 8);
	put_tree(f, RQ + RQ_CFS + CFS_TREE, outer, T_SE + SE_NODE);
	put_tree(f, GROUP + CFS_TREE, inner, T_SE + SE_NODE);
	put_tree(f, RQ + RQ_DL, dl, T_DL);
	fake_put(f, task(2) + T_SE + SE_MY_Q, GROUP, 8);
	fake_put(f, RQ + RQ_CFS + CFS_CURR, task(20) + T_SE, 8);
	fake_put(f, RQ + RQ_CFS + CFS_NR, 6, 4);
	for (unsigned int i = 0; i < 20; i++) {
		fake_put(f, task(i) + T_SE + SE_VRUNTIME, 1000 + i, 8);
		fake_put(f, task(i) + T_DL + DL_DEADLINE, 2000 + i, 8);
	}
	fake_put(f, task(8) + T_DL + DL_SERVER, 1, 1);
	put_queues(f, RQ + RQ_RT);
	put_queues(f, RT_RQ);
	queue_rt(f, RQ + RQ_RT, 5, 10);
	queue_rt(f, RQ + RQ_RT, 40, 11);
	fake_put(f, task(11) + T_RT + RT_MY_Q, RT_RQ, 8);
	queue_rt(f, RT_RQ, 7, 12);
	fake_put(f, RQ + RQ_SCX, task(13) + T_SCX, 8);
	fake_put(f, task(13) + T_SCX, RQ + RQ_SCX, 8);
	f->missing[FAKE_PAGES - 1] = true;
	return f;
}

struct seen {
	unsigned int task[32], n;
	uint64_t key[32];
};

static int see(void *arg, const struct queued *q)
{
	struct seen *s = arg;

	if (s->n == ARRAY_SIZE(s->task))
		die("too many");
	s->task[s->n] = (unsigned int)((q->task - TASKS) / 512);
	s->key[s->n++] = q->key;
	return 0;
}

static int walk(struct fake *f, enum sched_class class, struct seen *s)
{
	*s = (struct seen){ 0 };
	fake_open(f);
	fake_structs(f, types);
	return runqueue_each(f->kernel, RQ, class, see, s);
}

static void whole(void **state)
{
	static const struct {
		enum sched_class class;
		unsigned int n, task[5];
		uint64_t key[5];
	} cases[] = {
		{ SCHED_CLASS_DL, 2, { 7, 9 }, { 2007, 2009 } },
		{ SCHED_CLASS_RT, 2, { 10, 12 }, { 5, 7 } },
		{ SCHED_CLASS_FAIR, 5, { 1, 4, 5, 6, 3 }, { 1001, 1004, 1005, 1006, 1003 } },
		{ SCHED_CLASS_EXT, 1, { 13 }, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made();
		struct seen s;
		uint64_t count;

		assert_ok(walk(f, cases[i].class, &s));
		assert_int_equal(s.n, cases[i].n);
		for (unsigned int n = 0; n < s.n; n++) {
			assert_int_equal(s.task[n], cases[i].task[n]);
			assert_int_equal(s.key[n], cases[i].key[n]);
		}
		assert_ok(runqueue_count(f->kernel, RQ, SCHED_CLASS_FAIR, &count));
		assert_int_equal(count, 6);
		fake_free(f);
	}
}

/* A group of which one runs: its entity is in no tree. */
static void running_group(void **state)
{
	struct fake *f = made();
	struct seen s;

	(void)state;
	fake_put(f, RQ + RQ_CFS + CFS_CURR, task(15) + T_SE, 8);
	fake_put(f, task(15) + T_SE + SE_MY_Q, GROUP, 8);
	fake_put(f, task(2) + T_SE + SE_MY_Q, 0, 8);
	fake_put(f, GROUP + CFS_CURR, task(20) + T_SE, 8);
	assert_ok(walk(f, SCHED_CLASS_FAIR, &s));
	assert_int_equal(s.n, 6);
	assert_int_equal(s.task[0], 4);
	assert_int_equal(s.task[3], 1);
	fake_free(f);
}

static void broken(void **state)
{
	const struct {
		enum sched_class class;
		uint64_t at, value;
		int code;
		const char *text;
	} cases[] = {
		{ SCHED_CLASS_FAIR, task(3) + SE_NODE + 16, task(2) + SE_NODE, -ELOOP, "" },
		{ SCHED_CLASS_FAIR, task(3) + SE_NODE + 8, task(2) + SE_NODE, -ELOOP, "" },
		{ SCHED_CLASS_FAIR, task(1) + SE_NODE + 8, 0x1001, -EBADMSG, "no node" },
		{ SCHED_CLASS_FAIR, task(1) + SE_NODE + 8, MISSING, -ENODATA, "rbtree" },
		{ SCHED_CLASS_FAIR, task(5) + SE_MY_Q, GROUP, -ELOOP, "" },
		{ SCHED_CLASS_FAIR, task(2) + SE_MY_Q, MISSING, -ENODATA, "" },
		{ SCHED_CLASS_FAIR, task(2) + SE_MY_Q, 0x1000, -EFAULT, "" },
		{ SCHED_CLASS_RT, RQ + RQ_RT + 16 + 16 * 99, 0, -EBADMSG, "is no entry" },
		{ SCHED_CLASS_RT, task(10) + T_RT, task(10) + T_RT, -ELOOP, "comes again" },
		{ SCHED_CLASS_RT, task(10) + T_RT, 0xdead000000000100, -EBADMSG, "poison" },
		{ SCHED_CLASS_RT, task(12) + T_RT + RT_MY_Q, RT_RQ, -ELOOP, "" },
		{ SCHED_CLASS_DL, task(9) + T_DL + 8, task(8) + T_DL, -ELOOP, "" },
		{ SCHED_CLASS_EXT, task(13) + T_SCX, MISSING, -ENODATA, "" },
		{ SCHED_CLASS_EXT, task(13) + T_SCX, task(13) + T_SCX, -ELOOP, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made();
		struct seen s;

		fake_put(f, cases[i].at, cases[i].value, 8);
		assert_fails(walk(f, cases[i].class, &s), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

/* A list that the kernel never made, for it has no such scheduler. */
static void never_made(void **state)
{
	struct fake *f = made();
	struct seen s;

	(void)state;
	fake_put(f, RQ + RQ_SCX, 0, 8);
	assert_ok(walk(f, SCHED_CLASS_EXT, &s));
	assert_int_equal(s.n, 0);
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(running_group), cmocka_unit_test(broken),
	   cmocka_unit_test(never_made))
