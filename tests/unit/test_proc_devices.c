/* /proc/tty, bus/input, bus/pci, dma, fb: whole and damaged. */
#include "tests/unit/fake_render.h"
#include "tests/unit/unit.h"

#define AT(n)	  ((uint64_t)(FAKE_BASE + (n)))
#define HEAD	  AT(0x100)
#define NAME(i)	  AT(0x200 + 0x20 * (i))
#define DRIVER(i) AT(0x1000 + 0x80 * (i))

static void open_with(struct fake *f, const char *text)
{
	f->missing[0x3f] = true;
	fake_open(f);
	fake_structs(f, text);
}

static void put_name(struct fake *f, unsigned int i, uint64_t at, const char *name)
{
	memcpy(fake_at(f, NAME(i)), name, strlen(name) + 1);
	fake_put(f, at, NAME(i), 8);
}

static const char tty_types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"tty_driver 96 list_head tty_drivers@0 ptr driver_name@16 ptr name@24 s32 major@32 s32 minor_start@36 "
	"u32 num@40 u16 type@44 u16 subtype@46\n"
	"tty_ldisc_ops 16 ptr name@0\n";

/* One whose minors go on in the next major, one without a name of type 9. */
static struct fake *with_ttys(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(tty_drivers)=%lx\n", HEAD);
	fake_put(f, HEAD, DRIVER(0), 8);
	fake_put(f, DRIVER(0), DRIVER(1), 8);
	fake_put(f, DRIVER(1), HEAD, 8);
	put_name(f, 0, DRIVER(0) + 16, "pty_slave");
	put_name(f, 1, DRIVER(0) + 24, "pts");
	put_name(f, 2, DRIVER(1) + 24, "x");
	fake_put(f, DRIVER(0) + 32, 136, 4);
	fake_put(f, DRIVER(0) + 36, 0xffffe, 4);
	fake_put(f, DRIVER(0) + 40, 4, 4);
	fake_put(f, DRIVER(0) + 44, 4 | 2 << 16, 4);
	fake_put(f, DRIVER(1) + 32, 7, 4);
	fake_put(f, DRIVER(1) + 40, 1, 4);
	fake_put(f, DRIVER(1) + 44, 9, 4);
	return f;
}

static void ttys(void **state)
{
	struct fake *f = with_ttys();

	(void)state;
	open_with(f, tty_types);
	expect_text(f, gen_tty_drivers, 0,
		    "/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
		    "/dev/console         /dev/console    5       1 system:console\n"
		    "pty_slave            /dev/pts      136 1048574-1048575 pty:slave\n"
		    "pty_slave            /dev/pts      137 0-1 pty:slave\n"
		    "unknown              /dev/x          7       0 type:9.0\n");
	expect_error(f, gen_tty_ldiscs, 0, "tty_ldiscs");
	fake_free(f);

	f = with_ttys();
	fake_put(f, DRIVER(1), DRIVER(0), 8);
	open_with(f, tty_types);
	expect_error(f, gen_tty_drivers, 0, "comes again");
	fake_free(f);

	/* As many minors as a number can be: a line a major, of which there are few. */
	f = with_ttys();
	fake_put(f, DRIVER(0) + 40, 0xffffffff, 4);
	open_with(f, tty_types);
	expect_part(f, gen_tty_drivers, 0, "unknown ");
	fake_free(f);

	f = with_ttys();
	fake_put(f, DRIVER(1) + 24, AT(0x3f000), 8);
	open_with(f, tty_types);
	expect_error(f, gen_tty_drivers, 0, "terminal driver at 0xffffffff80001080");
	fake_free(f);
}

#define DEV	AT(0x1000)
#define HANDLE	AT(0x2000)
#define KOBJ(i) (DEV + 0x80 + 0x400 * (i))

static const char input_types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"kobject 32 ptr name@0 ptr parent@8\n"
	"device 32 kobject kobj@0\n"
	"input_id 8 u16 bustype@0 u16 vendor@2 u16 product@4 u16 version@6\n"
	"input_dev 512 list_head node@0 ptr name@16 ptr phys@24 ptr uniq@32 input_id id@40 list_head h_list@48 "
	"u64[1] propbit@64 u64[1] evbit@72 u64[3] keybit@80 device dev@128 u64[1] relbit@160 u64[1] ledbit@168\n"
	"input_handle 48 list_head d_node@0 ptr name@16\n"
	"input_handler 64 list_head node@0 ptr name@16 ptr filter@24 u8 legacy_minors@32 s32 minor@36\n";

