/* Tables of the kernel that /proc is made of: hash tables, caches, sysctls, zones; and what a damaged one
 * leads to. */
#include <errno.h>

#include "kernel/net/fib.h"
#include "kernel/net/sockets.h"
#include "kernel/mem/slab.h"
#include "kernel/sys/sysctl.h"
#include "kernel/walk/rhashtable.h"
#include "kernel/mem/zone.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n) ((uint64_t)(FAKE_BASE + (n)))

/* What a walk gave: how many, and the last. */
struct seen {
	unsigned int n;
	uint64_t last;
};

static int see(void *arg, uint64_t entry)
{
	struct seen *seen = arg;

	seen->n++;
	seen->last = entry;
	return 0;
}

/* A table of four buckets at 0x1000, whose chains a test makes. */
static struct fake *with_hash(uint64_t size, uint64_t nest)
{
	struct fake *f = fake_new();

	fake_put(f, AT(0x100), AT(0x1000), 8);
	fake_put(f, AT(0x1000), size, 4);
	fake_put(f, AT(0x1004), nest, 4);
	for (unsigned int i = 0; i < 4; i++)
		fake_put(f, AT(0x1010 + 8 * i), 0, 8);
	return f;
}

static void open_hash(struct fake *f)
{
	fake_open(f);
	fake_structs(f, "rhashtable 8 ptr tbl@0\n"
			"bucket_table 16 u32 size@0 u32 nest@4 u64 future_tbl@8 u64[1] buckets@16\n"
			"rhash_head 8 u64 next@0\n");
}

static void hash_whole(void **state)
{
	struct fake *f = with_hash(4, 0);
	struct seen seen = { 0 };

	(void)state;
	/* two in a chain that ends with a mark, one behind a lock bit */
	fake_put(f, AT(0x1010), AT(0x2000), 8);
	fake_put(f, AT(0x2000), AT(0x2040), 8);
	fake_put(f, AT(0x2040), 1, 8);
	fake_put(f, AT(0x1020), AT(0x2080) | 1, 8);
	fake_put(f, AT(0x2080), 3, 8);
	open_hash(f);
	assert_ok(rhashtable_each(f->kernel, AT(0x100), 0x10, see, &seen));
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.last, AT(0x2070));
	fake_free(f);
}

static void hash_broken(void **state)
{
	static const struct {
		uint64_t size, nest, first, next;
		int code;
		const char *text;
	} cases[] = {
		{ 4, 0, AT(0x2000), AT(0x2000), -ELOOP, "comes again" },
		{ 4, 0, 0x400000, 0, -EFAULT, "hash table" },
		{ 0xffffffff, 0, AT(0x2000), 1, -EBADMSG, "buckets" },
		{ 4, 1, AT(0x2000), 1, -EOPNOTSUPP, "nested" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_hash(cases[i].size, cases[i].nest);
		struct seen seen = { 0 };

		fake_put(f, AT(0x1010), cases[i].first, 8);
		fake_put(f, AT(0x2000), cases[i].next, 8);
		open_hash(f);
		assert_fails(rhashtable_each(f->kernel, AT(0x100), 0, see, &seen), cases[i].code,
			     cases[i].text);
		fake_free(f);
	}
}

/* Two caches, of the first a list of partial slabs. */
static struct fake *with_caches(uint64_t slab_next)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(slab_caches)=%lx\n", AT(0x100));
	fake_put(f, AT(0x100), AT(0x1000), 8);
	fake_put(f, AT(0x1000), AT(0x1100), 8);
	fake_put(f, AT(0x1100), AT(0x100), 8);
	fake_put(f, AT(0x1010), AT(0x3000), 8);
	memcpy(fake_at(f, AT(0x3000)), "filp", 5);
	fake_put(f, AT(0x1018), 256, 4);
	fake_put(f, AT(0x101c), 232, 4);
	fake_put(f, AT(0x1020), 1 << 16 | 32, 4);
	fake_put(f, AT(0x1028), AT(0x2000), 8);
	/* the node: 5 slabs of 160 objects, two slabs that are not full */
	fake_put(f, AT(0x2000), 5, 8);
	fake_put(f, AT(0x2008), 160, 8);
	fake_put(f, AT(0x2010), AT(0x4000), 8);
	fake_put(f, AT(0x4000), AT(0x4040), 8);
	fake_put(f, AT(0x4040), slab_next, 8);
	fake_put(f, AT(0x4010), 32, 4);
	fake_put(f, AT(0x4014), 30, 4);
	fake_put(f, AT(0x4050), 32, 4);
	fake_put(f, AT(0x4054), 7, 4);
	fake_open(f);
	fake_structs(f,
		     "list_head 16 ptr next@0 ptr prev@8\n"
		     "kmem_cache 64 list_head list@0 ptr name@16 u32 size@24 u32 object_size@28 "
		     "u32 oo@32 u32 align@36 ptr[1] node@40 u32 offset@48 u32 refcount@52\n"
		     "kmem_cache_node 32 u64 nr_slabs@0 u64 total_objects@8 list_head partial@16\n"
		     "slab 64 list_head slab_list@0 u32 objects@16 u32 inuse@20\n");
	return f;
}

