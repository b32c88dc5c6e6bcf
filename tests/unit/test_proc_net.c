/* /proc/net: groups, routes and flow labels of IPv6; chains that are damaged. */
#include "tests/unit/fake_render.h"
#include "tests/unit/unit.h"

#define AT(n)	 ((uint64_t)(FAKE_BASE + (n)))
#define MACHINE	 AT(0x1000)
#define NET	 AT(0x2000)
#define OTHER	 AT(0x2400) /* another namespace */
#define DEV	 AT(0x3000)
#define IN	 AT(0x3400)
#define IN6	 AT(0x3600)
#define CONF	 AT(0x3800)
#define GROUP(i) AT(0x4000 + 0x100 * (i))
#define SOURCE	 AT(0x4800)
#define HW	 AT(0x4900)
#define JIFFIES	 100000

static const char types[] = FAKE_MACHINE_TYPES
	"list_head 16 ptr next@0 ptr prev@8\n"
	"in6_addr 16 u8[16] s6_addr@0\n"
	"timer_list 32 u64 expires@16\n"
	"ipv4_devconf 128 s32[32] data@0\n"
	"percpu_counter 32 u64 count@8 ptr counters@16\n"
	"dst_ops 64 percpu_counter pcpuc_entries@0\n"
	"netns_ipv4 64 ptr devconf_all@0\n"
	"netns_ipv6 128 ptr fib_table_hash@0 ptr rt6_stats@8 dst_ops ip6_dst_ops@16\n"
	"net 512 list_head dev_base_head@0 netns_ipv4 ipv4@64 netns_ipv6 ipv6@128\n"
	"hw_list 32 list_head list@0\n"
	"net_device 512 u8[16] name@0 s32 ifindex@16 list_head dev_list@24 ptr ip_ptr@40 ptr ip6_ptr@48 hw_list mc@56 "
	"u8 addr_len@88\n"
	"netdev_hw_addr 128 list_head list@0 u8[32] addr@16 s32 refcount@48 u8 global_use@52\n"
	"in_device 256 ptr mc_list@0 s32 mc_count@8 u64 mr_v1_seen@16 u64 mr_v2_seen@24 ipv4_devconf cnf@64\n"
	"ip_mc_list 128 ptr next_rcu@0 u32 multiaddr@8 s32 users@12 ptr sources@16 timer_list timer@24 u8 tm_running@56 "
	"u8 reporter@57\n"
	"ip_sf_list 64 ptr sf_next@0 u64[2] sf_count@8 u32 sf_inaddr@24\n"
	"inet6_dev 64 ptr mc_list@0 ptr ac_list@8\n"
	"ifmcaddr6 128 in6_addr mca_addr@0 ptr next@16 ptr mca_sources@24 u32 mca_flags@32 s32 mca_users@36 "
	"timer_list mca_timer@40\n"
	"ip6_sf_list 64 ptr sf_next@0 in6_addr sf_addr@8 u64[2] sf_count@24\n"
	"ifacaddr6 64 in6_addr aca_addr@0 ptr aca_next@16 s32 aca_users@24\n"
	"rt6_statistics 32 u32 fib_nodes@0 u32 fib_route_nodes@4 u32 fib_rt_entries@8 u32 fib_rt_cache@12 "
	"u32 fib_discarded_routes@16 u32 fib_rt_alloc@20\n"
	"ip6_flowlabel 128 ptr next@0 u32 label@8 s32 users@12 in6_addr dst@16 ptr opt@32 u64 linger@40 u8 share@48 "
	"u64 owner@56 u64 expires@64 ptr fl_net@72\n"
	"ipv6_txoptions 8 u16 opt_nflen@0\n";

