/* Areas of the kernel's addresses, in one list and in those of nodes, whole and broken. */
#include "kernel/mem/vm_area.h"

#include <errno.h>

#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define HEAD	 (FAKE_BASE + 0x100)
#define NODES	 (FAKE_BASE + 0x200) /* a pointer to them, and how many */
#define NODE(i)	 (FAKE_BASE + 0x300 + 64 * (i))
#define AREA(i)	 (FAKE_BASE + 0x1000 + 64ull * (i))
#define VM(i)	 (FAKE_BASE + 0x2000 + 64ull * (i))
#define START(i) (0xffffc90000000000ull + 0x10000 * (i))
#define NR	 6

static const char types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"rb_list 16 list_head head@0\n"
	"vmap_node 64 rb_list busy@16 rb_list lazy@32\n"
	"vmap_area 64 u64 va_start@0 u64 va_end@8 list_head list@16 ptr vm@32\n"
	"vm_struct 64 ptr addr@0 u64 size@8 u64 flags@16 ptr pages@24 u32 nr_pages@32 "
	"u64 phys_addr@40 ptr caller@48\n";

/* Areas @first to @last in a ring at @head. */
static void put_ring(struct fake *f, uint64_t head, unsigned int first, unsigned int end)
{
	uint64_t at = head;

	for (unsigned int i = first; i < end; i++) {
		fake_put(f, at, AREA(i) + 16, 8);
		at = AREA(i) + 16;
	}
	fake_put(f, at, head, 8);
}

static void put_areas(struct fake *f)
{
	for (unsigned int i = 0; i < NR; i++) {
		fake_put(f, AREA(i), START(i), 8);
		fake_put(f, AREA(i) + 8, START(i) + 0x3000, 8);
		fake_put(f, AREA(i) + 32, i == 4 ? 0 : VM(i), 8);
		fake_put(f, VM(i), START(i), 8);
		fake_put(f, VM(i) + 8, 0x3000, 8);
		fake_put(f, VM(i) + 16, i, 8);
		fake_put(f, VM(i) + 32, 2, 4);
		fake_put(f, VM(i) + 48, FAKE_BASE + i, 8);
	}
}

static struct fake *make(bool of_nodes)
{
	struct fake *f = fake_new();

	put_areas(f);
	if (!of_nodes) {
		put_ring(f, HEAD, 0, NR);
		put(&f->vmcoreinfo, "SYMBOL(vmap_area_list)=%llx\n", HEAD);
		return f;
	}
	put_ring(f, NODE(0) + 16, 0, 2);
	put_ring(f, NODE(1) + 16, 2, 2);
	put_ring(f, NODE(2) + 16, 2, NR);
	for (unsigned int i = 0; i < 3; i++)
		put_ring(f, NODE(i) + 32, 0, 0);
	fake_put(f, NODES, NODE(0), 8);
	fake_put(f, NODES + 8, 3, 4);
	put(&f->vmcoreinfo, "SYMBOL(vmap_nodes)=%llx\nSYMBOL(nr_vmap_nodes)=%llx\n", NODES,
	    NODES + 8);
	return f;
}

static struct kernel *open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
	return f->kernel;
}

static void found(void **state)
{
	(void)state;
	for (int of_nodes = 0; of_nodes < 2; of_nodes++) {
		struct fake *f = make(of_nodes);
		struct kernel *k = open_it(f);
		struct vm_area a;

		for (unsigned int i = 0; i < NR; i++) {
			assert_ok(vm_area_at(k, START(i) + 0x2fff, &a));
			assert_int_equal(a.start, START(i));
			assert_int_equal(a.end, START(i) + 0x3000);
			assert_int_equal(a.caller, i == 4 ? 0 : FAKE_BASE + i);
			assert_fails(vm_area_at(k, START(i) + 0x3000, &a), -ENOENT, "in no area");
		}
		assert_fails(vm_area_at(k, START(0) - 1, &a), -ENOENT, "in no area");
		fake_free(f);
	}
}

static int count(void *arg, uint64_t area)
{
	++*(size_t *)arg;
	assert_int_equal(area % 64, 0);
	return 0;
}

static void broken(void **state)
{
	static const struct {
		uint64_t next;
		int code;
		const char *text;
	} cases[] = {
		{ AREA(1) + 16, -ELOOP, "comes again" },
		{ 0xdead000000000100, -EBADMSG, "poison" },
		{ 0, -EBADMSG, "no entry" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make(false);
		struct vm_area a;
		struct kernel *k;
		size_t n = 0;

		fake_put(f, AREA(3) + 16, cases[i].next, 8);
		k = open_it(f);
		assert_fails(vm_areas_each(k, count, &n), cases[i].code, cases[i].text);
		assert_true(n >= 4);
		/* What comes before is found all the same. */
		assert_ok(vm_area_at(k, START(2), &a));
		assert_fails(vm_area_at(k, START(5), &a), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

/* As many nodes as no machine has are not all walked. */
static void many_nodes(void **state)
{
	struct fake *f = make(true);
	struct vm_area a;
	struct kernel *k;

	(void)state;
	fake_put(f, NODES + 8, 0xffffffff, 4);
	k = open_it(f);
	assert_ok(vm_area_at(k, START(3), &a));
	assert_true(vm_area_at(k, START(0) - 1, &a) < 0);
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(found), cmocka_unit_test(broken), cmocka_unit_test(many_nodes))
