/* Pools, what their workers are at, and works in line: whole, and with each list of them broken. */
#include "kernel/workqueue/workqueue.h"

#include <errno.h>

#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define IDR	(FAKE_BASE + 0x100)
#define QUEUES	(FAKE_BASE + 0x200)
#define POOL	(FAKE_BASE + 0x1000)
#define WORKER	(FAKE_BASE + 0x2000)
#define WQ	(FAKE_BASE + 0x3000)
#define PWQ	(FAKE_BASE + 0x4000)
#define WORKS	(FAKE_BASE + 0x5000) /* 64 bytes apart */
#define MISSING (FAKE_BASE + 0x3f000)

enum {
	P_CPU = 0,
	P_ID = 4,
	P_FLAGS = 8,
	P_WORKERS = 12,
	P_IDLE = 16,
	P_ATTRS = 24,
	P_LIST = 32,
	P_HASH = 48
};
enum { W_ENTRY = 0, W_WORK = 16, W_FUNC = 24, W_PWQ = 32, W_SCHEDULED = 40, W_TASK = 56 };
enum { WORK_ENTRY = 8, WORK_FUNC = 24, WQ_LIST = 16, PWQ_WQ = 8, PWQ_INACTIVE = 16, PWQ_NODE = 32 };

static const char types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"hlist_node 16 ptr next@0 ptr pprev@8\n"
	"hlist_head 8 ptr first@0\n"
	"xarray 8 ptr xa_head@0\n"
	"xa_node 520 u8 shift@0 ptr[64] slots@8\n"
	"idr 8 xarray idr_rt@0\n"
	"workqueue_attrs 8 s32 nice@0\n"
	"work_struct 32 u64 data@0 list_head entry@8 ptr func@24\n"
	"worker_pool 112 s32 cpu@0 s32 id@4 u32 flags@8 s32 nr_workers@12 s32 nr_idle@16 "
	"ptr attrs@24 list_head worklist@32 hlist_head[4] busy_hash@48\n"
	"worker 64 hlist_node entry@0 ptr current_work@16 ptr current_func@24 "
	"ptr current_pwq@32 list_head scheduled@40 ptr task@56\n"
	"workqueue_struct 64 list_head pwqs@0 list_head list@16 u8[24] name@32\n"
	"pool_workqueue 64 ptr pool@0 ptr wq@8 list_head inactive_works@16 list_head pwqs_node@32\n";

static uint64_t work(unsigned int i)
{
	return WORKS + 64 * i;
}

static void put_ring(struct fake *f, uint64_t head, const uint64_t *links, size_t n)
{
	uint64_t prev = head;

	for (size_t i = 0; i < n; i++) {
		fake_put(f, prev, links[i], 8);
		prev = links[i];
	}
	fake_put(f, prev, head, 8);
}

/* One worker is at work 1, its next are 2 and 3; 4 and 5 are in line, 6 is not active. */
static struct fake *made(void)
{
	const uint64_t next[] = { work(2) + WORK_ENTRY, work(3) + WORK_ENTRY };
	const uint64_t line[] = { work(4) + WORK_ENTRY, work(5) + WORK_ENTRY };
	const uint64_t inactive[] = { work(6) + WORK_ENTRY }, pwqs[] = { PWQ + PWQ_NODE };
	const uint64_t queues[] = { WQ + WQ_LIST };
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(worker_pool_idr)=%llx\nSYMBOL(workqueues)=%llx\n", IDR, QUEUES);
	fake_put(f, IDR, POOL, 8);
	fake_put(f, POOL + P_CPU, 0xffffffff, 4);
	fake_put(f, POOL + P_ID, 7, 4);
	fake_put(f, POOL + P_WORKERS, 2, 4);
	fake_put(f, POOL + P_IDLE, 1, 4);
	fake_put(f, POOL + P_ATTRS, POOL + 0x200, 8);
	fake_put(f, POOL + 0x200, -20u, 4);
	fake_put(f, POOL + P_HASH + 16, WORKER, 8);
	fake_put(f, WORKER + W_WORK, work(1), 8);
	fake_put(f, WORKER + W_FUNC, 0x1001, 8);
	fake_put(f, WORKER + W_PWQ, PWQ, 8);
	fake_put(f, WORKER + W_TASK, 0x7777, 8);
	fake_put(f, PWQ + PWQ_WQ, WQ, 8);
	for (unsigned int i = 1; i <= 6; i++) {
		fake_put(f, work(i), PWQ | 5, 8);
		fake_put(f, work(i) + WORK_FUNC, 0x1000 + i, 8);
	}
	put_ring(f, WORKER + W_SCHEDULED, next, 2);
	put_ring(f, POOL + P_LIST, line, 2);
	put_ring(f, PWQ + PWQ_INACTIVE, inactive, 1);
	put_ring(f, WQ, pwqs, 1);
	put_ring(f, QUEUES, queues, 1);
	f->missing[FAKE_PAGES - 1] = true;
	return f;
}

static struct kernel *open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
	return f->kernel;
}

struct seen {
	unsigned int n, i[16];
	struct work w[16];
};

