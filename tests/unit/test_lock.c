/* What a task waits for, told by the entry on its stack: locks with a line and its head, with a first
 * waiter alone, completions; and each way in which these do not hold together, which is no answer. */
#include <errno.h>

#include "kernel/lock/site.h"
#include "tests/unit/made_kallsyms.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define PID_NS	(FAKE_BASE + 0x800)
#define XA_NODE (FAKE_BASE + 0x1000)
#define PIDS	(FAKE_BASE + 0x2000)
#define TASKS	(FAKE_BASE + 0x3000) /* 256 bytes apart */
#define LOCK	(FAKE_BASE + 0x4000)
#define STACKS	(FAKE_BASE + 0x10000) /* 16 KB each */
#define TABLES	(FAKE_BASE + 0x24000)
#define PAGE	(FAKE_BASE + 0x5000)
#define BIO	(FAKE_BASE + 0x5800)
#define TIMER	(FAKE_BASE + 0x6000)
#define MISSING (FAKE_BASE + 0x3f000)
#define NR	4

enum { T_PID = 0, T_STACK = 8, T_LINKS = 16, T_BLOCKER = 32, T_VFORK = 40 };

static const char common[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"hlist_node 16 ptr next@0 ptr pprev@8\n"
	"thread_union 16384 ptr task@0\n"
	"task_struct 64 u32 pid@0 ptr stack@8 hlist_node pid_links@16 u64 blocker@32 ptr "
	"vfork_done@40\n"
	"xarray 8 ptr xa_head@0\n"
	"xa_node 520 u8 shift@0 ptr[64] slots@8\n"
	"idr 8 xarray idr_rt@0\n"
	"pid_namespace 8 idr idr@0\n"
	"pid 32 ptr tasks@8\n"
	"mutex_waiter 32 list_head list@0 ptr task@16\n"
	"rwsem_waiter 40 list_head list@0 ptr task@16 u64 timeout@32\n"
	"semaphore_waiter 32 list_head list@0 ptr task@16\n"
	"swait_queue 24 ptr task@0 list_head task_list@8\n"
	"swait_queue_head 24 u32 lock@0 list_head task_list@8\n"
	"wait_queue_head 24 u32 lock@0 list_head head@8\n"
	"wait_queue_entry 40 u32 flags@0 ptr private@8 ptr func@16 list_head entry@24\n"
	"wait_page_queue 56 ptr folio@0 s32 bit_nr@8 wait_queue_entry wait@16\n"
	"wait_bit_key 24 ptr flags@0 s32 bit_nr@8\n"
	"wait_bit_queue_entry 64 wait_bit_key key@0 wait_queue_entry wq_entry@24\n"
	"timer_list 40 hlist_node entry@0 u64 expires@16 ptr function@24\n"
	"process_timer 48 timer_list timer@0 ptr task@40\n"
	"completion 32 u32 done@0 swait_queue_head wait@8\n"
	"bio 64 ptr bi_private@32 ptr bi_end_io@40\n";

static const char with_heads[] = "mutex 32 u64 owner@0 u32 wait_lock@8 list_head wait_list@16\n"
				 "rw_semaphore 40 u64 count@0 u64 owner@8 list_head wait_list@24\n"
				 "semaphore 24 u32 lock@0 u32 count@4 list_head wait_list@8\n";
static const char without[] = "mutex 24 u64 owner@0 u32 wait_lock@8 ptr first_waiter@16\n"
			      "rw_semaphore 32 u64 count@0 u64 owner@8 ptr first_waiter@24\n"
			      "semaphore 16 u32 lock@0 u32 count@4 ptr first_waiter@8\n";

static uint64_t task(unsigned int pid)
{
	return TASKS + 0x100 * pid;
}

static uint64_t stack(unsigned int pid)
{
	return STACKS + 0x4000 * pid;
}

/* Where the waiter of a task is in its stack. */
static uint64_t waiter(unsigned int pid)
{
	return stack(pid) + 0x3e00;
}

/* A ring of @n links. */
static void put_ring(struct fake *f, const uint64_t *links, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fake_put(f, links[i], links[(i + 1) % n], 8);
		fake_put(f, links[(i + 1) % n] + 8, links[i], 8);
	}
}

