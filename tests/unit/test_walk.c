/* Lists, rbtrees, xarrays and maple trees: whole ones, and every way in which one may be broken. */
#include <errno.h>

#include "dump/base/cancel.h"
#include "kernel/walk/list.h"
#include "kernel/walk/maple.h"
#include "kernel/walk/rbtree.h"
#include "kernel/walk/xarray.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_btf.h"
#include "tests/unit/unit.h"

#define HEAD   (FAKE_BASE + 0x100)
#define NODES  (FAKE_BASE + 0x1000) /* of lists: 64 bytes apart */
#define LINKS  16		    /* where the links are in an entry */
#define POISON 0xdead000000000100ull

static uint64_t node(unsigned int i)
{
	return NODES + 64 * i;
}

/* A ring of @n entries at HEAD. */
static void put_ring(struct fake *f, unsigned int n)
{
	uint64_t prev = HEAD;

	for (unsigned int i = 0; i < n; i++) {
		fake_put(f, prev, node(i) + LINKS, 8);
		prev = node(i) + LINKS;
	}
	fake_put(f, prev, HEAD, 8);
}

static void whole_list(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 40; n++) {
		struct fake *f = fake_new();
		struct list_walk w;
		uint64_t at;

		put_ring(f, n);
		assert_ok(list_begin_at(&w, fake_open(f), HEAD, LINKS));
		for (unsigned int i = 0; i < n; i++) {
			assert_int_equal(list_next(&w, &at), 1);
			assert_int_equal(at, node(i));
		}
		assert_int_equal(list_next(&w, &at), 0);
		assert_int_equal(list_next(&w, &at), 0);
		fake_free(f);
	}
}

