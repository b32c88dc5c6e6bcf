/* The POSIX timers of a process: as kernels of several times have them, and broken. */
#include <errno.h>

#include "kernel/task/timer.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define TASK   (FAKE_BASE + 0x100)
#define SIGNAL (FAKE_BASE + 0x200)
#define QUEUE  (FAKE_BASE + 0x300)
#define TIMERS (FAKE_BASE + 0x1000)

#define TYPES_OF_PARTS                                      \
	"sigval 8 ptr sival_ptr@0\n"                        \
	"rt 16 u64 id@0 sigval _sigval@8\n"                 \
	"sifields 16 rt _rt@0\n"                            \
	"siginfo 32 s32 si_signo@0 sifields _sifields@16\n" \
	"sigqueue 32 siginfo info@0\n"                      \
	"task_struct 16 ptr signal@8\n"                     \
	"list_head 16 ptr next@0 ptr prev@8\n"              \
	"hlist_head 8 ptr first@0\n"                        \
	"hlist_node 16 ptr next@0 ptr pprev@8\n"

static const char lists[] = TYPES_OF_PARTS
	"signal_struct 32 list_head posix_timers@16\n"
	"k_itimer 64 list_head list@8 s32 it_clock@24 s32 it_id@28 s32 it_sigev_notify@32 ptr it_pid@40 "
	"ptr sigq@48\n";

static const char hlists[] = TYPES_OF_PARTS
	"signal_struct 32 hlist_head posix_timers@16\n"
	"k_itimer 96 hlist_node list@8 s32 it_clock@24 s32 it_id@28 s32 it_sigev_notify@32 ptr it_pid@40 "
	"sigqueue sigq@48\n";

static uint64_t timer(unsigned int i)
{
	return TIMERS + 0x80 * i;
}

static struct fake *make(bool is_new, unsigned int n)
{
	uint64_t prev = SIGNAL + 16;
	struct fake *f = fake_new();

	fake_put(f, TASK + 8, SIGNAL, 8);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t t = timer(i), queue = is_new ? t + 48 : QUEUE;

		fake_put(f, prev, t + 8, 8);
		prev = t + 8;
		fake_put(f, t + 24, (uint64_t)-6, 4);
		fake_put(f, t + 28, i, 4);
		fake_put(f, t + 32, TIMER_THREAD_ID, 4);
		fake_put(f, t + 48, QUEUE, 8);
		fake_put(f, queue, 35, 4);
		fake_put(f, queue + 24, 0x1234567, 8);
	}
	fake_put(f, prev, is_new ? 0 : SIGNAL + 16, 8);
	return f;
}

static int count(void *arg, const struct timer *t)
{
	unsigned int *n = arg;

	assert_true(t->id >= 0 && t->id < 2);
	assert_int_equal(t->clock, -6);
	assert_int_equal(t->signal, 35);
	assert_int_equal(t->value, 0x1234567);
	assert_int_equal(t->notify, TIMER_THREAD_ID);
	++*n;
	return 0;
}

static void whole(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct fake *f = make(i & 1, i / 2);
		unsigned int n = 0;

		fake_open(f);
		fake_structs(f, i & 1 ? hlists : lists);
		assert_int_equal(task_timers(f->kernel, TASK, count, &n), 0);
		assert_int_equal(n, i / 2);
		fake_free(f);
	}
}

static void broken(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
		const char *text;
	} cases[] = {
		{ TIMERS + 8, TIMERS + 8, -ELOOP, "comes again" },
		{ TIMERS + 0x80 + 8, 0, -EBADMSG, "0 is no entry" },
		{ TIMERS + 8, FAKE_BASE + 0x3f000, -ENODATA, "list" },
		{ TIMERS + 48, 0x1000, -EFAULT, "timer at" },
		{ TASK + 8, 0x1000, -EFAULT, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make(false, 2);
		unsigned int n = 0;

		fake_put(f, cases[i].at, cases[i].value, 8);
		f->missing[0x3f] = true;
		fake_open(f);
		fake_structs(f, lists);
		assert_fails(task_timers(f->kernel, TASK, count, &n), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
