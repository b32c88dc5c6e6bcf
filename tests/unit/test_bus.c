/* Buses and classes of the driver core, found in both ways, and their devices; damaged ones. */
#include <errno.h>

#include "kernel/sys/bus.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n)	  ((uint64_t)(FAKE_BASE + (n)))
#define BUS	  AT(0x100)
#define KSETS	  AT(0x200) /* bus_kset, a pointer */
#define KSET	  AT(0x240)
#define SUBSYS(i) AT(0x400 + 0x80 * (i))
#define ENTRY(i)  AT(0x1000 + 0x40 * (i)) /* device_private */
#define DEVICE(i) AT(0x2000 + 0x40 * (i))
#define NR	  3

static const char old_types[] = "bus_type 16 ptr p@8\n";
static const char types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"kobject 32 list_head entry@8\n"
	"kset 64 list_head list@0 kobject kobj@16\n"
	"klist 32 list_head k_list@8\n"
	"subsys_private 128 kset subsys@0 klist klist_devices@72 ptr bus@104 ptr class@112\n"
	"klist_node 32 list_head n_node@8\n"
	"device_private 64 klist_node knode_bus@0 ptr device@56\n";

/* Two subsystems in the list of all; the second is the bus's. */
static struct fake *make(void)
{
	struct fake *f = fake_new();
	uint64_t head = SUBSYS(1) + 80;

	put(&f->vmcoreinfo, "SYMBOL(pci_bus_type)=%lx\nSYMBOL(bus_kset)=%lx\n", BUS, KSETS);
	fake_put(f, BUS + 8, SUBSYS(1), 8);
	fake_put(f, KSETS, KSET, 8);
	fake_put(f, KSET, SUBSYS(0) + 16 + 8, 8);
	fake_put(f, SUBSYS(0) + 24, SUBSYS(1) + 24, 8);
	fake_put(f, SUBSYS(1) + 24, KSET, 8);
	fake_put(f, SUBSYS(1) + 104, BUS, 8);
	for (unsigned int i = 0; i < NR; i++) {
		fake_put(f, head, ENTRY(i) + 8, 8);
		fake_put(f, ENTRY(i) + 56, DEVICE(i), 8);
		head = ENTRY(i) + 8;
	}
	fake_put(f, head, SUBSYS(1) + 80, 8);
	return f;
}

static void open_it(struct fake *f, bool old)
{
	STRBUF(text);

	fake_open(f);
	put(&text, "%s%s", old ? old_types : "", types);
	fake_structs(f, text.data);
}

static int count(struct fake *f, unsigned int *ret)
{
	struct list_walk w;
	uint64_t device;
	int r = bus_devices_begin(&w, f->kernel, "pci_bus_type");

	for (*ret = 0; r >= 0 && (r = bus_devices_next(&w, &device)) > 0; ++*ret)
		if (*ret < 2) /* until the second all are as they should be */
			assert_int_equal(device, DEVICE(*ret));
	return r;
}

static void whole(void **state)
{
	unsigned int n;

	(void)state;
	for (int old = 0; old < 2; old++) {
		struct fake *f = make();

		if (old)
			fake_put(f, KSET, 0, 8); /* not looked at */
		open_it(f, old);
		assert_ok(count(f, &n));
		assert_int_equal(n, NR);
		fake_free(f);
	}
}

static void damaged(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
		unsigned int n;
		const char *text;
	} cases[] = {
		{ SUBSYS(1) + 104, 0, -ENOENT, 0, "is not in the list" },
		{ SUBSYS(0) + 24, SUBSYS(0) + 24, -ELOOP, 0, "comes again" },
		{ KSETS, 0x400000, -EFAULT, 0, "list" },
		{ ENTRY(1) + 8, ENTRY(0) + 8, -ELOOP, 2, "comes again" },
		{ ENTRY(1) + 8, 0xdead000000000100, -EBADMSG, 2, "poison" },
		{ ENTRY(0) + 8, 0, -EBADMSG, 1, "is no entry" },
	};
	unsigned int n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();

		fake_put(f, cases[i].at, cases[i].value, 8);
		open_it(f, false);
		assert_fails(count(f, &n), cases[i].code, cases[i].text);
		assert_true(n >= cases[i].n);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(damaged))
