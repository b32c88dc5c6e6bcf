/* Counters of control groups, added up as the kernel would; and trees of them that do not end. */
#include <errno.h>

#include "kernel/task/cgroup_count.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define GROUPS (FAKE_BASE + 0x1000)

/* A group begins with its css; then what it knows, and what was taken over from it. */
static const char types[] = "list_head 16 ptr next@0 ptr prev@8\n"
			    "cgroup_subsys_state 64 ptr cgroup@0 list_head sibling@16 "
			    "list_head children@32\n"
			    "cgroup 128 cgroup_subsys_state self@0 u64 known@64 u64 taken@72 "
			    "ptr[2] subsys@80\n";

static uint64_t group(unsigned int i)
{
	return GROUPS + 0x80 * i;
}

static void put_group(struct fake *f, unsigned int i, uint64_t known, uint64_t taken)
{
	fake_put(f, group(i), group(i), 8);
	fake_put(f, group(i) + 32, group(i) + 32, 8);
	fake_put(f, group(i) + 64, known, 8);
	fake_put(f, group(i) + 72, taken, 8);
}

/* @b comes after @a among the children of @parent; a == b: there is one. */
static void put_children(struct fake *f, unsigned int parent, unsigned int a, unsigned int b)
{
	fake_put(f, group(parent) + 32, group(a) + 16, 8);
	fake_put(f, group(a) + 16, a == b ? group(parent) + 32 : group(b) + 16, 8);
	fake_put(f, group(b) + 16, group(parent) + 32, 8);
}

static int own(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret)
{
	return kernel_read_uint(c->k, cgroup + 64, 8, ret);
}

static int taken(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret)
{
	return kernel_read_uint(c->k, cgroup + 72, 8, ret);
}

static struct fake *make(void)
{
	struct fake *f = fake_new();

	put_group(f, 0, 100, 0);
	put_group(f, 1, 30, 20);
	put_group(f, 2, 7, 7);
	put_group(f, 3, 5, 1);
	put_children(f, 0, 1, 2);
	put_children(f, 1, 3, 3);
	return f;
}

static int total(struct fake *f, unsigned int i, uint64_t *ret)
{
	struct cgroup_count c = { .own = own, .taken = taken };

	c.k = fake_open(f);
	fake_structs(f, types);
	return cgroup_total(&c, group(i), ret);
}

static void whole(void **state)
{
	static const uint64_t sums[] = { 100 + (30 + 4 - 20) + 0, 30 + 4, 7, 5 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sums); i++) {
		struct fake *f = make();
		uint64_t sum;

		assert_ok(total(f, i, &sum));
		assert_int_equal(sum, sums[i]);
		fake_free(f);
	}
}

static void broken(void **state)
{
	struct fake *f = make();
	uint64_t sum;

	(void)state;
	/* Each has itself below, and that twice: 2^64 of them. */
	fake_put(f, group(1), group(0), 8);
	fake_put(f, group(2), group(0), 8);
	assert_fails(total(f, 0, &sum), -ELOOP, "do not end");
	fake_free(f);

	f = make();
	fake_put(f, group(3) + 16, group(3) + 16, 8);
	assert_fails(total(f, 0, &sum), -ELOOP, "comes again");
	fake_free(f);

	f = make();
	fake_put(f, group(3), 0x1000, 8);
	assert_fails(total(f, 0, &sum), -EFAULT, "");
	fake_free(f);

	f = make();
	fake_put(f, group(0) + 32, FAKE_BASE + 0x3f000, 8);
	f->missing[0x3f] = true;
	assert_fails(total(f, 0, &sum), -ENODATA, "list");
	fake_free(f);
}

/* A controller that the kernel does not know is none of the group. */
static void no_controller(void **state)
{
	struct fake *f = make();
	uint64_t css = 1;

	(void)state;
	fake_open(f);
	fake_structs(f, types);
	assert_ok(cgroup_css(f->kernel, group(0), "memory", &css));
	assert_int_equal(css, 0);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(broken),
		cmocka_unit_test(no_controller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