/* eth0, with two groups of IPv4 of which the first has a filter, one of IPv6, one of its own. */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	fake_machine(f, MACHINE, 2, 0x100, JIFFIES);
	put(&f->vmcoreinfo, "SYMBOL(init_net)=%lx\nSYMBOL(fl_ht)=%lx\n", NET, AT(0x5000));
	fake_put(f, NET, DEV + 24, 8);
	fake_put(f, DEV + 24, NET, 8);
	fake_put(f, OTHER, OTHER, 8);
	fake_put(f, NET + 64, CONF, 8);
	memcpy(fake_at(f, DEV), "eth0", 5);
	fake_put(f, DEV + 16, 2, 4);
	fake_put(f, DEV + 40, IN, 8);
	fake_put(f, DEV + 48, IN6, 8);
	fake_put(f, DEV + 56, HW, 8);
	fake_put(f, HW, DEV + 56, 8);
	fake_put(f, DEV + 88, 6, 1);
	fake_put(f, HW + 16, 0x01005e5e0001, 8);
	fake_put(f, HW + 48, 1, 4);
	fake_put(f, IN, GROUP(0), 8);
	fake_put(f, IN + 8, 2, 4);
	for (unsigned int i = 0; i < 2; i++) {
		fake_put(f, GROUP(i), i ? 0 : GROUP(1), 8);
		fake_put(f, GROUP(i) + 8, i ? 0x010000e0 : 0x030201ef, 4);
		fake_put(f, GROUP(i) + 12, 1, 4);
	}
	fake_put(f, GROUP(0) + 16, SOURCE, 8);
	fake_put(f, GROUP(0) + 24 + 16, JIFFIES + 500, 8);
	fake_put(f, GROUP(0) + 56, 1, 1);
	fake_put(f, SOURCE + 8, 3, 8);
	fake_put(f, SOURCE + 16, 4, 8);
	fake_put(f, SOURCE + 24, 0x0100007f, 4);
	fake_put(f, IN6, GROUP(2), 8);
	fake_put(f, IN6 + 8, GROUP(3), 8);
	fake_put(f, GROUP(2), 0x02ff, 2);
	fake_put(f, GROUP(2) + 32, 0xd, 4);
	fake_put(f, GROUP(2) + 36, 1, 4);
	fake_put(f, GROUP(2) + 40 + 16, JIFFIES + 250, 8);
	fake_put(f, GROUP(3), 0x0120, 2);
	fake_put(f, GROUP(3) + 24, 9, 4);
	return f;
}

static void open_it(struct fake *f)
{
	f->missing[0x3f] = true;
	fake_open(f);
	fake_structs(f, types);
}

static void groups(void **state)
{
	struct fake *f = make();

	(void)state;
	open_it(f);
	expect_text(f, gen_net_igmp, 0,
		    "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
		    "2\teth0      :     2      V3\n"
		    "\t\t\t\t030201EF     1 1:000000C8\t\t0\n"
		    "\t\t\t\t010000E0     1 0:00000000\t\t0\n");
	expect_text(f, gen_net_mcfilter, 0,
		    "Idx Device        MCA        SRC    INC    EXC\n"
		    "  2   eth0 0xef010203 0x7f000001      4      3\n");
	expect_text(f, gen_net_igmp6, 0,
		    "2    eth0            ff020000000000000000000000000000     1 0000000D 100\n");
	expect_text(f, gen_net_anycast6, 0,
		    "2    eth0            20010000000000000000000000000000     9\n");
	expect_text(f, gen_net_dev_mcast, 0, "2    eth0            1     0     01005e5e0001\n");
	/* another namespace has no interfaces */
	expect_text(f, gen_net_igmp6, OTHER, "");
	expect_text(f, gen_net_dev_mcast, OTHER, "");
	fake_free(f);
}

/* What was set and what was heard tell the version. */
static void querier(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *text;
	} cases[] = {
		{ CONF + 4 * 16, 1, "     V1\n" },	{ IN + 64 + 4 * 16, 2, "     V2\n" },
		{ IN + 16, JIFFIES + 10, "     V1\n" }, { IN + 24, JIFFIES + 10, "     V2\n" },
		{ IN + 24, JIFFIES - 10, "     V3\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();

		fake_put(f, cases[i].at, cases[i].value, i < 2 ? 4 : 8);
		open_it(f);
		expect_part(f, gen_net_igmp, 0, cases[i].text);
		fake_free(f);
	}
}