static void caches(void **state)
{
	struct fake *f = with_caches(AT(0x2010));
	struct slab_counts counts;
	struct slab_cache cache;
	struct list_walk w;
	uint64_t at;

	(void)state;
	assert_ok(slab_caches_begin(&w, f->kernel));
	assert_int_equal(list_next(&w, &at), 1);
	assert_ok(slab_cache_read(f->kernel, at, &cache));
	assert_string_equal(cache.name, "filp");
	assert_int_equal(cache.per_slab, 32);
	assert_int_equal(cache.order, 1);
	assert_ok(slab_cache_counts(f->kernel, at, &counts));
	assert_int_equal(counts.slabs, 5);
	assert_int_equal(counts.objects, 160);
	assert_int_equal(counts.free, 27);
	fake_free(f);
}

static void caches_broken(void **state)
{
	static const struct {
		uint64_t next;
		int code;
	} cases[] = { { AT(0x4000), -ELOOP }, { 0x400000, -EFAULT }, { 0, -EBADMSG } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_caches(cases[i].next);
		struct slab_counts counts;

		assert_fails(slab_cache_counts(f->kernel, AT(0x1000), &counts), cases[i].code,
			     "cache at");
		fake_free(f);
	}
}

/* A directory of two entries: nodes at 0x2000 and 0x2020 of the header at 0x1000, tables at 0x3000. */
static struct fake *with_sysctls(uint64_t second_header, uint64_t nodes, uint64_t right)
{
	struct fake *f = fake_new();

	fake_put(f, AT(0x1030), AT(0x2000), 8); /* the rb_root of the ctl_dir */
	fake_put(f, AT(0x1000), AT(0x3000), 8);
	fake_put(f, AT(0x1008), 0, 8);
	fake_put(f, AT(0x1010), nodes, 8);
	fake_put(f, AT(0x2010), 0, 8);
	fake_put(f, AT(0x2008), right, 8);
	fake_put(f, AT(0x2018), AT(0x1000), 8);
	fake_put(f, AT(0x2028), 0, 8);
	fake_put(f, AT(0x2030), 0, 8);
	fake_put(f, AT(0x2038), second_header, 8);
	for (unsigned int i = 0; i < 2; i++) {
		fake_put(f, AT(0x3000 + 32 * i), AT(0x4000 + 16 * i), 8);
		fake_put(f, AT(0x3008 + 32 * i), AT(0x5000), 8);
		fake_put(f, AT(0x3010 + 32 * i), 4, 4);
		fake_put(f, AT(0x3014 + 32 * i), 0100644, 4);
	}
	memcpy(fake_at(f, AT(0x4000)), "acct", 5);
	memcpy(fake_at(f, AT(0x4010)), "panic", 6);
	fake_open(f);
	fake_structs(f, "rb_node 24 u64 __rb_parent_color@0 ptr rb_right@8 ptr rb_left@16\n"
			"rb_root 8 ptr rb_node@0\n"
			"ctl_table_header 24 ptr ctl_table@0 ptr parent@8 ptr node@16\n"
			"ctl_dir 64 ctl_table_header header@0 rb_root root@48\n"
			"ctl_node 32 rb_node node@0 ptr header@24\n"
			"ctl_table 32 ptr procname@0 ptr data@8 u32 maxlen@16 u32 mode@20 "
			"ptr proc_handler@24\n");
	return f;
}

static int see_sysctl(void *arg, const struct sysctl *s)
{
	return see(arg, s->table);
}

static void sysctls(void **state)
{
	struct fake *f = with_sysctls(AT(0x1000), AT(0x2000), AT(0x2020));
	struct seen seen = { 0 };
	struct sysctl s;
	STRBUF(text);

	(void)state;
	assert_ok(sysctls_each(f->kernel, AT(0x1000), see_sysctl, &seen));
	assert_int_equal(seen.n, 2);
	assert_ok(sysctl_find(f->kernel, AT(0x1000), "panic", &s));
	assert_int_equal(s.table, AT(0x3020));
	assert_int_equal(s.dir, 0);
	assert_fails(sysctl_find(f->kernel, AT(0x1000), "nosuch", &s), -ENOENT, "nosuch");
	/* without a function that prints it, no value is made up */
	assert_true(put_sysctl(&text, f->kernel, s.table) < 0);
	assert_int_equal(text.len, 0);
	fake_free(f);
}