static struct fake *with_input(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(input_dev_list)=%lx\nSYMBOL(input_handler_list)=%lx\n", HEAD,
	    HEAD + 16);
	fake_put(f, HEAD, DEV, 8);
	fake_put(f, DEV, HEAD, 8);
	put_name(f, 0, DEV + 16, "Power \"Button\"");
	fake_put(f, DEV + 40, 0x19, 2);
	fake_put(f, DEV + 46, 1, 2);
	fake_put(f, DEV + 48, HANDLE, 8);
	fake_put(f, HANDLE, DEV + 48, 8);
	put_name(f, 1, HANDLE + 16, "kbd");
	fake_put(f, DEV + 72, 3, 8);
	fake_put(f, DEV + 80, 0x10, 8);
	fake_put(f, DEV + 88, 0, 8);
	fake_put(f, DEV + 96, 0, 8);
	put_name(f, 2, KOBJ(0), "input0");
	fake_put(f, KOBJ(0) + 8, KOBJ(1), 8);
	put_name(f, 3, KOBJ(1), "devices");
	/* handlers */
	fake_put(f, HEAD + 16, HANDLE + 0x100, 8);
	fake_put(f, HANDLE + 0x100, HEAD + 16, 8);
	put_name(f, 4, HANDLE + 0x110, "evdev");
	fake_put(f, HANDLE + 0x120, 1, 1);
	fake_put(f, HANDLE + 0x124, 64, 4);
	return f;
}

static void input(void **state)
{
	struct fake *f = with_input();

	(void)state;
	open_with(f, input_types);
	expect_text(
		f, gen_input_devices, 0,
		"I: Bus=0019 Vendor=0000 Product=0000 Version=0001\nN: Name=\"Power \"Button\"\"\n"
		"P: Phys=\nS: Sysfs=/devices/input0\nU: Uniq=\nH: Handlers=kbd \n"
		"B: PROP=0\nB: EV=3\nB: KEY=10\n\n");
	expect_text(f, gen_input_handlers, 0, "N: Number=0 Name=evdev Minor=64\n");
	fake_free(f);
}

static void damaged_input(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *text;
	} cases[] = {
		{ DEV, DEV, "comes again" },
		{ HANDLE, HANDLE, "input device at" },
		{ KOBJ(1) + 8, KOBJ(0), "more than 64 directories" },
		{ KOBJ(1), AT(0x3f000), "input device at" },
		{ DEV, 0xdead000000000122, "poison" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_input();

		fake_put(f, cases[i].at, cases[i].value, 8);
		fake_put(f, HANDLE + 0x100, 0, 8);
		open_with(f, input_types);
		expect_error(f, gen_input_devices, 0, cases[i].text);
		expect_part(f, gen_input_devices, 0, "N: Name=\"Power");
		expect_error(f, gen_input_handlers, 0, "is no entry");
		fake_free(f);
	}
}

#define SUBSYS AT(0x400)
#define ENTRY  AT(0x500)
#define PCI    AT(0x1000)
#define BUS    AT(0x2000)

static const char pci_types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"klist 32 list_head k_list@8\n"
	"klist_node 32 list_head n_node@8\n"
	"bus_type 16 ptr p@8\n"
	"subsys_private 64 klist klist_devices@0\n"
	"device_private 64 klist_node knode_bus@0 ptr device@56\n"
	"device 32 u64 x@0\n"
	"resource 32 u64 start@0 u64 end@8 u64 flags@16\n"
	"pci_dev 512 ptr bus@0 u32 devfn@8 u16 vendor@12 u16 device@14 u32 irq@16 ptr driver@24 device dev@32 "
	"resource[9] resource@64\n"
	"pci_bus 16 u8 number@0\n"
	"pci_driver 16 ptr name@0\n";

