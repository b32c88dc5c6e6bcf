/* Structures printed as C, as crash prints them. */
#include "kernel/types/value.h"

#include <errno.h>

#include "dump/base/limits.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_btf.h"
#include "tests/unit/unit.h"

#define OBJECT (FAKE_BASE + 0x1000)
#define TEXT   (FAKE_BASE + 0x3000)

struct world {
	struct made_btf b;
	uint32_t i, u, ul, chr, u8, boolean, ptr, text;
	struct fake *f;
};

/* The types that everything is made of. */
static struct world begin(void)
{
	struct world w = { .f = fake_new() };

	btf_init(&w.b, NULL);
	w.i = btf_int(&w.b, "int", 4, MADE_SIGNED);
	w.u = btf_int(&w.b, "unsigned int", 4, 0);
	w.ul = btf_int(&w.b, "unsigned long", 8, 0);
	w.chr = btf_int(&w.b, "char", 1, MADE_SIGNED);
	w.u8 = btf_type(&w.b, MADE_TYPEDEF, "u8", btf_int(&w.b, "unsigned char", 1, 0));
	w.boolean = btf_int(&w.b, "_Bool", 1, MADE_BOOL);
	w.ptr = btf_type(&w.b, MADE_PTR, "", 0);
	w.text = btf_type(&w.b, MADE_PTR, "", btf_type(&w.b, MADE_CONST, "", w.chr));
	return w;
}

static void open_world(struct world *w)
{
	fake_open(w->f);
	kernel_give_types(w->f->kernel, btf_types(&w->b, NULL));
}

static void close_world(struct world *w)
{
	fake_free(w->f);
	btf_fini(&w->b);
}

static int print(struct world *w, const char *name, uint64_t addr, struct strbuf *ret)
{
	const struct types *ts;
	struct place p;

	assert_ok(kernel_types(w->f->kernel, &ts));
	assert_ok(member_of(ts, name, "", &p));
	return put_object(ret, w->f->kernel, p.type, addr);
}

static void expect(struct world *w, const char *name, const char *text)
{
	STRBUF(out);

	assert_ok(print(w, name, OBJECT, &out));
	assert_string_equal(out.data, text);
}

static void scalars(void **state)
{
	struct world w = begin();
	uint32_t sign, bits;

	(void)state;
	sign = btf_type(&w.b, MADE_ENUM, "sign", 4);
	btf_flag(&w.b);
	btf_value(&w.b, "MINUS", (uint64_t)-1);
	btf_value(&w.b, "PLUS", 1);
	btf_value(&w.b, "MORE", 3);
	bits = btf_type(&w.b, MADE_ENUM, "bits", 4);
	btf_value(&w.b, "READ", 1);
	btf_value(&w.b, "WRITE", 2);
	btf_type(&w.b, MADE_STRUCT, "mix", 64);
	btf_member(&w.b, "i", w.i, 0, 0);
	btf_member(&w.b, "u", w.u, 32, 0);
	btf_member(&w.b, "p", w.ptr, 64, 0);
	btf_member(&w.b, "null", w.ptr, 128, 0);
	btf_member(&w.b, "text", w.text, 192, 0);
	btf_member(&w.b, "c", w.chr, 256, 0);
	btf_member(&w.b, "u8", w.u8, 264, 0);
	btf_member(&w.b, "yes", w.boolean, 272, 0);
	btf_member(&w.b, "odd", w.boolean, 280, 0);
	btf_member(&w.b, "low", w.i, 288, 3);
	btf_member(&w.b, "high", w.u, 291, 29);
	btf_member(&w.b, "minus", sign, 320, 0);
	btf_member(&w.b, "other", sign, 352, 0);
	btf_member(&w.b, "both", bits, 384, 0);
	btf_member(&w.b, "more", bits, 416, 0);
	btf_member(&w.b, "none", bits, 448, 0);
	fake_put(w.f, OBJECT, (uint64_t)-5, 4);
	fake_put(w.f, OBJECT + 4, (uint64_t)-5, 4);
	fake_put(w.f, OBJECT + 8, 0xffff888000001230, 8);
	fake_put(w.f, OBJECT + 24, TEXT, 8);
	memcpy(fake_at(w.f, TEXT), "a \"quote\" \\ and\n\1", 17);
	fake_put(w.f, OBJECT + 32, 0x020127f1, 4);
	fake_put(w.f, OBJECT + 36, 0xfffffffd, 4);
	fake_put(w.f, OBJECT + 40, 0xffffffff, 4);
	fake_put(w.f, OBJECT + 44, 7, 4);
	fake_put(w.f, OBJECT + 48, 3, 4);
	fake_put(w.f, OBJECT + 52, 6, 4);
	open_world(&w);
	expect(&w, "mix",
	       "struct mix {\n"
	       "  i = -5,\n"
	       "  u = 4294967291,\n"
	       "  p = 0xffff888000001230,\n"
	       "  null = 0x0,\n"
	       "  text = 0xffffffff80003000 \"a \\\"quote\\\" \\\\ and\\n\\001\",\n"
	       "  c = -15 '\\361',\n"
	       "  u8 = 39 '\\'',\n"
	       "  yes = true,\n"
	       "  odd = 2,\n"
	       "  low = -3,\n"
	       "  high = 536870911,\n"
	       "  minus = MINUS,\n"
	       "  other = 7,\n"
	       "  both = (READ | WRITE),\n"
	       "  more = (WRITE | unknown: 0x4),\n"
	       "  none = 0\n"
	       "}\n");
	close_world(&w);
}

