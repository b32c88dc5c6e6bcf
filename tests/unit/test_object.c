/* Objects by type and address, the way from one to the next, and containers as their entries. */
#include "kernel/object/object.h"

#include <errno.h>

#include "kernel/object/container.h"
#include "kernel/object/expression.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(offset) (FAKE_BASE + (offset))
#define NODES	   AT(0x1000) /* 64 bytes apart */
#define LINKS	   16
#define HEAD	   AT(0x100)

static uint64_t node(unsigned int i)
{
	return NODES + 64 * i;
}

/* Three nodes in a ring at HEAD, each of which points to the one before. */
static struct fake *new_kernel(void)
{
	struct fake *f = fake_new();
	uint64_t prev = HEAD;

	put(&f->vmcoreinfo, "SYMBOL(head)=%llx\nSYMBOL(first)=%llx\n", HEAD, NODES);
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, node(i), 100 + i, 4);
		fake_put(f, node(i) + 8, i ? node(i - 1) : 0, 8);
		fake_put(f, prev, node(i) + LINKS, 8);
		fake_put(f, node(i) + LINKS + 8, prev, 8);
		prev = node(i) + LINKS;
		fake_put(f, node(i) + 32, 0x0706050403020100, 8);
	}
	fake_put(f, prev, HEAD, 8);
	fake_put(f, HEAD + 8, prev, 8);
	fake_open(f);
	fake_structs(
		f,
		"list_head 16 ptr next@0 ptr prev@8\n"
		"node 64 u32 id@0 ptr before@8 list_head list@16 u8[8] bytes@32 u32[4] words@40\n"
		"outer 80 u64 pad@0 node in@8\n");
	return f;
}

static void expressions(void **state)
{
	static const struct {
		const char *text;
		uint64_t addr;
		bool physical;
	} right[] = {
		{ "head", HEAD, false },
		{ "head+8", HEAD + 8, false },
		{ "head+0x10", HEAD + 16, false },
		{ "ffffffff80000100", HEAD, false },
		{ "0xffffffff80000100", HEAD, false },
		{ "0xFFFFFFFF80000100", HEAD, false },
		{ "phys:0x1000", 0x1000, true },
		{ "phys:0", 0, true },
	};
	static const char *const wrong[] = { "",
					     "nowhere",
					     "head+",
					     "head+x",
					     "head:0",
					     "head:",
					     "0x",
					     "1000",
					     "phys:",
					     "phys:head",
					     "head+0x10+",
					     "+8",
					     "0x11111111111111111",
					     "phys:ffffffffffffffff" };
	struct fake *f = new_kernel();
	struct expression e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		assert_ok(expression_parse(f->kernel, right[i].text, &e));
		assert_int_equal(e.addr, right[i].addr);
		assert_int_equal(e.physical, right[i].physical);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_true(expression_parse(f->kernel, wrong[i], &e) < 0);
	fake_free(f);
}

static void parsed(void **state)
{
	static const char *const wrong[] = { "node",	    "node@",	    "@first",
					     "nod@first",   "node@nowhere", "node@0x10",
					     "node@phys:0", "*@first",	    "node@first:1" };
	struct fake *f = new_kernel();
	struct object o;
	STRBUF(name);

	(void)state;
	assert_ok(object_parse(f->kernel, "node@first", &o));
	assert_int_equal(o.addr, NODES);
	assert_int_equal(object_kind(&o), OBJECT_AGGREGATE);
	assert_int_equal(object_size(&o), 64);
	assert_ok(put_object_name(&name, &o));
	assert_string_equal(name.data, "node@ffffffff80001000");
	assert_ok(object_parse(f->kernel, "node **@first+8", &o));
	assert_int_equal(o.stars, 2);
	assert_int_equal(object_kind(&o), OBJECT_POINTER);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_fails(object_parse(f->kernel, wrong[i], &o), -ENOENT, "");
	fake_free(f);
}

/* Which member each byte is of; padding is of none. */
static void paths(void **state)
{
	static const struct {
		uint64_t offset;
		const char *path;
	} places[] = {
		{ 0, ".pad" },
		{ 7, ".pad" },
		{ 8, ".in.id" },
		{ 12, ".in" },
		{ 16, ".in.before" },
		{ 24, ".in.list.next" },
		{ 32, ".in.list.prev" },
		{ 39, ".in.list.prev" },
		{ 40, ".in.bytes[0]" },
		{ 47, ".in.bytes[7]" },
		{ 48, ".in.words[0]" },
		{ 60, ".in.words[3]" },
		{ 63, ".in.words[3]" },
		{ 64, ".in" },
		{ 72, "" },
		{ 80, "" },
		{ UINT64_MAX, "" },
	};
	struct fake *f = new_kernel();
	struct object o;

	(void)state;
	assert_ok(object_parse(f->kernel, "outer@first", &o));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		STRBUF(path);

		put_object_path(&path, &o, o.addr + places[i].offset);
		assert_string_equal(path.data ? path.data : "", places[i].path);
	}
	fake_free(f);
}

static int count(void *arg, const char *name, const struct object *member)
{
	size_t *n = arg;

	(void)name;
	(void)member;
	++*n;
	return 0;
}