static struct fake *made(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(init_pid_ns)=%llx\n", PID_NS);
	fake_put(f, PID_NS, XA_NODE | 2, 8);
	for (unsigned int pid = 1; pid < NR; pid++) {
		uint64_t at = PIDS + 32 * pid;

		fake_put(f, XA_NODE + 8 + 8 * pid, at, 8);
		fake_put(f, at + 8, task(pid) + T_LINKS, 8);
		fake_put(f, task(pid) + T_PID, pid, 4);
		fake_put(f, task(pid) + T_STACK, stack(pid), 8);
		fake_put(f, waiter(pid) + 16, task(pid), 8);
	}
	f->missing[FAKE_PAGES - 1] = true;
	return f;
}

static void open_with(struct fake *f, const char *locks)
{
	STRBUF(text);

	fake_open(f);
	put(&text, "%s%s", common, locks);
	fake_structs(f, text.data);
}

/* What the kernel at hand has; of the last one there was it goes. */
static struct rings *rings(struct fake *f)
{
	static struct rings *last;

	rings_free(last);
	last = f ? rings_new(f->kernel) : NULL;
	return last;
}

/* The frame of task 1. */
static struct wait_site site(struct fake *f)
{
	return (struct wait_site){ .k = f->kernel,
				   .rings = rings(f),
				   .task = task(1),
				   .low = stack(1) + 0x3d00,
				   .end = stack(1) + 0x3f00,
				   .far = stack(1) + 0x4000 };
}

static int lock_of(struct fake *f, enum wait_kind kind, struct wait *ret)
{
	struct wait_site s = site(f);

	*ret = (struct wait){ 0 };
	return lock_of_waiter(&s, kind, ret);
}

/* Tasks 1 and 2 wait for a mutex that 3 owns. */
static struct fake *made_mutex(void)
{
	const uint64_t ring[] = { LOCK + 16, waiter(2), waiter(1) };
	struct fake *f = made();

	put_ring(f, ring, 3);
	fake_put(f, LOCK, task(3) | 1, 8);
	return f;
}

/* The frame of task 1 there, when the kernel's locks have heads; @ret is to be freed. */
static struct wait_site site_at_mutex(struct fake **ret)
{
	*ret = made_mutex();
	open_with(*ret, with_heads);
	return site(*ret);
}

static void mutex(void **state)
{
	struct fake *f = made_mutex();
	struct wait w;

	(void)state;
	open_with(f, with_heads);
	assert_ok(lock_of(f, WAIT_MUTEX, &w));
	assert_int_equal(w.kind, WAIT_MUTEX);
	assert_int_equal(w.object, LOCK);
	assert_int_equal(w.owner, task(3));
	rings(NULL);
	fake_free(f);
}

/* The same without a head: found by a word on the stack, or by what the kernel noted. */
static void headless(void **state)
{
	const uint64_t ring[] = { waiter(2), waiter(1) };

	(void)state;
	for (int how = 0; how < 4; how++) {
		struct fake *f = made();
		struct wait w;

		put_ring(f, ring, 2);
		fake_put(f, LOCK, task(3) | 1, 8);
		fake_put(f, LOCK + 16, waiter(2), 8);
		if (how == 0)
			fake_put(f, stack(1) + 0x3d40, LOCK, 8);
		else if (how == 1)
			fake_put(f, stack(1) + 0x3f80, LOCK + 8, 8);
		else if (how == 2)
			fake_put(f, task(1) + T_BLOCKER, LOCK | 1, 8);
		open_with(f, without);
		if (how < 3) {
			assert_ok(lock_of(f, WAIT_MUTEX, &w));
			assert_int_equal(w.object, LOCK);
			assert_int_equal(w.owner, task(3));
		} else {
			assert_fails(lock_of(f, WAIT_MUTEX, &w), -ENOENT, "no lock has this line");
		}
		rings(NULL);
		fake_free(f);
	}
}

