/* Member paths, and the numbers behind them. */
#include "kernel/types/member.h"

#include <errno.h>

#include "kernel/types/scalar.h"
#include "tests/unit/made_btf.h"
#include "tests/unit/unit.h"

/* struct inner { int x; int y; };
 * typedef struct { int val; } kid_t;
 * struct outer {
 *	int a;                                 0
 *	union { int b; struct { int c; int d; }; };   4
 *	struct inner rows[3];                 12
 *	const kid_t kid;                      36
 *	int low : 3, high : 29;               40
 *	long long wide : 60;                  44 (packed), at bit 4
 *	struct inner tail[1];                 52
 *	struct inner flex[];                  60
 * }; */
static uint32_t outer(struct made_btf *b)
{
	uint32_t i = btf_int(b, "int", 4, MADE_SIGNED), ll = btf_int(b, "long long", 8, 0);
	uint32_t inner, pair, either, kid;

	inner = btf_type(b, MADE_STRUCT, "inner", 8);
	btf_member(b, "x", i, 0, -1);
	btf_member(b, "y", i, 32, -1);
	pair = btf_type(b, MADE_STRUCT, "", 8);
	btf_member(b, "c", i, 0, -1);
	btf_member(b, "d", i, 32, -1);
	either = btf_type(b, MADE_UNION, "", 8);
	btf_member(b, "b", i, 0, -1);
	btf_member(b, "", pair, 0, -1);
	kid = btf_type(b, MADE_STRUCT, "", 4);
	btf_member(b, "val", i, 0, -1);
	kid = btf_type(b, MADE_CONST, "", btf_type(b, MADE_TYPEDEF, "kid_t", kid));
	btf_array(b, inner, 3);
	btf_array(b, inner, 1);
	btf_array(b, inner, 0);
	btf_type(b, MADE_STRUCT, "outer", 60);
	btf_member(b, "a", i, 0, 0);
	btf_member(b, "", either, 32, 0);
	btf_member(b, "rows", b->nr - 3, 96, 0);
	btf_member(b, "kid", kid, 36 * 8, 0);
	btf_member(b, "low", i, 40 * 8, 3);
	btf_member(b, "high", i, 40 * 8 + 3, 29);
	btf_member(b, "wide", ll, 44 * 8 + 4, 60);
	btf_member(b, "tail", b->nr - 2, 52 * 8, 0);
	btf_member(b, "flex", b->nr - 1, 60 * 8, 0);
	return b->nr;
}