static void members(void **state)
{
	struct fake *f = new_kernel();
	struct object o, m, e;
	uint64_t v;
	size_t n = 0;

	(void)state;
	assert_ok(object_parse(f->kernel, "outer@first+0x38", &o)); /* .in is the second node */
	assert_ok(object_members(&o, count, &n));
	assert_int_equal(n, 2);
	assert_ok(object_member(&o, "in", &m));
	assert_int_equal(m.addr, node(1));
	assert_ok(object_member(&m, "id", &e));
	assert_ok(object_value(f->kernel, &e, &v));
	assert_int_equal(v, 101);
	assert_ok(object_member(&m, "words", &e));
	assert_int_equal(object_kind(&e), OBJECT_ARRAY);
	assert_int_equal(object_elements(&e), 4);
	assert_ok(object_element(&e, 9, &o));
	assert_int_equal(o.addr, node(1) + 40 + 36);
	assert_fails(object_element(&e, UINT64_MAX, &o), -ENOENT, "no element");
	assert_fails(object_element(&m, 0, &o), -ENOENT, "no array");
	assert_fails(object_member(&m, "nothing", &o), -ENOENT, "nothing");
	assert_fails(object_member(&m, "list.next", &o), -ENOENT, "list.next");
	assert_fails(object_member(&e, "id", &o), -ENOENT, "id");
	/* Bytes are no text. */
	assert_ok(object_member(&m, "bytes", &e));
	assert_int_equal(object_kind(&e), OBJECT_ARRAY);
	fake_free(f);
}

static void pages_that_lack(void **state)
{
	struct fake *f = fake_new();
	struct object o, m;
	uint64_t v;

	(void)state;
	f->missing[1] = true;
	fake_open(f);
	fake_structs(f, "node 64 u32 id@0\n");
	assert_ok(object_parse(f->kernel, "node@ffffffff80001000", &o));
	assert_ok(object_member(&o, "id", &m));
	assert_fails(object_value(f->kernel, &m, &v), -ENODATA, "");
	fake_free(f);
}

struct seen {
	size_t n;
	uint64_t addr[8];
};

static int take(void *arg, uint64_t index, const struct object *entry)
{
	struct seen *s = arg;

	assert_int_equal(index, s->n);
	assert_true(s->n < ARRAY_SIZE(s->addr));
	s->addr[s->n++] = entry->addr;
	return 0;
}

static void containers(void **state)
{
	struct fake *f = new_kernel();
	struct object o, m, e;
	struct seen s = { 0 };
	struct container c;

	(void)state;
	assert_ok(object_parse(f->kernel, "list_head@head", &o));
	assert_true(container_is(&o));
	/* Nothing is known by convention of such a variable. */
	assert_ok(container_of_object(f->kernel, &o, &c));
	assert_null(c.entry);
	assert_fails(container_each(f->kernel, &c, take, &s), -ENOENT, "not known");
	assert_ok(container_as(f->kernel, &o, "node.list", &c));
	assert_ok(container_each(f->kernel, &c, take, &s));
	assert_int_equal(s.n, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(s.addr[i], node(i));
		assert_ok(container_at(f->kernel, &c, i, &e));
		assert_int_equal(e.addr, node(i));
		assert_string_equal(e.type->name, "node");
	}
	assert_fails(container_at(f->kernel, &c, 3, &e), -ENOENT, "no entry 3");

	/* From a link of an entry: the others, and the head as if it were one. */
	assert_ok(object_parse(f->kernel, "node@first", &o));
	assert_ok(object_member(&o, "list", &m));
	assert_ok(container_as(f->kernel, &m, "node.list", &c));
	s.n = 0;
	assert_ok(container_each(f->kernel, &c, take, &s));
	assert_int_equal(s.n, 3);
	assert_int_equal(s.addr[0], node(1));
	c.head = HEAD;
	s.n = 0;
	assert_ok(container_each(f->kernel, &c, take, &s));
	assert_int_equal(s.n, 2);

	assert_fails(container_as(f->kernel, &m, "node", &c), -ENOENT, "not what such");
	assert_fails(container_as(f->kernel, &m, "node.no", &c), -ENOENT, "no");
	assert_fails(container_as(f->kernel, &m, "none.list", &c), -ENOENT, "none");
	assert_fails(container_as(f->kernel, &o, "node.list", &c), -ENOENT, "not what such");
	fake_free(f);
}

/* What comes before the damage is there, by each and by number. */
static void broken(void **state)
{
	static const struct {
		uint64_t next;
		int code;
	} cases[] = { { 0xdead000000000100, -EFAULT }, { NODES + LINKS, -ELOOP }, { 0, -EBADMSG } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = fake_new();
		struct container c;
		struct seen s = { 0 };
		struct object o;
		int r;

		put(&f->vmcoreinfo, "SYMBOL(head)=%llx\n", HEAD);
		fake_put(f, HEAD, node(0) + LINKS, 8);
		fake_put(f, node(0) + LINKS, node(1) + LINKS, 8);
		fake_put(f, node(1) + LINKS, cases[i].next, 8);
		fake_open(f);
		fake_structs(
			f,
			"list_head 16 ptr next@0 ptr prev@8\nnode 64 u32 id@0 list_head list@16\n");
		assert_ok(object_parse(f->kernel, "list_head@head", &o));
		assert_ok(container_as(f->kernel, &o, "node.list", &c));
		r = cases[i].code == -ELOOP ? -ELOOP : container_each(f->kernel, &c, take, &s);
		assert_true(r < 0);
		assert_ok(container_at(f->kernel, &c, 0, &o));
		assert_int_equal(o.addr, node(0));
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(expressions), cmocka_unit_test(parsed), cmocka_unit_test(paths),
	   cmocka_unit_test(members), cmocka_unit_test(pages_that_lack),
	   cmocka_unit_test(containers), cmocka_unit_test(broken))