/* What the fifth of ten leads to. The walk gives those before it, then says what is wrong. */
static void broken_list(void **state)
{
	static const struct {
		uint64_t next;
		int code;
		const char *text;
	} cases[] = {
		{ 0, -EBADMSG, "0 is no entry" },
		{ NODES + LINKS + 3, -EBADMSG, "is no entry" },
		{ POISON, -EBADMSG, "poison of a deleted entry" },
		{ POISON + 0x22, -EBADMSG, "poison of a deleted entry" },
		{ 0x400000, -EFAULT, "list at 0xffffffff80000100" },
		{ FAKE_BASE + 0x3f000, -ENODATA, "list at 0xffffffff80000100" },
		{ NODES + LINKS, -ELOOP, "comes again" },
		{ NODES + 4 * 64 + LINKS, -ELOOP, "comes again" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = fake_new();
		struct list_walk w;
		uint64_t at;
		int r, n = 0;

		put_ring(f, 10);
		fake_put(f, node(4) + LINKS, cases[i].next, 8);
		f->missing[0x3f] = true;
		assert_ok(list_begin_at(&w, fake_open(f), HEAD, LINKS));
		while ((r = list_next(&w, &at)) > 0)
			n++;
		assert_fails(r, cases[i].code, cases[i].text);
		assert_true(n >= 5 && n < 20);
		fake_free(f);
	}
}

static void broken_head(void **state)
{
	struct fake *f = fake_new();
	struct list_walk w = { .next = 7 };

	(void)state;
	fake_open(f);
	assert_fails(list_begin_at(&w, f->kernel, 0, 0), -EBADMSG, "list at 0: 0 is no entry");
	assert_fails(list_begin_at(&w, f->kernel, 0x1000, 0), -EFAULT, "list at 0x1000");
	assert_int_equal(w.next, 7);
	fake_free(f);
}

static void hlist(void **state)
{
	static const uint64_t ends[] = { 0, 1, 0x55 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct fake *f = fake_new();
		struct list_walk w;
		uint64_t at;

		put_ring(f, 3);
		fake_put(f, node(2) + LINKS, ends[i], 8);
		assert_ok(hlist_begin_at(&w, fake_open(f), HEAD, LINKS));
		for (unsigned int n = 0; n < 3; n++) {
			assert_int_equal(hlist_next(&w, &at), 1);
			assert_int_equal(at, node(n));
		}
		assert_int_equal(hlist_next(&w, &at), 0);
		fake_free(f);
	}
}

/* A reader who gives up ends a walk that is long. */
static void given_up(void **state)
{
	struct fake *f = fake_new();
	atomic_bool flag = true;
	struct list_walk w;
	uint64_t at;
	int r;

	(void)state;
	put_ring(f, 600);
	assert_ok(list_begin_at(&w, fake_open(f), HEAD, LINKS));
	cancel_arm(&flag);
	while ((r = list_next(&w, &at)) > 0)
		;
	cancel_arm(NULL);
	assert_fails(r, -EINTR, "interrupted");
	fake_free(f);
}

/* The types that trees are described by. */
static void give_types(struct fake *f)
{
	struct made_btf b;
	uint32_t ptr, ulong, chr, meta;

	btf_init(&b, NULL);
	ptr = btf_type(&b, MADE_PTR, "", 0);
	ulong = btf_int(&b, "unsigned long", 8, 0);
	chr = btf_int(&b, "unsigned char", 1, 0);
	btf_type(&b, MADE_STRUCT, "rb_node", 24);
	btf_member(&b, "__rb_parent_color", ulong, 0, -1);
	btf_member(&b, "rb_right", ptr, 64, -1);
	btf_member(&b, "rb_left", ptr, 128, -1);
	btf_type(&b, MADE_STRUCT, "xarray", 16);
	btf_member(&b, "xa_head", ptr, 64, -1);
	btf_array(&b, ptr, 64);
	btf_type(&b, MADE_STRUCT, "xa_node", 8 + 512);
	btf_member(&b, "shift", chr, 0, -1);
	btf_member(&b, "slots", b.nr - 1, 64, -1);
	btf_type(&b, MADE_STRUCT, "idr", 24);
	btf_member(&b, "idr_rt", b.nr - 3, 0, -1);
	btf_member(&b, "idr_base", ulong, 128, -1);
	meta = btf_type(&b, MADE_STRUCT, "maple_metadata", 2);
	btf_member(&b, "end", chr, 0, -1);
	btf_type(&b, MADE_STRUCT, "maple_tree", 16);
	btf_member(&b, "ma_root", ptr, 64, -1);
	btf_array(&b, ulong, 15);
	btf_array(&b, ptr, 16);
	btf_type(&b, MADE_STRUCT, "maple_range_64", 256);
	btf_member(&b, "pivot", b.nr - 2, 64, -1);
	btf_member(&b, "slot", b.nr - 1, 128 * 8, -1);
	btf_member(&b, "meta", meta, 248 * 8, -1);
	btf_array(&b, ulong, 9);
	btf_array(&b, ptr, 10);
	btf_type(&b, MADE_STRUCT, "maple_arange_64", 248);
	btf_member(&b, "pivot", b.nr - 2, 64, -1);
	btf_member(&b, "slot", b.nr - 1, 80 * 8, -1);
	btf_member(&b, "meta", meta, 240 * 8, -1);
	kernel_give_types(f->kernel, btf_types(&b, NULL));
	btf_fini(&b);
}

/* A balanced tree of entries @from to @to, whose nodes are at node(i). Returns its root. */
static uint64_t put_rb(struct fake *f, unsigned int from, unsigned int to)
{
	unsigned int middle = from + (to - from) / 2;

	if (from == to)
		return 0;
	fake_put(f, node(middle) + 8, put_rb(f, middle + 1, to), 8);
	fake_put(f, node(middle) + 16, put_rb(f, from, middle), 8);
	return node(middle);
}

static void rbtree(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 70; n++) {
		struct fake *f = fake_new();
		struct rb_walk w;
		uint64_t at;

		fake_put(f, HEAD, put_rb(f, 0, n), 8);
		fake_open(f);
		give_types(f);
		assert_ok(rb_begin_at(&w, f->kernel, HEAD, 0));
		for (unsigned int i = 0; i < n; i++) {
			assert_int_equal(rb_next(&w, &at), 1);
			assert_int_equal(at, node(i));
		}
		assert_int_equal(rb_next(&w, &at), 0);
		fake_free(f);
	}
}

static int walk_rb(struct kernel *k)
{
	struct rb_walk w;
	uint64_t at;
	int r = rb_begin_at(&w, k, HEAD, 0);

	while (r >= 0 && (r = rb_next(&w, &at)) > 0)
		;
	return r;
}