static void damaged_groups(void **state)
{
	static const struct {
		text_fn *fn;
		uint64_t at, value;
		const char *text;
	} cases[] = {
		{ gen_net_igmp, GROUP(1), GROUP(0), "comes again" },
		{ gen_net_igmp, GROUP(1), 0x400000, "groups of IPv4" },
		{ gen_net_igmp, DEV + 24, DEV + 24, "comes again" },
		{ gen_net_igmp, NET + 64, 0x400000, "groups of IPv4" },
		{ gen_net_mcfilter, SOURCE, SOURCE, "comes again" },
		{ gen_net_mcfilter, IN, AT(0x3f000), "groups of IPv4" },
		{ gen_net_igmp6, GROUP(2) + 16, GROUP(2), "comes again" },
		{ gen_net_mcfilter6, GROUP(2) + 24, 0x400000, "groups of IPv6" },
		{ gen_net_anycast6, GROUP(3) + 16, GROUP(3), "comes again" },
		{ gen_net_dev_mcast, HW, HW, "comes again" },
		{ gen_net_dev_mcast, DEV + 56, 0, "is no entry" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();

		fake_put(f, cases[i].at, cases[i].value, 8);
		open_it(f);
		expect_error(f, cases[i].fn, 0, cases[i].text);
		fake_free(f);
	}
}

#define LABEL(i) AT(0x6000 + 0x80 * (i))
#define STATS	 AT(0x6800)

static void flow_labels(void **state)
{
	struct fake *f = make();

	(void)state;
	fake_put(f, AT(0x5000) + 8 * 7, LABEL(0), 8);
	fake_put(f, LABEL(0), LABEL(1), 8);
	for (unsigned int i = 0; i < 2; i++) {
		fake_put(f, LABEL(i) + 8, 0x45230100, 4);
		fake_put(f, LABEL(i) + 12, 2, 4);
		fake_put(f, LABEL(i) + 16, 0x80fe, 2);
		fake_put(f, LABEL(i) + 40, 1500, 8);
		fake_put(f, LABEL(i) + 48, 255, 1);
		fake_put(f, LABEL(i) + 64, JIFFIES - 1000, 8);
		fake_put(f, LABEL(i) + 72, i ? OTHER : NET, 8);
	}
	open_it(f);
	expect_text(
		f, gen_net_ip6_flowlabel, 0,
		"Label S Owner  Users  Linger Expires  Dst                              Opt\n"
		"12345 255 0      2      6      -4       fe800000000000000000000000000000 0   \n");
	fake_free(f);

	f = make();
	fake_put(f, AT(0x5000) + 8 * 7, LABEL(0), 8);
	fake_put(f, LABEL(0), LABEL(0), 8);
	open_it(f);
	expect_error(f, gen_net_ip6_flowlabel, 0, "flow labels: ");
	expect_error(f, gen_net_ip6_flowlabel, 0, "comes again");
	fake_free(f);
}

/* Entries are summed over CPUs, of which one may have freed more than it made. */
static void statistics(void **state)
{
	struct fake *f = make();

	(void)state;
	fake_put(f, NET + 136, STATS, 8);
	for (unsigned int i = 0; i < 6; i++)
		fake_put(f, STATS + 4 * i, 10 + i, 4);
	fake_put(f, NET + 144 + 8, 3, 8);
	fake_put(f, NET + 144 + 16, AT(0x6900), 8);
	fake_put(f, AT(0x6900), (uint64_t)-2, 4);
	fake_put(f, AT(0x6a00), 4, 4);
	open_it(f);
	expect_text(f, gen_net_rt6_stats, 0, "000a 000b 000f 000c 000d 0005 000e\n");
	expect_error(f, gen_net_rt6_stats, OTHER, "rt6_statistics.fib_nodes");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(groups), cmocka_unit_test(querier), cmocka_unit_test(damaged_groups),
	   cmocka_unit_test(flow_labels), cmocka_unit_test(statistics))