/* Each place in which it may be wrong: then it is no waiter of a lock, and nothing is said. */
static void broken_mutex(void **state)
{
	const struct {
		uint64_t at, value;
	} cases[] = {
		{ waiter(1) + 16, task(2) },	   /* another's */
		{ waiter(1), 0 },		   /* no list */
		{ waiter(1), 0xdead000000000100 }, /* left it */
		{ waiter(1), MISSING },		   /* leads out of the dump */
		{ waiter(1), 0x1000 },		   /* out of the kernel */
		{ waiter(1), waiter(1) },	   /* alone */
		{ waiter(2), waiter(2) },	   /* a ring that does not come back */
		{ waiter(1) + 8, waiter(1) },	   /* not linked both ways */
		{ waiter(2) + 16, task(3) },	   /* a second that is no waiter */
		{ waiter(2) + 16, LOCK },	   /* the same */
		{ LOCK, LOCK },			   /* owned by what is no task */
		{ LOCK, 0x5a5a5a5a5a5a5a5a },
		{ task(3) + T_PID, 77 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made_mutex();
		struct wait w;
		int r;

		fake_put(f, cases[i].at, cases[i].value, cases[i].at == task(3) ? 4 : 8);
		open_with(f, with_heads);
		r = lock_of(f, WAIT_MUTEX, &w);
		if (r >= 0)
			test_failed("case %zu: lock %#lx, owner %#lx", i, w.object, w.owner);
		assert_int_equal(w.object, 0);
		rings(NULL);
		fake_free(f);
	}
}

/* Beyond the frame there are old ones. */
static void outside_of_the_frame(void **state)
{
	struct fake *f;
	struct wait_site s = site_at_mutex(&f);
	struct wait w = { 0 };

	(void)state;
	s.end = waiter(1);
	assert_fails(lock_of_waiter(&s, WAIT_MUTEX, &w), -ENOENT, "no waiter");
	rings(NULL);
	fake_free(f);
}

static void rwsem(void **state)
{
	static const struct {
		uint64_t count, owner, who, readers;
	} cases[] = {
		{ 0x101, TASKS + 0x300, TASKS + 0x300, 0 }, /* a writer */
		{ 0x302, TASKS + 0x301, 0, 3 },		    /* readers; the last one is noted */
		{ 1, 0, 0, 0 },				    /* about to be one */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const uint64_t ring[] = { LOCK + 24, waiter(1) };
		struct fake *f = made();
		struct wait w;

		put_ring(f, ring, 2);
		fake_put(f, LOCK, cases[i].count, 8);
		fake_put(f, LOCK + 8, cases[i].owner, 8);
		open_with(f, with_heads);
		assert_ok(lock_of(f, WAIT_RWSEM_READ, &w));
		assert_int_equal(w.object, LOCK);
		assert_int_equal(w.owner, cases[i].who);
		assert_int_equal(w.readers, cases[i].readers);
		rings(NULL);
		fake_free(f);
	}
}

static void semaphore(void **state)
{
	(void)state;
	for (unsigned int count = 0; count < 2; count++) {
		const uint64_t ring[] = { LOCK + 8, waiter(1) };
		struct fake *f = made();
		struct wait w;

		put_ring(f, ring, 2);
		fake_put(f, LOCK + 4, count, 4);
		open_with(f, with_heads);
		if (count)
			assert_fails(lock_of(f, WAIT_SEMAPHORE, &w), -ENOENT, "to be had");
		else
			assert_ok(lock_of(f, WAIT_SEMAPHORE, &w));
		assert_int_equal(w.object, count ? 0 : LOCK);
		rings(NULL);
		fake_free(f);
	}
}

static void completion(void **state)
{
	const struct {
		uint64_t at, value;
		int code;
	} cases[] = {
		{ LOCK, 0, 0 },
		{ waiter(1) + 16 + 8, 0x1000, -ENOENT },
		{ waiter(1) + 16 + 8, waiter(1) + 16 + 8, -ENOENT },
		{ waiter(1) + 16, task(2), -ENOENT },
		{ LOCK + 16, MISSING, -ENOENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const uint64_t ring[] = { LOCK + 16, waiter(1) + 16 + 8 };
		struct fake *f = made();
		struct wait_site s;
		struct wait w = { 0 };

		put_ring(f, ring, 2);
		fake_put(f, cases[i].at, cases[i].value, 8);
		open_with(f, with_heads);
		s = site(f);
		assert_int_equal(completion_of_waiter(&s, &w), cases[i].code);
		assert_int_equal(w.object, cases[i].code ? 0 : LOCK);
		rings(NULL);
		fake_free(f);
	}
}

/* Functions of the kernel, by the number of their symbol: 16 bytes apart from FAKE_BASE on. */
enum {
	SYM_WAKE = 200,
	SYM_PAGE = 210,
	SYM_BIT = 220,
	SYM_VAR = 230,
	SYM_BIO = 240,
	SYM_TIMEOUT = 250
};

static uint64_t function(uint32_t i)
{
	return FAKE_BASE + 16 * i;
}

static void put_symbols(struct fake *f)
{
	static const struct made_name called[] = {
		{ (PID_NS - FAKE_BASE) / 16, "init_pid_ns" },
		{ SYM_WAKE, "autoremove_wake_function" },
		{ SYM_PAGE, "wake_page_function" },
		{ SYM_BIT, "wake_bit_function" },
		{ SYM_VAR, "var_wake_function" },
		{ SYM_BIO, "submit_bio_wait_endio" },
		{ SYM_TIMEOUT, "process_timeout" },
	};
	struct made_kallsyms m = { .va = TABLES,
				   .text = FAKE_BASE,
				   .nr = 1500,
				   .encoding = KALLSYMS_RELATIVE,
				   .called = called,
				   .nr_called = ARRAY_SIZE(called) };

	made_kallsyms(&m);
	memcpy(fake_at(f, TABLES), m.blob.data, m.blob.len);
	blob_fini(&m.blob);
}

/* The entry of task 1, @func of which wakes it, in the queue at LOCK with one of task 2. */
static struct fake *made_queue(uint64_t func)
{
	const uint64_t ring[] = { LOCK + 8, waiter(2) + 24, waiter(1) + 24 };
	struct fake *f = made();

	put_symbols(f);
	put_ring(f, ring, 3);
	for (unsigned int pid = 1; pid <= 2; pid++) {
		fake_put(f, waiter(pid) + 8, task(pid), 8);
		fake_put(f, waiter(pid) + 16, func, 8);
	}
	return f;
}

static void queues(void **state)
{
	const struct {
		uint32_t func;
		enum wait_kind kind;
		uint64_t key_at, key, bit_at, bit, object;
	} cases[] = {
		{ SYM_WAKE, WAIT_QUEUE, 0, 0, 0, 0, LOCK },
		{ SYM_PAGE, WAIT_PAGE_LOCK, waiter(1) - 16, PAGE, waiter(1) - 8, 0, PAGE },
		{ SYM_PAGE, WAIT_PAGE_BIT, waiter(1) - 16, PAGE, waiter(1) - 8, 15, PAGE },
		{ SYM_BIT, WAIT_BIT, waiter(1) - 24, PAGE, 0, 0, PAGE },
		{ SYM_VAR, WAIT_VAR, waiter(1) - 24, PAGE, 0, 0, PAGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made_queue(function(cases[i].func));
		struct wait_site s;
		struct wait w = { 0 };

		if (cases[i].key_at)
			fake_put(f, cases[i].key_at, cases[i].key, 8);
		if (cases[i].bit_at)
			fake_put(f, cases[i].bit_at, cases[i].bit, 4);
		open_with(f, with_heads);
		s = site(f);
		assert_ok(queue_of_waiter(&s, &w));
		assert_int_equal(w.kind, cases[i].kind);
		assert_int_equal(w.object, cases[i].object);
		rings(NULL);
		fake_free(f);
	}
}

static void broken_queues(void **state)
{
	const struct {
		uint64_t at, value;
	} cases[] = {
		{ waiter(1) + 8, task(2) },		    /* another's */
		{ waiter(1) + 16, function(SYM_WAKE) + 8 }, /* woken by no function */
		{ waiter(2) + 16, 0 },			    /* two heads */
		{ LOCK, function(SYM_WAKE) },		    /* and none */
		{ waiter(1) + 24, waiter(1) + 24 },
		{ waiter(2) + 24, MISSING },
		{ waiter(2) + 32, LOCK },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made_queue(function(SYM_WAKE));
		struct wait_site s;
		struct wait w = { 0 };

		fake_put(f, cases[i].at, cases[i].value, 8);
		open_with(f, with_heads);
		s = site(f);
		if (queue_of_waiter(&s, &w) >= 0)
			test_failed("case %zu: queue %#lx", i, w.object);
		assert_int_equal(w.object, 0);
		rings(NULL);
		fake_free(f);
	}
}

/* A completion on the task's own stack, which the end of a bio completes; or, of vfork(), a child. */
static void on_own_stack(void **state)
{
	const uint64_t own = stack(1) + 0x3f80;

	(void)state;
	for (int with_bio = 0; with_bio < 2; with_bio++) {
		const uint64_t ring[] = { own + 16, waiter(1) + 16 + 8 };
		struct fake *f = made();
		struct wait_site s;
		struct wait w = { 0 };

		put_symbols(f);
		put_ring(f, ring, 2);
		fake_put(f, stack(1) + 0x3d80, BIO, 8);
		fake_put(f, BIO + 32, own, 8);
		fake_put(f, BIO + 40, function(with_bio ? SYM_BIO : SYM_WAKE), 8);
		open_with(f, with_heads);
		s = site(f);
		assert_ok(completion_of_waiter(&s, &w));
		assert_int_equal(w.kind, with_bio ? WAIT_BIO : WAIT_COMPLETION);
		assert_int_equal(w.object, with_bio ? BIO : own);
		rings(NULL);
		fake_free(f);
	}
}

static void timer(void **state)
{
	const uint64_t at = waiter(1);

	(void)state;
	for (int armed = 0; armed < 2; armed++) {
		struct fake *f = made();
		struct wait_site s;
		struct wait w = { 0 };

		put_symbols(f);
		fake_put(f, at + 16, 12345, 8);
		fake_put(f, at + 24, function(SYM_TIMEOUT), 8);
		fake_put(f, at + 40, task(1), 8);
		fake_put(f, at + 8, TIMER, 8);
		fake_put(f, TIMER, armed ? at : 0, 8);
		open_with(f, with_heads);
		s = site(f);
		assert_int_equal(timer_of_waiter(&s, &w), armed ? 0 : -ENOENT);
		assert_int_equal(w.object, armed ? at : 0);
		rings(NULL);
		fake_free(f);
	}
}

/* Each ring is gone round once, whoever of it asks; one that is broken is so for all. */
static void rings_are_kept(void **state)
{
	struct fake *f;
	struct wait_site s = site_at_mutex(&f);
	struct wait w = { 0 };

	(void)state;
	assert_false(ring_has(s.rings, waiter(1), waiter(2)));
	assert_ok(lock_of_waiter(&s, WAIT_MUTEX, &w));
	assert_true(ring_has(s.rings, waiter(1), waiter(2)));
	assert_true(ring_has(s.rings, waiter(2), LOCK + 16));
	assert_false(ring_has(s.rings, waiter(2), LOCK + 24));
	s.task = task(2);
	s.low = stack(2) + 0x3d00;
	s.end = s.far = stack(2) + 0x4000;
	w = (struct wait){ 0 };
	assert_ok(lock_of_waiter(&s, WAIT_MUTEX, &w));
	assert_int_equal(w.object, LOCK);
	rings(NULL);
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(mutex), cmocka_unit_test(headless), cmocka_unit_test(broken_mutex),
	   cmocka_unit_test(outside_of_the_frame), cmocka_unit_test(rwsem),
	   cmocka_unit_test(semaphore), cmocka_unit_test(completion), cmocka_unit_test(queues),
	   cmocka_unit_test(broken_queues), cmocka_unit_test(on_own_stack), cmocka_unit_test(timer),
	   cmocka_unit_test(rings_are_kept))