static struct fake *with_pci(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(pci_bus_type)=%lx\n", HEAD);
	fake_put(f, HEAD + 8, SUBSYS, 8);
	fake_put(f, SUBSYS + 8, ENTRY + 8, 8);
	fake_put(f, ENTRY + 8, SUBSYS + 8, 8);
	fake_put(f, ENTRY + 56, PCI + 32, 8);
	fake_put(f, PCI, BUS, 8);
	fake_put(f, BUS, 3, 1);
	fake_put(f, PCI + 8, 0x10, 4);
	fake_put(f, PCI + 12, 0x8086, 2);
	fake_put(f, PCI + 14, 0x1237, 2);
	fake_put(f, PCI + 16, 11, 4);
	fake_put(f, PCI + 64, 0xc000, 8);
	fake_put(f, PCI + 72, 0xc03f, 8);
	fake_put(f, PCI + 80, 0x101, 8);
	return f;
}

static void pci(void **state)
{
	static const char zero[] = "\t               0\t               0\t               0"
				   "\t               0\t               0\t               0";
	struct fake *f = with_pci();
	STRBUF(expected);

	(void)state;
	put(&expected, "0310\t80861237\tb\t            c001%s\t              40%s\t", zero, zero);
	open_with(f, pci_types);
	put_str(&expected, "\n");
	expect_text(f, gen_pci_devices, 0, expected.data);
	fake_free(f);

	f = with_pci();
	fake_put(f, PCI + 80, 0x80000000, 8); /* in use, and no driver of PCI's */
	open_with(f, pci_types);
	expect_part(f, gen_pci_devices, 0, "\tcompat\n");
	fake_free(f);
}

static void damaged_pci(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *text;
	} cases[] = {
		{ ENTRY + 8, ENTRY + 8, "comes again" },
		{ ENTRY + 56, 0x400000, "PCI device at 0x400000" },
		{ PCI, 0x400000, "pci_bus.number" },
		{ PCI + 24, AT(0x3f000), "PCI device at" },
		{ HEAD + 8, 0, "list at 0x8" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_pci();

		fake_put(f, cases[i].at, cases[i].value, 8);
		open_with(f, pci_types);
		expect_error(f, gen_pci_devices, 0, cases[i].text);
		fake_free(f);
	}
}

static const char small_types[] = "dma_chan 16 s32 lock@0 ptr device_id@8\n"
				  "fb_fix 16 u8[16] id@0\n"
				  "fb_info 64 s32 node@0 fb_fix fix@8\n";

static void small_tables(void **state)
{
	(void)state;
	for (int broken = 0; broken < 2; broken++) {
		struct fake *f = fake_new();

		put(&f->vmcoreinfo, "SYMBOL(dma_chan_busy)=%lx\nSYMBOL(registered_fb)=%lx\n", HEAD,
		    DEV);
		fake_put(f, HEAD + 16 * 2, 1, 4);
		put_name(f, 0, HEAD + 16 * 2 + 8, "floppy");
		fake_put(f, HEAD + 16 * 4, 1, 4);
		put_name(f, 1, HEAD + 16 * 4 + 8, "cascade");
		fake_put(f, DEV + 8, HANDLE, 8);
		fake_put(f, HANDLE, 1, 4);
		memcpy(fake_at(f, HANDLE + 8), "an id of 16 char", 16);
		if (broken) {
			fake_put(f, HEAD + 16 * 4 + 8, 0x400000, 8);
			fake_put(f, DEV + 16, AT(0x3f000), 8);
		}
		open_with(f, small_types);
		expect_part(f, gen_proc_dma, 0, " 2: floppy\n");
		expect_part(f, gen_proc_fb, 0, "1 an id of 16 char\n");
		if (broken) {
			expect_error(f, gen_proc_dma, 0, "DMA channels");
			expect_error(f, gen_proc_fb, 0, "frame buffers");
		} else {
			expect_part(f, gen_proc_dma, 0, " 4: cascade\n");
		}
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(ttys), cmocka_unit_test(input), cmocka_unit_test(damaged_input),
	   cmocka_unit_test(pci), cmocka_unit_test(damaged_pci), cmocka_unit_test(small_tables))