static void paths(void **state)
{
	static const struct {
		const char *path;
		uint64_t bit_offset;
		unsigned int bit_size;
	} good[] = {
		{ "a", 0, 0 },
		{ "b", 32, 0 },
		{ "c", 32, 0 },
		{ "d", 64, 0 },
		{ "rows", 96, 0 },
		{ "rows[2].y", 256, 0 },
		{ "kid.val", 36 * 8, 0 },
		{ "low", 320, 3 },
		{ "high", 323, 29 },
		{ "wide", 356, 60 },
		{ "tail[7].x", 864, 0 },
		{ "flex[1000].y", 64512, 0 },
	};
	static const struct {
		const char *path;
		int code;
		const char *text;
	} bad[] = {
		{ "e", -ENOENT, "struct outer has no e" },
		{ "rows[3]", -ENOENT, "[3] of an array of 3" },
		{ "rows.x", -ENOENT, "type (anonymous) has no x" },
		{ "a[0]", -ENOENT, "no array" },
		{ "a.b", -ENOENT, "type int has no b" },
		{ ".a", -EINVAL, "name is expected at \".a\"" },
		{ "rows[", -EINVAL, "an index is expected" },
		{ "rows[]", -EINVAL, "an index is expected" },
		{ "rows[1", -EINVAL, "an index is expected" },
		{ "rows[-1]", -EINVAL, "an index is expected" },
		{ "flex[4294967296]", -EINVAL, "an index is expected" },
		{ "rows[0]x", -EINVAL, "'.' or '['" },
		{ "a.", -EINVAL, "name is expected" },
		{ "a b", -EINVAL, "'.' or '['" },
	};
	struct made_btf b;
	struct types *ts;
	struct place p;

	(void)state;
	btf_init(&b, NULL);
	outer(&b);
	ts = btf_types(&b, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_ok(member_of(ts, "outer", good[i].path, &p));
		assert_int_equal(p.bit_offset, good[i].bit_offset);
		assert_int_equal(p.bit_size, good[i].bit_size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_fails(member_of(ts, "outer", bad[i].path, &p), bad[i].code, bad[i].text);
	assert_fails(member_of(ts, "missing", "a", &p), -ENOENT, "no type missing");
	assert_ok(member_of(ts, "kid_t", "val", &p));
	assert_ok(member_of(ts, "outer", "", &p));
	assert_int_equal(type_size(p.type), 60);
	types_close(ts);
	btf_fini(&b);
}

/* Two structures of one name: the one that has the member. */
static void same_name(void **state)
{
	struct made_btf b;
	struct types *ts;
	struct place p;
	uint32_t i;

	(void)state;
	btf_init(&b, NULL);
	i = btf_int(&b, "int", 4, 0);
	btf_type(&b, MADE_STRUCT, "twin", 4);
	btf_member(&b, "first", i, 0, -1);
	btf_type(&b, MADE_STRUCT, "twin", 8);
	btf_member(&b, "second", i, 32, -1);
	btf_type(&b, MADE_UNION, "twin", 4);
	btf_member(&b, "third", i, 0, -1);
	ts = btf_types(&b, NULL);
	assert_ok(member_of(ts, "twin", "first", &p));
	assert_int_equal(p.bit_offset, 0);
	assert_ok(member_of(ts, "twin", "second", &p));
	assert_int_equal(p.bit_offset, 32);
	assert_ok(member_of(ts, "twin", "third", &p));
	assert_fails(member_of(ts, "twin", "fourth", &p), -ENOENT, "twin has no fourth");
	types_close(ts);
	btf_fini(&b);
}

/* A structure that holds itself, twice, without a name: as many ways as there are depths. */
static void endless(void **state)
{
	struct made_btf b;
	struct types *ts;
	struct place p;

	(void)state;
	btf_init(&b, NULL);
	btf_type(&b, MADE_STRUCT, "self", 8);
	btf_member(&b, "", 1, 0, -1);
	btf_member(&b, "", 1, 0, -1);
	btf_member(&b, "me", 1, 0, -1);
	ts = btf_types(&b, NULL);
	assert_fails(member_of(ts, "self", "other", &p), -ENOENT, "self has no other");
	assert_ok(member_of(ts, "self", "me.me.me", &p));
	types_close(ts);
	btf_fini(&b);
}

static uint64_t value(const struct types *ts, const char *path, const unsigned char *bytes)
{
	struct place p;
	size_t len;

	assert_ok(member_of(ts, "outer", path, &p));
	assert_ok(scalar_bytes(&p, &len));
	assert_true(len <= SCALAR_BYTES_MAX);
	return scalar_value(&p, bytes + place_offset(&p));
}

static void numbers(void **state)
{
	unsigned char bytes[60];
	struct made_btf b;
	struct types *ts;
	struct place p;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(0x81 + i);
	btf_init(&b, NULL);
	outer(&b);
	ts = btf_types(&b, NULL);
	assert_true(value(ts, "a", bytes) == 0xffffffff84838281);
	assert_true(value(ts, "kid", bytes) == 0xffffffffa8a7a6a5);
	assert_true(value(ts, "low", bytes) == 1);
	assert_true(value(ts, "high", bytes) == 0xfffffffff5957555);
	assert_true(value(ts, "wide", bytes) == 0xb4b3b2b1b0afaea);
	assert_ok(member_of(ts, "outer", "rows", &p));
	assert_fails(scalar_bytes(&p, &len), -EINVAL, "no number");
	assert_ok(member_of(ts, "outer", "rows[0]", &p));
	assert_fails(scalar_bytes(&p, &len), -EINVAL, "no number");
	types_close(ts);
	btf_fini(&b);
}

UNIT_TESTS(cmocka_unit_test(paths), cmocka_unit_test(same_name), cmocka_unit_test(endless),
	   cmocka_unit_test(numbers))
