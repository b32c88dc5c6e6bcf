/* Timer wheels and high-resolution timers: whole, and with each link of them broken. */
#include <errno.h>

#include "kernel/timer/hrtimer.h"
#include "kernel/timer/wheel.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define BASES	(FAKE_BASE + 0x1000) /* three of 128 bytes */
#define CLOCK	(FAKE_BASE + 0x2000)
#define TIMERS	(FAKE_BASE + 0x3000) /* 64 bytes apart */
#define MISSING (FAKE_BASE + 0x3f000)

enum { B_VECTORS = 64, BASE_SIZE = 128, T_EXPIRES = 16, T_FUNCTION = 24 };
enum { H_EXPIRES = 24, H_SOFT = 32, H_FUNCTION = 40 };

static const char types[] =
	"hlist_node 16 ptr next@0 ptr pprev@8\n"
	"hlist_head 8 ptr first@0\n"
	"timer_list 40 hlist_node entry@0 u64 expires@16 ptr function@24 u32 flags@32\n"
	"timer_base 128 hlist_head[8] vectors@64\n"
	"rb_node 24 u64 color@0 ptr rb_right@8 ptr rb_left@16\n"
	"timerqueue_node 32 rb_node node@0 u64 expires@24\n"
	"timerqueue_head 16 ptr rb_root@0\n"
	"hrtimer 48 timerqueue_node node@0 u64 _softexpires@32 ptr function@40\n"
	"hrtimer_clock_base 64 s32 clockid@12 timerqueue_head active@16 u64 offset@56\n";

static uint64_t timer(unsigned int i)
{
	return TIMERS + 64 * i;
}

static void hang(struct fake *f, unsigned int base, unsigned int vector, unsigned int i,
		 uint64_t expires)
{
	uint64_t head = BASES + BASE_SIZE * base + B_VECTORS + 8 * vector, first;

	memcpy(&first, fake_at(f, head), 8);
	fake_put(f, timer(i), first, 8);
	fake_put(f, timer(i) + T_EXPIRES, expires, 8);
	fake_put(f, timer(i) + T_FUNCTION, 0x1000 + i, 8);
	fake_put(f, head, timer(i), 8);
}

/* In the first base 1, 2 in one list and 3 in another; 4 in the last. */
static struct fake *made(void)
{
	struct fake *f = fake_new();

	hang(f, 0, 2, 1, 300);
	hang(f, 0, 2, 2, 100);
	hang(f, 0, 7, 3, 200);
	hang(f, 2, 0, 4, 50);
	f->missing[FAKE_PAGES - 1] = true;
	return f;
}

static void open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
}

static void wheel(void **state)
{
	static const struct {
		unsigned int i;
		uint64_t expires;
		const char *base;
	} wanted[] = {
		{ 2, 100, "LOCAL" }, { 3, 200, "LOCAL" }, { 1, 300, "LOCAL" }, { 4, 50, "DEF" }
	};
	struct fake *f = made();
	struct wheel w = { 0 };

	(void)state;
	open_it(f);
	assert_ok(wheel_read(f->kernel, BASES, 3, &w));
	assert_int_equal(w.n, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < w.n; i++) {
		assert_int_equal(w.v[i].timer, timer(wanted[i].i));
		assert_int_equal(w.v[i].expires, wanted[i].expires);
		assert_int_equal(w.v[i].function, 0x1000 + wanted[i].i);
		assert_string_equal(w.v[i].base, wanted[i].base);
	}
	assert_int_equal(w.problems.len, 0);
	wheel_free(&w);
	fake_free(f);
}

/* Jiffies wrap around: what is after it is later. */
static void wrapped(void **state)
{
	struct fake *f = made();
	struct wheel w = { 0 };

	(void)state;
	fake_put(f, timer(2) + T_EXPIRES, 5, 8);
	fake_put(f, timer(3) + T_EXPIRES, -5ull, 8);
	open_it(f);
	assert_ok(wheel_read(f->kernel, BASES, 1, &w));
	assert_int_equal(w.v[0].timer, timer(3));
	assert_int_equal(w.v[1].timer, timer(2));
	assert_string_equal(w.v[0].base, "STD");
	wheel_free(&w);
	fake_free(f);
}

