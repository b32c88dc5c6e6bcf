/* Routes of IPv6: in the kernel's order, with and without source addresses; damaged trees. */
#include <errno.h>

#include "kernel/net/fib6.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n)	 ((uint64_t)(FAKE_BASE + (n)))
#define NET	 AT(0x100)
#define HASH	 AT(0x1000)
#define TABLE	 AT(0x2000)
#define NODE(i)	 ((i) ? AT(0x2100 + 0x40 * (i)) : TABLE + 32) /* the root is in the table */
#define ROUTE(i) AT(0x3000 + 0x80 * (i))
#define OBJECT	 AT(0x4000)
#define INFO	 AT(0x4100)

static const char types[] =
	"netns_ipv6 16 ptr fib_table_hash@8\n"
	"net 32 netns_ipv6 ipv6@16\n"
	"hlist_node 16 ptr next@0 ptr pprev@8\n"
	"fib6_node 64 ptr parent@0 ptr left@8 ptr right@16 ptr subtree@24 ptr leaf@32 "
	"u16 fn_flags@40\n"
	"fib6_table 128 hlist_node tb6_hlist@0 fib6_node tb6_root@32\n"
	"fib6_nh 32 u32 x@0\n"
	"fib6_info 64 ptr fib6_next@0 ptr nh@8 fib6_nh[0] fib6_nh@32\n"
	"nexthop 32 u8 is_group@0 ptr nh_info@8\n"
	"nh_info 64 fib6_nh fib6_nh@16\n";

static void put_node(struct fake *f, unsigned int i, uint64_t left, uint64_t right,
		     uint64_t subtree)
{
	fake_put(f, NODE(i) + 8, left, 8);
	fake_put(f, NODE(i) + 16, right, 8);
	fake_put(f, NODE(i) + 24, subtree, 8);
	fake_put(f, NODE(i) + 32, ROUTE(i), 8);
	fake_put(f, NODE(i) + 40, 4, 2);
}

/* Root 0, left 1 with a subtree 3, right 2; two routes at 2. */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	fake_put(f, NET + 24, HASH, 8);
	fake_put(f, HASH + 8 * 254, TABLE, 8);
	put_node(f, 0, NODE(1), NODE(2), 0);
	put_node(f, 1, 0, 0, NODE(3));
	put_node(f, 2, 0, 0, 0);
	put_node(f, 3, 0, 0, 0);
	fake_put(f, ROUTE(2), ROUTE(4), 8);
	return f;
}

struct seen {
	char order[16];
	size_t n;
};

static int see(void *arg, uint64_t route)
{
	struct seen *s = arg;

	if (s->n + 1 < sizeof(s->order))
		s->order[s->n++] = (char)('0' + (route - ROUTE(0)) / 0x80);
	return 0;
}

static void open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, types);
}

static void whole(void **state)
{
	struct fake *f = make();
	struct seen seen = { 0 };

	(void)state;
	open_it(f);
	assert_ok(fib6_routes_each(f->kernel, NET, see, &seen));
	assert_string_equal(seen.order, "31240");
	fake_free(f);

	/* a node of the tree without routes of its own */
	f = make();
	fake_put(f, NODE(1) + 40, 0, 2);
	memset(&seen, 0, sizeof(seen));
	open_it(f);
	assert_ok(fib6_routes_each(f->kernel, NET, see, &seen));
	assert_string_equal(seen.order, "3240");
	fake_free(f);
}

static void damaged(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
		const char *text;
	} cases[] = {
		{ NODE(1) + 8, TABLE + 32, -ELOOP, "comes again" },
		{ NODE(1) + 8, NODE(1), -ELOOP, "comes again" },
		{ NODE(2) + 16, 0x400000, -EFAULT, "routes of IPv6" },
		{ ROUTE(4), ROUTE(2), -ELOOP, "comes again" },
		{ ROUTE(0), 0x400000, -EFAULT, "routes of IPv6" },
		{ HASH + 8 * 255, 0x400000, -EFAULT, "routes of IPv6" },
		{ NET + 24, AT(0x3f000), -ENODATA, "routes of IPv6" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make();
		struct seen seen = { 0 };

		fake_put(f, cases[i].at, cases[i].value, 8);
		f->missing[0x3f] = true;
		open_it(f);
		assert_fails(fib6_routes_each(f->kernel, NET, see, &seen), cases[i].code,
			     cases[i].text);
		fake_free(f);
	}
}

/* Children of children, none of them twice: the tree is as deep as memory is long. */
static void deep(void **state)
{
	struct fake *f = make();
	struct seen seen = { 0 };

	(void)state;
	fake_put(f, NODE(3) + 8, AT(0x8000), 8);
	for (uint64_t at = AT(0x8000); at < AT(0x38000); at += 64)
		fake_put(f, at + 8, at + 64, 8);
	open_it(f);
	assert_fails(fib6_routes_each(f->kernel, NET, see, &seen), -ELOOP, "deeper");
	fake_free(f);
}

static void hops(void **state)
{
	struct fake *f = make();
	uint64_t hop;

	(void)state;
	fake_put(f, ROUTE(1) + 8, OBJECT, 8);
	fake_put(f, OBJECT + 8, INFO, 8);
	fake_put(f, ROUTE(2) + 8, OBJECT + 0x40, 8);
	fake_put(f, OBJECT + 0x40, 1, 1);
	open_it(f);
	assert_ok(fib6_next_hop(f->kernel, ROUTE(0), &hop));
	assert_int_equal(hop, ROUTE(0) + 32);
	assert_ok(fib6_next_hop(f->kernel, ROUTE(1), &hop));
	assert_int_equal(hop, INFO + 16);
	assert_fails(fib6_next_hop(f->kernel, ROUTE(2), &hop), -EOPNOTSUPP, "group");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(damaged), cmocka_unit_test(deep),
	   cmocka_unit_test(hops))