static void broken_rbtree(void **state)
{
	static const struct {
		unsigned int side; /* 8 right, 16 left */
		uint64_t value;
		int code;
		const char *text;
	} cases[] = {
		{ 16, NODES + 8 * 64, -ELOOP, "more than 128 levels" },
		{ 8, NODES + 8 * 64, -ELOOP, "" },
		{ 8, NODES + 64, -ELOOP, "comes again" },
		{ 8, 0x123, -EBADMSG, "0x123 is no node" },
		{ 16, 0x1230, -EFAULT, "rbtree" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = fake_new();

		fake_put(f, HEAD, put_rb(f, 0, 16), 8);
		fake_put(f, node(1) + cases[i].side, cases[i].value, 8);
		fake_open(f);
		give_types(f);
		assert_fails(walk_rb(f->kernel), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

/* A node of an xarray at page @i. */
static uint64_t put_xa(struct fake *f, unsigned int i, unsigned int shift)
{
	uint64_t at = NODES + 1024ull * i;

	fake_put(f, at, shift, 1);
	return at | 2;
}

static void put_slot(struct fake *f, uint64_t node_entry, unsigned int slot, uint64_t entry)
{
	fake_put(f, (node_entry & ~3ull) + 8 + 8 * slot, entry, 8);
}

static void expect_xa(struct xa_walk *w, uint64_t index, uint64_t entry)
{
	uint64_t i, e;
	int r = xa_next(w, &i, &e);

	assert_ok(r);
	assert_int_equal(r, 1);
	assert_int_equal(i, index);
	assert_int_equal(e, entry);
}

static void xarray(void **state)
{
	struct fake *f = fake_new();
	uint64_t top, low, i, e;
	struct xa_walk w;

	(void)state;
	top = put_xa(f, 0, 6);
	low = put_xa(f, 1, 0);
	fake_put(f, HEAD + 8, top, 8);
	put_slot(f, top, 3, low);
	put_slot(f, top, 5, HEAD);	   /* an entry of 64 indices */
	put_slot(f, top, 6, 5 << 2 | 2);   /* and its sibling */
	put_slot(f, top, 7, 256 << 2 | 2); /* retry */
	put_slot(f, low, 0, HEAD + 64);
	put_slot(f, low, 63, 77 << 1 | 1);
	fake_put(f, HEAD + 16, 1000, 8);
	fake_put(f, HEAD + 0x108, HEAD, 8); /* another xarray, of one entry */
	fake_open(f);
	give_types(f);
	assert_ok(xa_begin(&w, f->kernel, HEAD));
	expect_xa(&w, 192, HEAD + 64);
	expect_xa(&w, 255, 77 << 1 | 1);
	expect_xa(&w, 320, HEAD);
	assert_int_equal(xa_next(&w, &i, &e), 0);
	assert_ok(idr_begin(&w, f->kernel, HEAD));
	expect_xa(&w, 1192, HEAD + 64);
	assert_ok(xa_begin(&w, f->kernel, HEAD + 0x100));
	expect_xa(&w, 0, HEAD);
	assert_int_equal(xa_next(&w, &i, &e), 0);
	assert_ok(xa_begin(&w, f->kernel, HEAD + 0x200));
	assert_int_equal(xa_next(&w, &i, &e), 0);
	fake_free(f);
}

static void broken_xarray(void **state)
{
	struct fake *f = fake_new();
	uint64_t top, i, e;
	struct xa_walk w;

	(void)state;
	top = put_xa(f, 0, 6);
	put_slot(f, top, 0, top);
	put_slot(f, top, 1, 0x400000 | 2);
	fake_put(f, HEAD + 8, top, 8);
	fake_put(f, HEAD + 0x108, put_xa(f, 1, 90), 8);
	fake_open(f);
	give_types(f);
	assert_ok(xa_begin(&w, f->kernel, HEAD));
	assert_fails(xa_next(&w, &i, &e), -EBADMSG, "a node of shift 6 below one of 6");
	assert_fails(xa_next(&w, &i, &e), -EFAULT, "xarray node 0x400000");
	assert_fails(xa_begin(&w, f->kernel, HEAD + 0x100), -EBADMSG, "a node of shift 90");
	fake_free(f);
}

enum { LEAF = 1, RANGE, ARANGE };

/* The root of a maple tree, in place of a child of it. */
#define ROOT 2

/* A node of a maple tree at page @i: @n slots. */
static uint64_t put_maple(struct fake *f, unsigned int i, unsigned int type, unsigned int n,
			  const uint64_t *pivots, const uint64_t *slots)
{
	uint64_t at = FAKE_BASE + 0x2000 + MAPLE_NODE_SIZE * i;
	unsigned int room = type == ARANGE ? 9 : 15, slot = type == ARANGE ? 80 : 128;

	fake_put(f, at, HEAD | 1, 8);
	for (unsigned int p = 0; p < room && p + 1 < n; p++)
		fake_put(f, at + 8 + 8 * p, pivots[p], 8);
	for (unsigned int s = 0; s < n; s++)
		fake_put(f, at + slot + 8 * s, slots[s], 8);
	if (type == ARANGE)
		fake_put(f, at + 240, n - 1, 1);
	else if (n < 16)
		fake_put(f, at + 248, n - 1, 1);
	return at | type << 3 | 4;
}

static void expect_maple(struct maple_walk *w, uint64_t first, uint64_t last, uint64_t entry)
{
	struct maple_entry e;
	int r = maple_next(w, &e);

	assert_ok(r);
	assert_int_equal(r, 1);
	assert_int_equal(e.first, first);
	assert_int_equal(e.last, last);
	assert_int_equal(e.entry, entry);
}

static void maple(void **state)
{
	struct fake *f = fake_new();
	uint64_t pivots[16], slots[16], leaves[2];
	struct maple_entry e;
	struct maple_walk w;

	(void)state;
	/* 0..9 A, 10..19 nothing, 20..29 reserved, 30..99 B; then 16 slots up to the end */
	leaves[0] = put_maple(f, 0, LEAF, 4, (uint64_t[]){ 9, 19, 29 },
			      (uint64_t[]){ 0xa000, 0, 0x406, 0xb000 });
	for (unsigned int i = 0; i < 16; i++) {
		pivots[i] = 100 + i;
		slots[i] = 0x10000 + 0x100 * i;
	}
	leaves[1] = put_maple(f, 1, LEAF, 16, pivots, slots);
	fake_put(f, HEAD + 8, put_maple(f, 2, ARANGE, 2, (uint64_t[]){ 99 }, leaves) | ROOT, 8);
	fake_put(f, HEAD + 0x108, 0xc000, 8);
	fake_open(f);
	give_types(f);
	assert_ok(maple_begin(&w, f->kernel, HEAD));
	expect_maple(&w, 0, 9, 0xa000);
	expect_maple(&w, 30, 99, 0xb000);
	for (unsigned int i = 0; i < 16; i++)
		expect_maple(&w, 100 + i, i < 15 ? 100 + i : UINT64_MAX, slots[i]);
	assert_int_equal(maple_next(&w, &e), 0);
	assert_ok(maple_begin(&w, f->kernel, HEAD + 0x100));
	expect_maple(&w, 0, 0, 0xc000);
	assert_int_equal(maple_next(&w, &e), 0);
	assert_ok(maple_begin(&w, f->kernel, HEAD + 0x200));
	assert_int_equal(maple_next(&w, &e), 0);
	fake_free(f);
}

static int walk_maple(struct kernel *k, uint64_t tree)
{
	struct maple_entry e;
	struct maple_walk w;
	int r = maple_begin(&w, k, tree);

	while (r >= 0 && (r = maple_next(&w, &e)) > 0)
		;
	return r;
}

static void broken_maple(void **state)
{
	struct fake *f = fake_new();
	uint64_t self = (FAKE_BASE + 0x2000) | RANGE << 3 | ROOT, freed;

	(void)state;
	put_maple(f, 0, RANGE, 1, NULL, &self); /* holds itself */
	fake_put(f, HEAD + 8, self, 8);
	fake_put(f, HEAD + 24,
		 put_maple(f, 1, LEAF, 3, (uint64_t[]){ 9, 5 },
			   (uint64_t[]){ 0xa000, 0xb000, 0xc000 }) |
			 ROOT,
		 8);
	fake_put(f, HEAD + 40, put_maple(f, 2, ARANGE, 1, NULL, (uint64_t[]){ 0xa0 }) | ROOT, 8);
	freed = put_maple(f, 3, LEAF, 1, NULL, (uint64_t[]){ 0xa000 }) | ROOT;
	fake_put(f, freed & ~255ull, freed & ~255ull, 8);
	fake_put(f, HEAD + 56, freed, 8);
	fake_put(f, HEAD + 72, put_maple(f, 4, 9, 1, NULL, (uint64_t[]){ 0xa000 }) | ROOT, 8);
	fake_put(f, HEAD + 88, put_maple(f, 5, ARANGE, 1, NULL, (uint64_t[]){ 0xa000 }) | ROOT, 8);
	fake_put(f, FAKE_BASE + 0x2000 + 5 * 256 + 240, 10, 1);
	fake_put(f, HEAD + 104, 0x400000 | 2, 8);
	fake_open(f);
	give_types(f);
	assert_fails(walk_maple(f->kernel, HEAD), -ELOOP, "maple node 0xffffffff80002000");
	assert_fails(walk_maple(f->kernel, HEAD + 16), -EBADMSG, "pivot 1 is 0x5, not in 0xa");
	assert_fails(walk_maple(f->kernel, HEAD + 32), -EBADMSG, "0xa0 is no node");
	assert_fails(walk_maple(f->kernel, HEAD + 48), -EBADMSG, "it was freed");
	assert_fails(walk_maple(f->kernel, HEAD + 64), -EBADMSG, "type 9");
	assert_fails(walk_maple(f->kernel, HEAD + 80), -EBADMSG, "11 slots in use of 10");
	assert_fails(walk_maple(f->kernel, HEAD + 96), -EBADMSG, "type 0");
	fake_free(f);
}

/* Rings of nodes, and nodes that hold one several times, at each depth: the walk ends. */
static void maple_loops(void **state)
{
	static const uint64_t all = UINT64_MAX;
	struct fake *f = fake_new();
	uint64_t at[6], twice[16];

	(void)state;
	/* 0 holds 1, 1 holds 2, 2 holds 0. */
	for (unsigned int i = 0; i < 3; i++)
		at[i] = (FAKE_BASE + 0x2000 + MAPLE_NODE_SIZE * i) | RANGE << 3 | 4;
	for (unsigned int i = 0; i < 3; i++)
		put_maple(f, i, RANGE, 1, &all, &at[(i + 1) % 3]);
	fake_put(f, HEAD + 8, at[0] | ROOT, 8);
	/* 3 holds 4 as often as it can, each of which holds 3. */
	for (unsigned int i = 0; i < 16; i++)
		twice[i] = (FAKE_BASE + 0x2000 + MAPLE_NODE_SIZE * 4) | RANGE << 3 | 4;
	at[3] = put_maple(f, 3, RANGE, 1, &all, twice);
	put_maple(f, 4, RANGE, 1, &all, &at[3]);
	fake_put(f, HEAD + 24, at[3] | ROOT, 8);
	/* A pointer into the middle of a node, to user space, to nothing. */
	fake_put(f, HEAD + 40,
		 put_maple(f, 5, RANGE, 1, &all, (uint64_t[]){ 0x7f0000001014 }) | ROOT, 8);
	fake_open(f);
	give_types(f);
	assert_fails(walk_maple(f->kernel, HEAD), -ELOOP, "comes again");
	assert_fails(walk_maple(f->kernel, HEAD + 16), -ELOOP, "comes again");
	assert_fails(walk_maple(f->kernel, HEAD + 32), -EFAULT, "maple node 0x7f0000001000");
	fake_free(f);
}

/* Without types a tree cannot be walked, and this is said. */
static void no_types(void **state)
{
	struct fake *f = fake_new();
	struct maple_walk m;
	struct xa_walk x;
	struct rb_walk r;

	(void)state;
	fake_open(f);
	assert_fails(maple_begin(&m, f->kernel, HEAD), -ENOENT, "types");
	assert_fails(xa_begin(&x, f->kernel, HEAD), -ENOENT, "types");
	assert_fails(rb_begin_at(&r, f->kernel, HEAD, 0), -ENOENT, "types");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(whole_list), cmocka_unit_test(broken_list),
	   cmocka_unit_test(broken_head), cmocka_unit_test(hlist), cmocka_unit_test(given_up),
	   cmocka_unit_test(rbtree), cmocka_unit_test(broken_rbtree), cmocka_unit_test(xarray),
	   cmocka_unit_test(broken_xarray), cmocka_unit_test(maple), cmocka_unit_test(broken_maple),
	   cmocka_unit_test(maple_loops), cmocka_unit_test(no_types))
