/* On which nodes the pages of a mapping are, and how they are to be spread: damaged tables and policies. */
#include "kernel/mem/vma_nodes.h"

#include <errno.h>

#include "kernel/arch/x86_64.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define TABLES	 0x10000 /* physical: root, then one of each level */
#define PAGES	 (FAKE_BASE + 0x20000)
#define BASE_VAR (FAKE_BASE + 0x100)
#define VMA	 (FAKE_BASE + 0x200)
#define TASK	 (FAKE_BASE + 0x300)
#define POLICY	 (FAKE_BASE + 0x400)

static const char types[] =
	"nodemask 128 u64[16] bits@0\n"
	"nodemask_t 128 u64[16] bits@0\n"
	"page 64 u64 flags@0 u64 compound_head@8 ptr mapping@24 u32 _mapcount@48 u32 _refcount@52\n"
	"vm_area_struct 32 ptr vm_policy@8\n"
	"task_struct 32 ptr mempolicy@8\n"
	"mempolicy 160 u32 refcnt@0 u32 mode@4 u32 flags@8 nodemask_t nodes@16\n";

/* Three pages of addresses: a page on node 2 that is mapped twice, nothing, an anonymous one on node 1. */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(vmemmap_base)=%llx\n", BASE_VAR);
	fake_put(f, BASE_VAR, PAGES, 8);
	for (unsigned int i = 0; i < 3; i++)
		fake_put(f, FAKE_BASE + TABLES + 0x1000 * i, (TABLES + 0x1000 * (i + 1)) | 7, 8);
	fake_put(f, FAKE_BASE + TABLES + 0x3000, 4 << 12 | 7 | 1 << 6, 8);
	fake_put(f, FAKE_BASE + TABLES + 0x3010, 5 << 12 | 7, 8);
	fake_put(f, PAGES + 64 * 4, 2ull << 54, 8);
	fake_put(f, PAGES + 64 * 4 + 48, 1, 4);
	fake_put(f, PAGES + 64 * 5, 1ull << 54, 8);
	fake_put(f, PAGES + 64 * 5 + 24, 1, 8);
	return f;
}

static int count(struct fake *f, struct vma_nodes *ret)
{
	const struct vma v = { .addr = VMA, .start = 0, .end = 0x3000 };
	struct user_mem m = { .space = { .pt = &x86_four_levels, .root = TABLES } };

	m.k = fake_open(f);
	fake_structs(f, types);
	return vma_nodes(&m, &v, ret);
}

static void whole(void **state)
{
	struct fake *f = make();
	struct vma_nodes n;

	(void)state;
	assert_ok(count(f, &n));
	assert_int_equal(n.pages, 2);
	assert_int_equal(n.node[1], 1);
	assert_int_equal(n.node[2], 1);
	assert_int_equal(n.dirty, 1);
	assert_int_equal(n.anon, 1);
	assert_int_equal(n.mapped_most, 2);
	fake_free(f);
}

static void broken(void **state)
{
	struct fake *f = make();
	struct vma_nodes n;

	(void)state;
	f->missing[0x13] = true; /* the last table */
	assert_fails(count(f, &n), -ENODATA, "mapping at 0");
	fake_free(f);

	f = make();
	f->missing[0x20] = true; /* the struct pages */
	assert_fails(count(f, &n), -ENODATA, "page frame 0x4");
	fake_free(f);
}

static int policy(struct fake *f, struct mempolicy *ret)
{
	const struct vma v = { .addr = VMA };

	fake_open(f);
	fake_structs(f, types);
	return vma_policy(f->kernel, TASK, &v, ret);
}

static void policies(void **state)
{
	struct fake *f = make();
	struct mempolicy p;

	(void)state;
	assert_ok(policy(f, &p));
	assert_int_equal(p.mode, 0);
	assert_false(p.has_nodes);
	fake_free(f);

	/* The mapping's own is before that of the task. */
	f = make();
	fake_put(f, TASK + 8, 0x1000, 8);
	fake_put(f, VMA + 8, POLICY, 8);
	fake_put(f, POLICY + 4, 3, 4);
	fake_put(f, POLICY + 16 + 8, 5, 8);
	assert_ok(policy(f, &p));
	assert_int_equal(p.mode, 3);
	assert_int_equal(p.nodes[1], 5);
	assert_true(p.has_nodes);
	fake_free(f);

	f = make();
	fake_put(f, TASK + 8, 0x1000, 8);
	assert_fails(policy(f, &p), -EFAULT, "mempolicy at 0x1000");
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(broken),
		cmocka_unit_test(policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