static void nested(void **state)
{
	struct world w = begin();
	uint32_t inner, either, pair, empty, flex;

	(void)state;
	inner = btf_type(&w.b, MADE_STRUCT, "inner", 8);
	btf_member(&w.b, "x", w.i, 0, 0);
	btf_member(&w.b, "y", w.i, 32, 0);
	either = btf_type(&w.b, MADE_UNION, "", 4);
	btf_member(&w.b, "all", w.u, 0, 0);
	btf_member(&w.b, "low", w.u8, 0, 0);
	pair = btf_array(&w.b, inner, 2);
	empty = btf_type(&w.b, MADE_STRUCT, "empty", 0);
	flex = btf_array(&w.b, w.ul, 0);
	btf_type(&w.b, MADE_STRUCT, "outer", 28);
	btf_member(&w.b, "inner", inner, 0, 0);
	btf_member(&w.b, "", either, 64, 0);
	btf_member(&w.b, "pair", pair, 96, 0);
	btf_member(&w.b, "empty", empty, 224, 0);
	btf_member(&w.b, "flex", flex, 224, 0);
	for (unsigned int n = 0; n < 7; n++)
		fake_put(w.f, OBJECT + 4 * n, n, 4);
	open_world(&w);
	expect(&w, "outer",
	       "struct outer {\n"
	       "  inner = {\n"
	       "    x = 0,\n"
	       "    y = 1\n"
	       "  },\n"
	       "  {\n"
	       "    all = 2,\n"
	       "    low = 2 '\\002'\n"
	       "  },\n"
	       "  pair = {{\n"
	       "      x = 3,\n"
	       "      y = 4\n"
	       "    }, {\n"
	       "      x = 5,\n"
	       "      y = 6\n"
	       "    }},\n"
	       "  empty = {<No data fields>},\n"
	       "  flex = 0xffffffff8000101c\n"
	       "}\n");
	close_world(&w);
}

static void arrays(void **state)
{
	struct world w = begin();
	uint32_t ten, many, rows, name, zeros, gap;

	(void)state;
	ten = btf_array(&w.b, w.i, 10);
	many = btf_array(&w.b, w.ptr, 16);
	rows = btf_array(&w.b, btf_array(&w.b, w.i, 2), 2);
	name = btf_array(&w.b, w.chr, 8);
	zeros = btf_array(&w.b, w.u8, 8);
	gap = btf_array(&w.b, w.chr, 4);
	btf_type(&w.b, MADE_STRUCT, "arrays", 320);
	btf_member(&w.b, "ten", ten, 0, 0);
	btf_member(&w.b, "many", many, 40 * 8, 0);
	btf_member(&w.b, "rows", rows, 168 * 8, 0);
	btf_member(&w.b, "name", name, 184 * 8, 0);
	btf_member(&w.b, "zeros", zeros, 192 * 8, 0);
	btf_member(&w.b, "gap", gap, 200 * 8, 0);
	fake_put(w.f, OBJECT + 40 + 15 * 8, 5, 8);
	for (unsigned int n = 0; n < 4; n++)
		fake_put(w.f, OBJECT + 168 + 4 * n, n, 4);
	memcpy(fake_at(w.f, OBJECT + 184), "init", 4);
	memcpy(fake_at(w.f, OBJECT + 200), "a\0b", 4);
	open_world(&w);
	expect(&w, "arrays",
	       "struct arrays {\n"
	       "  ten = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0},\n"
	       "  many = {0x0 <repeats 15 times>, 0x5},\n"
	       "  rows = {{0, 1}, {2, 3}},\n"
	       "  name = \"init\",\n"
	       "  zeros = \"\",\n"
	       "  gap = \"a\\000b\"\n"
	       "}\n");
	close_world(&w);
}

