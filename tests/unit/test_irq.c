/* The handlers of an interrupt, its CPUs, and each way in which these lead nowhere. */
#include "kernel/cpu/irq.h"

#include <errno.h>

#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define CPUS	(FAKE_BASE + 0x100) /* nr_cpu_ids, masks, offsets */
#define DESC	(FAKE_BASE + 0x1000)
#define ACTIONS (FAKE_BASE + 0x2000) /* 64 bytes apart */
#define COUNTS	(FAKE_BASE + 0x3000)
#define NAME	(FAKE_BASE + 0x4000)
#define MASK	(FAKE_BASE + 0x4100)
#define PRIMARY (FAKE_BASE + 0x5000)
#define MISSING (FAKE_BASE + 0x3f000)

enum { D_AFFINITY = 0, D_EFFECTIVE = 8, D_ACTION = 16, D_COUNTS = 24 };
enum { A_HANDLER = 0, A_NEXT = 8, A_THREAD_FN = 16, A_THREAD = 24, A_NAME = 32 };

static const char types[] =
	"irq_common_data 16 ptr affinity@0 u64[1] effective_affinity@8\n"
	"irq_desc 64 irq_common_data irq_common_data@0 ptr action@16 ptr kstat_irqs@24\n"
	"irqaction 48 ptr handler@0 ptr next@8 ptr thread_fn@16 ptr thread@24 ptr name@32\n";

static uint64_t action(unsigned int i)
{
	return ACTIONS + 64 * i;
}

static struct fake *made(void)
{
	static const char *const symbols[] = { "nr_cpu_ids", "__cpu_possible_mask",
					       "__cpu_present_mask", "__cpu_online_mask",
					       "__per_cpu_offset" };
	struct fake *f = fake_new();

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		put(&f->vmcoreinfo, "SYMBOL(%s)=%llx\n", symbols[i], CPUS + 8 * i);
	put(&f->vmcoreinfo, "SYMBOL(irq_default_primary_handler)=%llx\n", PRIMARY);
	fake_put(f, CPUS, 2, 4);
	for (size_t i = 1; i <= 3; i++)
		fake_put(f, CPUS + 8 * i, 3, 8);
	fake_put(f, CPUS + 40, 0x100, 8); /* CPU 1's */
	fake_put(f, DESC + D_AFFINITY, MASK, 8);
	fake_put(f, DESC + D_EFFECTIVE, 2, 8);
	fake_put(f, MASK, 3, 8);
	fake_put(f, DESC + D_COUNTS, COUNTS, 8);
	fake_put(f, COUNTS, 0xffffffff, 4);
	fake_put(f, COUNTS + 0x100, 3, 4);
	fake_put(f, DESC + D_ACTION, action(1), 8);
	memcpy(fake_at(f, NAME), "made", 5);
	for (unsigned int i = 1; i <= 3; i++) {
		fake_put(f, action(i) + A_HANDLER, i == 2 ? PRIMARY : 0x100 + i, 8);
		fake_put(f, action(i) + A_NEXT, i < 3 ? action(i + 1) : 0, 8);
		fake_put(f, action(i) + A_THREAD_FN, 0x200 + i, 8);
		fake_put(f, action(i) + A_THREAD, i == 2 ? 0x7000 : 0, 8);
		fake_put(f, action(i) + A_NAME, NAME, 8);
	}
	f->missing[FAKE_PAGES - 1] = true;
	return f;
}

static struct kernel *open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
	return f->kernel;
}

static int see(void *arg, const struct irq_action *a)
{
	static const uint64_t handlers[] = { 0x101, 0x202, 0x103 };
	unsigned int *n = arg;

	if (*n < ARRAY_SIZE(handlers)) {
		assert_int_equal(a->addr, action(*n + 1));
		assert_int_equal(a->handler, handlers[*n]);
		assert_int_equal(a->thread, *n == 1 ? 0x7000 : 0);
	}
	++*n;
	return *n > 100 ? -E2BIG : 0;
}

static void broken_chains(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
		unsigned int n;
	} cases[] = {
		{ DESC + D_ACTION, MISSING, -ENODATA, 0 },
		{ ACTIONS + 64 * 3 + A_NEXT, 0x1000, -EFAULT, 3 },
		{ ACTIONS + 64 * 3 + A_NEXT, MISSING, -ENODATA, 3 },
		{ ACTIONS + 64 * 3 + A_NEXT, ACTIONS + 64 * 3, -ELOOP, 3 },
		{ ACTIONS + 64 * 3 + A_NEXT, ACTIONS + 64, -ELOOP, 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = made();
		unsigned int n = 0;

		fake_put(f, cases[i].at, cases[i].value, 8);
		assert_fails(irq_actions_each(open_it(f), DESC, see, &n), cases[i].code, "");
		assert_true(n >= cases[i].n && n < 20);
		fake_free(f);
	}
}

static void whole(void **state)
{
	struct fake *f = made();
	struct kernel *k = open_it(f);
	struct cpu_mask mask;
	unsigned int n = 0;
	uint64_t count;

	(void)state;
	assert_ok(irq_actions_each(k, DESC, see, &n));
	assert_int_equal(n, 3);
	assert_ok(irq_count_all(k, DESC, &count));
	assert_int_equal(count, 0x100000002ull);
	assert_ok(irq_affinity(k, DESC, false, &mask));
	assert_int_equal(mask.bits[0], 3);
	assert_ok(irq_affinity(k, DESC, true, &mask));
	assert_int_equal(mask.bits[0], 2);
	fake_free(f);
}

static void mask_is_missing(void **state)
{
	struct fake *f = made();
	struct cpu_mask mask;

	(void)state;
	fake_put(f, DESC + D_AFFINITY, MISSING, 8);
	fake_put(f, DESC + D_COUNTS, MISSING, 8);
	assert_fails(irq_affinity(open_it(f), DESC, false, &mask), -ENODATA, "");
	assert_fails(irq_count_all(f->kernel, DESC, &(uint64_t){ 0 }), -ENODATA, "");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(broken_chains),
	   cmocka_unit_test(mask_is_missing))