static void sysctls_broken(void **state)
{
	static const struct {
		uint64_t header, nodes, right;
		int code;
	} cases[] = {
		{ AT(0x1000), AT(0x2000), AT(0x2000), -ELOOP }, /* a node below itself */
		{ AT(0x1000), 0, AT(0x2020), -EBADMSG },	/* no node of its header */
		{ 0x400000, AT(0x2000), AT(0x2020), -EFAULT },	/* no header */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_sysctls(cases[i].header, cases[i].nodes, cases[i].right);
		struct seen seen = { 0 };

		assert_fails(sysctls_each(f->kernel, AT(0x1000), see_sysctl, &seen), cases[i].code,
			     "ctl_dir");
		fake_free(f);
	}
}

static int see_zone(void *arg, const struct zone *z)
{
	return see(arg, z->addr);
}

/* As many nodes as there are; numbers that have none are passed over. */
static void zones(void **state)
{
	struct seen seen = { 0 };
	struct fake *f = fake_new();

	(void)state;
	put(&f->vmcoreinfo, "SYMBOL(node_data)=%lx\nSYMBOL(nr_node_ids)=%lx\n", AT(0x100),
	    AT(0x200));
	fake_put(f, AT(0x100), AT(0x1000), 8);
	fake_put(f, AT(0x108), 0, 8);
	fake_put(f, AT(0x110), 0x400000, 8);
	fake_put(f, AT(0x200), 2, 4);
	fake_put(f, AT(0x1000), 7, 4);
	fake_open(f);
	fake_structs(f, "zone 16 u64 present_pages@0 u64 spanned_pages@8\n"
			"pglist_data 64 u32 node_id@0 zone[2] node_zones@16\n");
	assert_ok(zones_each(f->kernel, see_zone, &seen));
	assert_int_equal(seen.n, 2);
	fake_free(f);
}

static int see_socket(void *arg, uint64_t sk, uint64_t bucket)
{
	(void)bucket;
	return see(arg, sk);
}

/* Sockets of two namespaces in one table, and a table that leads out of it. */
static void sockets(void **state)
{
	for (unsigned int broken = 0; broken < 2; broken++) {
		struct seen seen = { 0 };
		struct fake *f = fake_new();

		put(&f->vmcoreinfo, "SYMBOL(raw_v4_hashinfo)=%lx\n", AT(0x100));
		for (unsigned int i = 0; i < 4; i++)
			fake_put(f, AT(0x100 + 8 * i), 0, 8);
		fake_put(f, AT(0x108), AT(0x1000), 8);
		fake_put(f, AT(0x1000), AT(0x1100), 8);
		fake_put(f, AT(0x1008), AT(0x108), 8);
		fake_put(f, AT(0x1100), broken ? AT(0x1000) : 0, 8);
		fake_put(f, AT(0x1108), AT(0x1000), 8);
		fake_put(f, AT(0x1010), AT(0x5000), 8);
		fake_put(f, AT(0x1110), AT(0x6000), 8);
		fake_open(f);
		fake_structs(f, "hlist_node 16 ptr next@0 ptr pprev@8\n"
				"sock_common 32 hlist_node skc_node@0 ptr skc_net@16\n"
				"raw_hashinfo 32 ptr[4] ht@0\n");
		if (broken)
			assert_fails(sockets_each(f->kernel, AT(0x5000), SOCK_KIND_RAW, see_socket,
						  &seen),
				     -ELOOP, "sockets");
		else
			assert_ok(sockets_each(f->kernel, AT(0x5000), SOCK_KIND_RAW, see_socket,
					       &seen));
		assert_true(seen.n >= 1);
		assert_int_equal(seen.last, AT(0x1000));
		fake_free(f);
	}
	(void)state;
}

/* Three namespaces: two share a table of the sockets of UNIX, one has its own; all share that of raw ones.
 * Each socket comes once. The list of namespaces may be broken behind the second. */