/* A list that leads nowhere costs the others nothing. */
static void broken_wheel(void **state)
{
	static const struct {
		uint64_t next;
		size_t n;
		const char *text;
	} cases[] = {
		{ TIMERS + 64 * 2, 3, "comes again" }, { 0x1004, 3, "is no entry" },
		{ 0xdead000000000122, 3, "poison" },   { MISSING, 3, "LOCAL: list" },
		{ 0x400000, 3, "LOCAL: list" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made();
		struct wheel w = { 0 };
		bool last = false;

		/* 2 is the first of its list; behind it was 1. */
		fake_put(f, timer(2), cases[i].next, 8);
		open_it(f);
		assert_ok(wheel_read(f->kernel, BASES, 3, &w));
		if (w.n < cases[i].n || !w.problems.data || !strstr(w.problems.data, cases[i].text))
			test_failed("case %zu: %zu timers, %s", i, w.n, w.problems.data);
		for (size_t n = 0; n < w.n; n++)
			last |= w.v[n].timer == timer(4);
		assert_true(last);
		wheel_free(&w);
		fake_free(f);
	}
}

static void no_bases(void **state)
{
	struct fake *f = made();
	struct wheel w = { 0 };

	(void)state;
	open_it(f);
	assert_fails(wheel_read(f->kernel, BASES, 0, &w), -EBADMSG, "0 timer bases");
	assert_fails(wheel_read(f->kernel, BASES, 4, &w), -EBADMSG, "4 timer bases");
	wheel_free(&w);
	fake_free(f);
}

/* Timers 5, 6, 7, of which 6 is the root. */
static struct fake *made_tree(void)
{
	struct fake *f = made();

	fake_put(f, CLOCK + 16, timer(6), 8);
	fake_put(f, timer(6) + 16, timer(5), 8);
	fake_put(f, timer(6) + 8, timer(7), 8);
	for (unsigned int i = 5; i < 8; i++) {
		fake_put(f, timer(i) + H_EXPIRES, 1000 * i, 8);
		fake_put(f, timer(i) + H_SOFT, 1000 * i - 1, 8);
		fake_put(f, timer(i) + H_FUNCTION, i, 8);
	}
	return f;
}

static int count(void *arg, const struct hrtimer *t)
{
	unsigned int *n = arg;

	++*n;
	assert_true(*n < 100);
	if (*n <= 3 && t->addr == timer(4 + *n)) {
		assert_int_equal(t->expires, 1000 * (4 + *n));
		assert_int_equal(t->soft_expires, t->expires - 1);
		assert_int_equal(t->function, 4 + *n);
	}
	return 0;
}

static void tree(void **state)
{
	const struct hrtimer_base base = { .addr = CLOCK };
	struct fake *f = made_tree();
	unsigned int n = 0;

	(void)state;
	open_it(f);
	assert_ok(hrtimers_each(f->kernel, &base, count, &n));
	assert_int_equal(n, 3);
	fake_free(f);
}

static void broken_tree(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
	} cases[] = {
		{ TIMERS + 64 * 5 + 16, TIMERS + 64 * 6, -ELOOP },
		{ TIMERS + 64 * 7 + 8, TIMERS + 64 * 6, -ELOOP },
		{ TIMERS + 64 * 7 + 8, 0x123, -EBADMSG },
		{ CLOCK + 16, MISSING, -ENODATA },
		{ CLOCK + 16, 0x1230, -EFAULT },
	};
	const struct hrtimer_base base = { .addr = CLOCK };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made_tree();
		unsigned int n = 0;

		fake_put(f, cases[i].at, cases[i].value, 8);
		open_it(f);
		assert_fails(hrtimers_each(f->kernel, &base, count, &n), cases[i].code, "");
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(wheel), cmocka_unit_test(wrapped), cmocka_unit_test(broken_wheel),
	   cmocka_unit_test(no_bases), cmocka_unit_test(tree), cmocka_unit_test(broken_tree))
