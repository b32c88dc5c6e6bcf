/* /proc/irq of a kernel that keeps interrupts in a radix tree: whole, and damaged. */
#include "kernel/cpu/irq.h"
#include "tests/unit/fake_render.h"
#include "tests/unit/unit.h"

#define AT(n)	   ((uint64_t)(FAKE_BASE + (n)))
#define MACHINE	   AT(0x1000)
#define TREE	   AT(0x100)
#define DEFAULT	   AT(0x140)
#define NODE	   AT(0x200)
#define DESC(i)	   AT(0x2000 + 0x100 * (i))
#define ACTION(i)  AT(0x3000 + 0x40 * (i))
#define NAME(i)	   AT(0x3800 + 0x10 * (i))
#define MASK(bits) AT(0x3c00 + 8 * (bits)) /* struct cpumask */

static const char types[] = FAKE_MACHINE_TYPES
	"radix_tree_root 16 ptr rnode@8\n"
	"radix_tree_node 48 u8 shift@0 ptr[4] slots@16\n"
	"cpumask 1024 u64[128] bits@0\n"
	"irq_common_data 40 u32 state_use_accessors@0 s32 node@4 ptr affinity@8 ptr effective_affinity@16\n"
	"irq_desc 128 irq_common_data irq_common_data@0 ptr action@40 ptr affinity_hint@48 ptr pending_mask@56 "
	"u32 irq_count@64 u32 irqs_unhandled@68 u64 last_unhandled@72 ptr dir@80\n"
	"irqaction 64 ptr next@0 ptr name@8 ptr dir@16\n"
	"enum IRQD_SETAFFINITY_PENDING=256\n";

/* Interrupts 0, 1 and 3; 1 has no directory; 3 has two handlers, the second of the first's name. */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	fake_machine(f, MACHINE, 4, 0, 0);
	put(&f->vmcoreinfo, "SYMBOL(irq_desc_tree)=%lx\nSYMBOL(irq_default_affinity)=%lx\n", TREE,
	    DEFAULT);
	fake_put(f, DEFAULT, MASK(15), 8);
	fake_put(f, TREE + 8, NODE | 1, 8);
	for (unsigned int bits = 0; bits < 16; bits++)
		fake_put(f, MASK(bits), bits, 8);
	for (unsigned int i = 0; i < 4; i++) {
		if (i == 2)
			continue;
		fake_put(f, NODE + 16 + 8 * i, DESC(i), 8);
		fake_put(f, DESC(i) + 4, (uint64_t)-1, 4);
		fake_put(f, DESC(i) + 8, MASK(7), 8);
		fake_put(f, DESC(i) + 16, MASK(i), 8);
		fake_put(f, DESC(i) + 64, 100 + i, 4);
		fake_put(f, DESC(i) + 72, 4294892296 + i, 8);
		fake_put(f, DESC(i) + 80, i != 1, 8);
	}
	fake_put(f, DESC(3), 256, 4);
	fake_put(f, DESC(3) + 40, ACTION(0), 8);
	fake_put(f, DESC(3) + 56, MASK(9), 8);
	fake_put(f, DESC(3) + 48, MASK(2), 8);
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, ACTION(i), i < 2 ? ACTION(i + 1) : 0, 8);
		fake_put(f, ACTION(i) + 8, NAME(i), 8);
		fake_put(f, ACTION(i) + 16, i != 1, 8);
		memcpy(fake_at(f, NAME(i)), i == 2 ? "ttyS1" : "ttyS0", 6);
	}
	return f;
}

static void open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
}

static void whole(void **state)
{
	struct fake *f = make();

	(void)state;
	open_it(f);
	expect_names(f, &list_irqs, 0, "0 3 ");
	expect_names(f, &list_irq_actions, DESC(3), "ttyS0 ttyS1 ");
	expect_names(f, &list_irq_actions, DESC(0), "");
	expect_text(f, gen_irq_default_affinity, 0, "f\n");
	expect_text(f, gen_irq_affinity, DESC(0), "7\n");
	expect_text(f, gen_irq_affinity_list, DESC(0), "0-2\n");
	/* one that waits to be moved */
	expect_text(f, gen_irq_affinity_list, DESC(3), "0,3\n");
	expect_text(f, gen_irq_effective, DESC(3), "3\n");
	expect_text(f, gen_irq_effective_list, DESC(0), "\n");
	expect_text(f, gen_irq_affinity_hint, DESC(0), "0\n");
	expect_text(f, gen_irq_affinity_hint, DESC(3), "2\n");
	expect_text(f, gen_irq_node, DESC(0), "-1\n");
	expect_text(f, gen_irq_spurious, DESC(3),
		    "count 103\nunhandled 0\nlast_unhandled 4294667308 ms\n");
	fake_free(f);
}

/* Those before it are listed, and what is wrong is told. */
static void damaged(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *expected;
	} cases[] = {
		{ TREE + 8, 0x400001, "!! interrupts: " },
		{ NODE + 24, NODE | 1, "0 !! interrupts: " },
		{ NODE + 24, 0x400000, "0 !! irq_desc.dir" },
		{ NODE + 24, AT(0x3f000), "0 !! irq_desc.dir" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();
		char *text;

		fake_put(f, cases[i].at, cases[i].value, 8);
		f->missing[0x3f] = true;
		open_it(f);
		text = fake_names(f, &list_irqs, 0);
		if (!strstr(text, "!! ") || strncmp(text, cases[i].expected, 4))
			test_failed("%zu: %s", i, text);
		free(text);
		fake_free(f);
	}
}

static void damaged_actions(void **state)
{
	struct fake *f = make();
	char *text;

	(void)state;
	fake_put(f, ACTION(1), ACTION(0), 8);
	fake_put(f, DESC(0) + 40, 0x400000, 8);
	fake_put(f, DESC(0) + 8, 0x400000, 8);
	open_it(f);
	text = fake_names(f, &list_irq_actions, DESC(3));
	assert_non_null(strstr(text, "comes again"));
	free(text);
	text = fake_names(f, &list_irq_actions, DESC(0));
	assert_non_null(strstr(text, "!! interrupt 0: "));
	free(text);
	expect_error(f, gen_irq_affinity, DESC(0), "0x400000");
	expect_error(f, gen_irq_spurious, 0x400000, "irq_desc.irq_count");
	fake_free(f);
}

/* A kernel for few CPUs has its masks in place. */
static void in_place(void **state)
{
	struct fake *f = make();
	STRBUF(text);

	(void)state;
	put_str(&text, types);
	memcpy(strstr(text.data, "ptr affinity@8"), "u64 affinity@8", 14);
	fake_put(f, DESC(0) + 8, 5, 8);
	fake_put(f, DEFAULT, 6, 8);
	fake_open(f);
	fake_structs(f, text.data);
	expect_text(f, gen_irq_affinity_list, DESC(0), "0,2\n");
	expect_text(f, gen_irq_default_affinity, 0, "6\n");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(damaged), cmocka_unit_test(damaged_actions),
	   cmocka_unit_test(in_place))