static void sockets_everywhere(void **state)
{
	(void)state;
	for (unsigned int broken = 0; broken < 2; broken++) {
		static const uint64_t nets[] = { 0x5000, 0x6000, 0x7000 };
		struct seen seen = { 0 };
		struct fake *f = fake_new();
		uint64_t last = broken ? AT(0x6000) : AT(0x200);

		put(&f->vmcoreinfo,
		    "SYMBOL(raw_v4_hashinfo)=%lx\nSYMBOL(net_namespace_list)=%lx\n"
		    "SYMBOL(init_net)=%lx\n",
		    AT(0x100), AT(0x200), AT(0x5000));
		fake_put(f, AT(0x200), AT(0x5000), 8);
		fake_put(f, AT(0x5000), AT(0x6000), 8);
		fake_put(f, AT(0x6000), AT(0x7000), 8);
		fake_put(f, AT(0x7000), last, 8);
		for (size_t i = 0; i < 3; i++) {
			uint64_t sk = AT(0x1000 + 0x100 * i);

			fake_put(f, AT(nets[i]) + 16, i == 2 ? AT(0x9000) : AT(0x8000), 8);
			fake_put(f, AT(0x108 + 8 * i), sk, 8); /* raw */
			fake_put(f, (i == 2 ? AT(0x9000) : AT(0x8000)) + 8 * i, sk, 8);
			fake_put(f, sk + 16, AT(nets[i]), 8);
		}
		fake_open(f);
		fake_structs(f, "hlist_node 16 ptr next@0 ptr pprev@8\n"
				"sock_common 32 hlist_node skc_node@0 ptr skc_net@16\n"
				"raw_hashinfo 32 ptr[4] ht@0\n"
				"unix_table 8 ptr buckets@0\n"
				"netns_unix 8 unix_table table@0\n"
				"net 32 u64[2] list@0 netns_unix unx@16\n");
		if (broken) {
			assert_fails(sockets_each(f->kernel, 0, SOCK_KIND_UNIX, see_socket, &seen),
				     -ELOOP, "sockets");
			assert_true(seen.n >= 2);
		} else {
			assert_ok(sockets_each(f->kernel, 0, SOCK_KIND_UNIX, see_socket, &seen));
			assert_int_equal(seen.n, 3);
			assert_int_equal(seen.last, AT(0x1200));
			assert_ok(sockets_each(f->kernel, 0, SOCK_KIND_RAW, see_socket, &seen));
			assert_int_equal(seen.n, 6);
		}
		fake_free(f);
	}
}

static int see_node(void *arg, const struct fib_node *n)
{
	return see(arg, n->key);
}

/* A branch of two leaves; one of them damaged. */
static void routes(void **state)
{
	static const struct {
		uint64_t child, bits;
		int code;
	} cases[] = {
		{ AT(0x3040), 1, 0 },
		{ AT(0x2020), 1, -ELOOP },    /* a branch below itself */
		{ 0x400000, 1, -EFAULT },     /* nowhere */
		{ AT(0x3040), 30, -EBADMSG }, /* of a thousand million ways */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen seen = { 0 };
		struct fake *f = fake_new();

		fake_put(f, AT(0x1028), AT(0x1100), 8);
		fake_put(f, AT(0x1108), AT(0x2020), 8);
		fake_put(f, AT(0x2020), 0x7f000000, 4);
		fake_put(f, AT(0x2024), 24, 1);
		fake_put(f, AT(0x2025), cases[i].bits, 1);
		fake_put(f, AT(0x2028), AT(0x3000), 8);
		fake_put(f, AT(0x2030), cases[i].child, 8);
		fake_put(f, AT(0x3000), 0x7f000001, 4);
		fake_put(f, AT(0x3040), 0x7fffffff, 4);
		fake_open(f);
		fake_structs(f, "fib_table 48 u32 tb_id@16 ptr tb_data@40\n"
				"key_vector 16 u32 key@0 u8 pos@4 u8 bits@5 u8 slen@6 ptr leaf@8 "
				"ptr[1] tnode@8\n"
				"tnode 48 u32 empty_children@16 u32 full_children@20 "
				"key_vector kv@32\n");
		if (cases[i].code)
			assert_fails(fib_nodes_each(f->kernel, AT(0x1000), see_node, &seen),
				     cases[i].code, "routing table");
		else
			assert_ok(fib_nodes_each(f->kernel, AT(0x1000), see_node, &seen));
		if (!cases[i].code) {
			assert_int_equal(seen.n, 3);
			assert_int_equal(seen.last, 0x7fffffff);
		}
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(routes), cmocka_unit_test(hash_whole), cmocka_unit_test(hash_broken),
	   cmocka_unit_test(caches), cmocka_unit_test(caches_broken), cmocka_unit_test(sysctls),
	   cmocka_unit_test(sysctls_broken), cmocka_unit_test(zones), cmocka_unit_test(sockets),
	   cmocka_unit_test(sockets_everywhere))
