/* BPF's programs and maps by their numbers, addresses of interfaces; and damaged ones. */
#include <errno.h>

#include "kernel/net/ifaddr.h"
#include "kernel/net/sockets.h"
#include "kernel/sys/bpf.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n) ((uint64_t)(FAKE_BASE + (n)))

static const char types[] =
	"xarray 8 ptr xa_head@0\n"
	"xa_node 520 u8 shift@0 u64[64] slots@8\n"
	"idr 16 xarray idr_rt@0 u32 idr_base@8\n"
	"bpf_map 64 u32 map_type@0 u32 key_size@4 u32 value_size@8 u32 max_entries@12 u32 map_flags@16 "
	"u32 id@20 u8 frozen@24 u8[16] name@32\n"
	"user_struct 8 u32 uid@0\n"
	"bpf_prog 64 u16 pages@0 u8 jited@2 u8 gpl_compatible@3 u32 type@4 u32 len@8 u32 jited_len@12 "
	"u8[8] tag@16 ptr aux@24\n"
	"bpf_prog_aux 96 u32 id@0 u32 used_map_cnt@4 u32 func_cnt@8 ptr used_maps@16 ptr func@24 "
	"u64 load_time@32 ptr user@40 u8[16] name@48\n";

#define MAP	AT(0x1000)
#define PROG(i) AT(0x2000 + 0x100 * (i))
#define AUX	AT(0x2800)

static struct fake *make(void)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(map_idr)=%lx\nSYMBOL(prog_idr)=%lx\n", AT(0x100), AT(0x110));
	fake_put(f, AT(0x100), MAP, 8);
	fake_put(f, AT(0x108), 1, 4);
	fake_put(f, AT(0x110), PROG(0), 8);
	fake_put(f, AT(0x118), 1, 4);
	fake_put(f, MAP + 4, 4, 4);
	fake_put(f, MAP + 8, 12, 4);
	fake_put(f, MAP + 12, 100, 4);
	fake_put(f, MAP + 20, 7, 4);
	memcpy(fake_at(f, MAP + 32), "sixteen letters!", 16);
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, PROG(i) + 2, 1, 1);
		fake_put(f, PROG(i) + 8, 10, 4);
		fake_put(f, PROG(i) + 12, 50 + i, 4);
	}
	fake_put(f, PROG(0) + 24, AUX, 8);
	fake_put(f, AUX, 3, 4);
	fake_put(f, AUX + 4, 1, 4);
	fake_put(f, AUX + 8, 2, 4);
	fake_put(f, AUX + 16, AT(0x3000), 8);
	fake_put(f, AUX + 24, AT(0x3100), 8);
	fake_put(f, AUX + 40, AT(0x3200), 8);
	fake_put(f, AT(0x3000), MAP, 8);
	fake_put(f, AT(0x3100), PROG(1), 8);
	fake_put(f, AT(0x3108), PROG(2), 8);
	fake_put(f, AT(0x3200), 1000, 4);
	return f;
}

static int remember(void *arg, uint64_t addr)
{
	*(uint64_t *)arg = addr;
	return 0;
}

static void whole(void **state)
{
	struct fake *f = make();
	char name[BPF_TYPE_LEN];
	uint64_t at = 0, id, memory;
	struct bpf_prog p;
	struct bpf_map m;

	(void)state;
	fake_open(f);
	fake_structs(f, types);
	assert_ok(bpf_maps_each(f->kernel, remember, &at));
	assert_int_equal(at, MAP);
	assert_ok(bpf_map_read(f->kernel, MAP, &m));
	assert_int_equal(m.id, 7);
	assert_int_equal(m.max_entries, 100);
	assert_string_equal(m.name, "sixteen letters!");
	assert_ok(bpf_map_memory(f->kernel, &m, &memory));
	assert_int_equal(memory, 4096); /* 100 elements of 24 bytes */
	assert_ok(bpf_progs_each(f->kernel, remember, &at));
	assert_int_equal(at, PROG(0));
	assert_ok(bpf_prog_read(f->kernel, PROG(0), &p));
	assert_int_equal(p.id, 3);
	assert_int_equal(p.uid, 1000);
	assert_int_equal(p.xlated_bytes, 80);
	assert_int_equal(p.jited_bytes, 51 + 52);
	assert_ok(bpf_prog_map(f->kernel, &p, 0, &id));
	assert_int_equal(id, 7);
	bpf_map_type(f->kernel, 99, name);
	assert_string_equal(name, "type 99");
	fake_free(f);
}