static int see(void *arg, const struct work *w)
{
	struct seen *s = arg;

	if (s->n == ARRAY_SIZE(s->w))
		die("too many");
	s->i[s->n] = (unsigned int)((w->addr - WORKS) / 64);
	s->w[s->n++] = *w;
	return 0;
}

static int see_pool(void *arg, uint64_t pool)
{
	*(uint64_t *)arg = pool;
	return 0;
}

static void whole(void **state)
{
	struct fake *f = made();
	struct kernel *k = open_it(f);
	struct seen s = { 0 };
	uint64_t at = 0;
	struct pool p;

	(void)state;
	assert_ok(pools_each(k, see_pool, &at));
	assert_int_equal(at, POOL);
	assert_ok(pool_read(k, POOL, &p));
	assert_int_equal(p.cpu, -1);
	assert_int_equal(p.id, 7);
	assert_int_equal(p.nice, -20);
	assert_int_equal(p.nr_workers, 2);
	assert_int_equal(p.nr_idle, 1);
	assert_ok(pool_busy_each(k, POOL, see, &s));
	assert_ok(pool_pending_each(k, POOL, see, &s));
	assert_ok(workqueues_each(k, see_pool, &at));
	assert_int_equal(at, WQ);
	assert_ok(workqueue_inactive_each(k, WQ, see, &s));
	assert_int_equal(s.n, 6);
	for (unsigned int i = 0; i < 6; i++) {
		static const enum work_state states[] = { WORK_RUNNING,	  WORK_SCHEDULED,
							  WORK_SCHEDULED, WORK_PENDING,
							  WORK_PENDING,	  WORK_INACTIVE };

		assert_int_equal(s.i[i], i + 1);
		assert_int_equal(s.w[i].state, states[i]);
		assert_int_equal(s.w[i].func, 0x1001 + i);
		assert_int_equal(s.w[i].wq, WQ);
		assert_int_equal(s.w[i].task, i < 3 ? 0x7777 : 0);
	}
	fake_free(f);
}

/* A work whose data are a number is of no queue that is known. */
static void of_no_queue(void **state)
{
	struct fake *f = made();
	struct seen s = { 0 };

	(void)state;
	fake_put(f, work(4), 0x123400, 8);
	fake_put(f, work(5), MISSING | 5, 8);
	assert_ok(pool_pending_each(open_it(f), POOL, see, &s));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.w[0].wq, 0);
	assert_int_equal(s.w[1].wq, 0);
	fake_free(f);
}

static int walk_all(struct kernel *k)
{
	struct seen s = { 0 };
	uint64_t at;
	int r = pools_each(k, see_pool, &at);

	if (r >= 0)
		r = pool_busy_each(k, POOL, see, &s);
	if (r >= 0)
		r = pool_pending_each(k, POOL, see, &s);
	if (r >= 0)
		r = workqueues_each(k, see_pool, &at);
	return r >= 0 ? workqueue_inactive_each(k, WQ, see, &s) : r;
}

static void broken(void **state)
{
	const struct {
		uint64_t at, value;
		int code;
		const char *text;
	} cases[] = {
		{ IDR, MISSING | 2, -ENODATA, "pools of workers" },
		{ POOL + P_HASH + 8, MISSING, -ENODATA, "" },
		{ WORKER, WORKER, -ELOOP, "comes again" },
		{ WORKER, 0xdead000000000100, -EBADMSG, "poison" },
		{ WORKER + W_SCHEDULED, 0, -EBADMSG, "is no entry" },
		{ WORKER + W_PWQ, 0x1000, -EFAULT, "" },
		{ work(2) + WORK_ENTRY, work(2) + WORK_ENTRY, -ELOOP, "" },
		{ work(4) + WORK_ENTRY, 0x12340, -EFAULT, "" },
		{ work(5) + WORK_ENTRY, work(4) + WORK_ENTRY, -ELOOP, "" },
		{ QUEUES, MISSING, -ENODATA, "workqueues" },
		{ WQ, 0, -EBADMSG, "is no entry" },
		{ PWQ + PWQ_NODE, PWQ + PWQ_NODE, -ELOOP, "" },
		{ work(6) + WORK_ENTRY, MISSING, -ENODATA, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made();

		fake_put(f, cases[i].at, cases[i].value, 8);
		assert_fails(walk_all(open_it(f)), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

/* The types are the dump's, and what they say of an array is what it says. */
static void too_many(void **state)
{
	struct fake *f = made();
	struct seen s = { 0 };

	(void)state;
	fake_open(f);
	fake_structs(f, "hlist_node 16 ptr next@0 ptr pprev@8\n"
			"hlist_head 8 ptr first@0\n"
			"worker 16 hlist_node entry@0\n"
			"worker_pool 800048 hlist_head[100000] busy_hash@48\n");
	assert_fails(pool_busy_each(f->kernel, POOL, see, &s), -EBADMSG,
		     "worker_pool.busy_hash has 100000 elements");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(of_no_queue), cmocka_unit_test(broken),
	   cmocka_unit_test(too_many))