/* A structure over three pages, of which the middle one is not in the dump. */
static void missing(void **state)
{
	struct world w = begin();
	uint32_t name, array;
	STRBUF(out);

	(void)state;
	name = btf_array(&w.b, w.chr, 16);
	array = btf_array(&w.b, w.ul, 512);
	btf_type(&w.b, MADE_STRUCT, "wide", 0x3000);
	btf_member(&w.b, "first", w.i, 0, 0);
	btf_member(&w.b, "across", w.ul, 0xffc * 8, 0);
	btf_member(&w.b, "second", w.ptr, 0x1008 * 8, 0);
	btf_member(&w.b, "name", name, 0x1010 * 8, 0);
	btf_member(&w.b, "array", array, 0x1800 * 8, 0);
	btf_member(&w.b, "bits", w.i, 0x1ffc * 8, 4);
	btf_member(&w.b, "last", w.i, 0x2000 * 8, 0);
	fake_put(w.f, OBJECT, 1, 4);
	fake_put(w.f, OBJECT + 0x2000, 9, 4);
	w.f->missing[2] = true;
	open_world(&w);
	expect(&w, "wide",
	       "struct wide {\n"
	       "  first = 1,\n"
	       "  across = <not in dump>,\n"
	       "  second = <not in dump>,\n"
	       "  name = <not in dump>,\n"
	       "  array = {<not in dump> <repeats 256 times>, 9, 0 <repeats 255 times>},\n"
	       "  bits = <not in dump>,\n"
	       "  last = 9\n"
	       "}\n");
	assert_fails(print(&w, "wide", FAKE_BASE + FAKE_SIZE + 0x10000, &out), -ENODATA, "");
	assert_fails(print(&w, "wide", 0x1000, &out), -EFAULT, "0x3000");
	assert_int_equal(out.len, 0);
	close_world(&w);
}

/* Types that no compiler made: members outside, endless ones, ones too large. */
static void wild(void **state)
{
	struct world w = begin();
	uint32_t huge, wide;
	STRBUF(out);

	(void)state;
	huge = btf_array(&w.b, w.ul, 0xffffffff);
	btf_type(&w.b, MADE_STRUCT, "outside", 4);
	btf_member(&w.b, "far", w.ul, 0xfffff8, 0);
	btf_member(&w.b, "nothing", 0, 0, 0);
	btf_member(&w.b, "huge", huge, 0, 0);
	btf_type(&w.b, MADE_STRUCT, "self", 8);
	btf_member(&w.b, "a", w.b.nr, 0, 0);
	btf_member(&w.b, "b", w.b.nr, 0, 0);
	btf_type(&w.b, MADE_STRUCT, "large", LIMIT_OBJECT + 1);
	wide = btf_int(&w.b, "__int128", 16, 0);
	btf_type(&w.b, MADE_STRUCT, "wide", 16);
	btf_member(&w.b, "number", wide, 0, 0);
	open_world(&w);
	assert_ok(print(&w, "outside", OBJECT, &out));
	assert_non_null(
		strstr(out.data, "  far = <not in dump>,\n  nothing = <incomplete type>,\n"));
	assert_ok(print(&w, "self", OBJECT, &out));
	assert_non_null(strstr(out.data, "..."));
	assert_fails(print(&w, "large", OBJECT, &out), -EINVAL, "16777217 bytes are no object");
	strbuf_fini(&out);
	assert_ok(print(&w, "wide", OBJECT, &out));
	assert_non_null(strstr(out.data, "number = 0x00000000000000000000000000000000\n"));
	close_world(&w);
}

/* One member, as a nested part of a text. */
static void one_member(void **state)
{
	struct world w = begin();
	const struct types *ts;
	struct place p;
	STRBUF(out);

	(void)state;
	btf_type(&w.b, MADE_STRUCT, "inner", 8);
	btf_member(&w.b, "x", w.i, 0, 0);
	btf_member(&w.b, "bits", w.i, 35, 5);
	btf_type(&w.b, MADE_STRUCT, "outer", 16);
	btf_member(&w.b, "in", w.b.nr - 1, 64, 0);
	fake_put(w.f, OBJECT + 8, 4, 4);
	fake_put(w.f, OBJECT + 12, 0xff00 | 9 << 3, 4);
	open_world(&w);
	assert_ok(kernel_types(w.f->kernel, &ts));
	assert_ok(member_of(ts, "outer", "in", &p));
	assert_ok(put_value(&out, w.f->kernel, &p, OBJECT, 4));
	assert_string_equal(out.data, "{\n      x = 4,\n      bits = 9\n    }");
	strbuf_fini(&out);
	assert_ok(member_of(ts, "outer", "in.bits", &p));
	assert_ok(put_value(&out, w.f->kernel, &p, OBJECT, 0));
	assert_string_equal(out.data, "9");
	close_world(&w);
}

UNIT_TESTS(cmocka_unit_test(scalars), cmocka_unit_test(nested), cmocka_unit_test(arrays),
	   cmocka_unit_test(missing), cmocka_unit_test(wild), cmocka_unit_test(one_member))