static void broken(void **state)
{
	static const struct {
		uint64_t at, value;
		size_t size;
		int code;
		const char *text;
	} cases[] = {
		{ PROG(0) + 24, 0x400000, 8, -EFAULT, "program at" },
		{ AUX + 4, 1u << 30, 4, -EBADMSG, "1073741824 maps" },
		{ AUX + 8, 1u << 30, 4, -EBADMSG, "1073741824 functions" },
		{ AUX + 24, 0x400000, 8, -EFAULT, "program at" },
		{ AT(0x3108), 0x400000, 8, -EFAULT, "program at" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();
		struct bpf_prog p;

		fake_put(f, cases[i].at, cases[i].value, cases[i].size);
		fake_open(f);
		fake_structs(f, types);
		assert_fails(bpf_prog_read(f->kernel, PROG(0), &p), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

/* A tree that is damaged, and a kernel without BPF. */
static void broken_numbers(void **state)
{
	struct fake *f = make();
	uint64_t at;

	(void)state;
	fake_put(f, AT(0x100), 0x400002, 8);
	fake_open(f);
	fake_structs(f, types);
	assert_fails(bpf_maps_each(f->kernel, remember, &at), -EFAULT, "map_idr");
	fake_free(f);

	f = fake_new();
	fake_open(f);
	fake_structs(f, types);
	assert_fails(bpf_progs_each(f->kernel, remember, &at), -ENOENT, "prog_idr");
	fake_free(f);
}

static const char address_types[] =
	"net_device 16 ptr ip_ptr@0 ptr ip6_ptr@8\n"
	"in_device 8 ptr ifa_list@0\n"
	"in_ifaddr 24 ptr ifa_next@0 u32 ifa_local@8 u8 ifa_prefixlen@12\n"
	"inet6_dev 16 u64[2] addr_list@0\n"
	"inet6_ifaddr 48 u8[16] addr@0 u32 prefix_len@16 u64[2] if_list@24\n";

#define DEVICE AT(0x100)

/* Two addresses of each kind. */
static struct fake *with_addresses(uint64_t next, uint64_t next6)
{
	struct fake *f = fake_new();

	fake_put(f, DEVICE, AT(0x200), 8);
	fake_put(f, DEVICE + 8, AT(0x300), 8);
	fake_put(f, AT(0x200), AT(0x1000), 8);
	fake_put(f, AT(0x1000), AT(0x1100), 8);
	fake_put(f, AT(0x1100), next, 8);
	fake_put(f, AT(0x1100) + 12, 24, 1);
	fake_put(f, AT(0x300), AT(0x2000) + 24, 8);
	fake_put(f, AT(0x2000) + 24, AT(0x2100) + 24, 8);
	fake_put(f, AT(0x2100) + 24, next6, 8);
	fake_put(f, AT(0x2100) + 16, 64, 4);
	fake_open(f);
	fake_structs(f, address_types);
	return f;
}

struct addresses {
	unsigned int n[FAMILY_INET6 + 1];
	uint64_t last, prefix_len;
};

static int see_address(void *arg, uint64_t family, uint64_t at, uint64_t prefix_len)
{
	struct addresses *a = arg;

	a->n[family]++;
	a->last = at;
	a->prefix_len = prefix_len;
	return family == FAMILY_INET && a->n[FAMILY_INET6] ? -EINVAL : 0;
}

static void addresses(void **state)
{
	struct fake *f = with_addresses(0, AT(0x300));
	struct addresses a = { 0 };

	(void)state;
	assert_ok(ifaddrs_each(f->kernel, DEVICE, see_address, &a));
	assert_int_equal(a.n[FAMILY_INET], 2);
	assert_int_equal(a.n[FAMILY_INET6], 2);
	assert_int_equal(a.last, AT(0x2100));
	assert_int_equal(a.prefix_len, 64);
	fake_free(f);
}

static void addresses_broken(void **state)
{
	static const struct {
		uint64_t next, next6;
		unsigned int n, n6;
		int code;
		const char *text;
	} cases[] = {
		{ AT(0x1100), AT(0x300), 2, 0, -ELOOP, "comes again" },
		{ 0x400000, AT(0x300), 2, 0, -EFAULT, "addresses of the interface" },
		{ 0, AT(0x2000) + 24, 2, 2, -ELOOP, "comes again" },
		{ 0, 0xdead000000000100, 2, 1, -EBADMSG, "poison" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_addresses(cases[i].next, cases[i].next6);
		struct addresses a = { 0 };

		assert_fails(ifaddrs_each(f->kernel, DEVICE, see_address, &a), cases[i].code,
			     cases[i].text);
		assert_true(a.n[FAMILY_INET] >= cases[i].n);
		assert_true(a.n[FAMILY_INET6] >= cases[i].n6);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(broken), cmocka_unit_test(broken_numbers),
	   cmocka_unit_test(addresses), cmocka_unit_test(addresses_broken))
