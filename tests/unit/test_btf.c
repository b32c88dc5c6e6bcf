/* The BTF reader: every kind, what is newer than it, what is damaged, modules on top. */
#include "kernel/types/btf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/strbuf.h"
#include "tests/image/write.h"
#include "tests/unit/made_btf.h"
#include "tests/unit/unit.h"

static const struct type *find(const struct types *ts, enum type_kind kind, const char *name)
{
	const struct type *t = types_find(ts, kind, name, NULL);

	assert_non_null(t);
	return t;
}

/* A type of every kind. Returns the id of its int. */
static uint32_t every_kind(struct made_btf *b)
{
	uint32_t i = btf_int(b, "int", 4, MADE_SIGNED), proto, v;

	btf_int(b, "_Bool", 1, MADE_BOOL);
	btf_type(b, MADE_FLOAT, "double", 8);
	btf_type(b, MADE_PTR, "", i);
	btf_array(b, i, 5);
	btf_type(b, MADE_STRUCT, "pair", 8);
	btf_member(b, "left", i, 0, -1);
	btf_member(b, "right", i, 32, -1);
	btf_type(b, MADE_UNION, "either", 4);
	btf_member(b, "low", i, 0, 3);
	btf_member(b, "rest", i, 3, 29);
	btf_type(b, MADE_ENUM, "sign", 4);
	btf_flag(b);
	btf_value(b, "MINUS", (uint64_t)-1);
	btf_value(b, "PLUS", 1);
	btf_type(b, MADE_ENUM64, "large", 8);
	btf_value(b, "LARGE", 0x123456789abcdefull);
	btf_type(b, MADE_FWD, "pair", 0);
	btf_type(b, MADE_FWD, "nowhere", 0);
	btf_flag(b);
	v = btf_type(b, MADE_TYPEDEF, "number", btf_type(b, MADE_TYPE_TAG, "rcu", i));
	v = btf_type(b, MADE_CONST, "", btf_type(b, MADE_VOLATILE, "", v));
	btf_type(b, MADE_TYPEDEF, "sealed", btf_type(b, MADE_RESTRICT, "", v));
	proto = btf_type(b, MADE_PROTO, "", i);
	btf_param(b, "argument", v);
	btf_type(b, MADE_FUNC, "work", proto);
	btf_type(b, MADE_VAR, "counter", i);
	btf_word(b, 1);
	btf_type(b, MADE_DATASEC, ".data..percpu", 4);
	btf_type(b, MADE_DECL_TAG, "tag", proto);
	btf_word(b, 0);
	return i;
}

static void check_every_kind(const struct types *ts)
{
	const struct type *t = find(ts, TYPE_STRUCT, "pair"), *i = find(ts, TYPE_INT, "int");
	uint64_t v;

	assert_true(i->is_signed && i->size == 4);
	assert_true(find(ts, TYPE_INT, "_Bool")->is_bool);
	assert_int_equal(type_size(find(ts, TYPE_FLOAT, "double")), 8);
	assert_int_equal(t->nr, 2);
	assert_string_equal(t->members[1].name, "right");
	assert_int_equal(t->members[1].bit_offset, 32);
	assert_ptr_equal(t->members[1].type, i);
	assert_int_equal(find(ts, TYPE_UNION, "either")->members[1].bit_offset, 3);
	assert_int_equal(find(ts, TYPE_UNION, "either")->members[1].bit_size, 29);
	assert_ok(types_enumerator(ts, "MINUS", &v));
	assert_true(v == UINT64_MAX);
	assert_ok(types_enumerator(ts, "LARGE", &v));
	assert_int_equal(v, 0x123456789abcdef);
	assert_fails(types_enumerator(ts, "HUGE", &v), -ENOENT, "no enumerator HUGE");
	assert_false(find(ts, TYPE_FORWARD, "pair")->is_union);
	assert_non_null(find(ts, TYPE_FORWARD, "nowhere"));
	assert_ptr_equal(type_strip(find(ts, TYPE_TYPEDEF, "sealed")), i);
	t = find(ts, TYPE_FUNCTION, "work")->of;
	assert_int_equal(t->kind, TYPE_PROTO);
	assert_string_equal(t->members[0].name, "argument");
	assert_ptr_equal(find(ts, TYPE_VARIABLE, "counter")->of, i);
	assert_null(types_find(ts, TYPE_STRUCT, "tag", NULL));
	assert_null(types_problem(ts));
}

static void kinds(void **state)
{
	struct made_btf b;
	struct types *ts;

	(void)state;
	btf_init(&b, NULL);
	every_kind(&b);
	ts = btf_types(&b, NULL);
	assert_int_equal(types_count(ts), b.nr);
	check_every_kind(ts);
	assert_int_equal(type_size(types_at(ts, 4)), 20);
	types_close(ts);
	btf_fini(&b);
}

/* Types of a module refer to those below it, and so do its names. */
static void split(void **state)
{
	struct made_btf base, b, above;
	struct types *ts, *module, *top;
	const struct type *t;
	uint32_t i, own;

	(void)state;
	btf_init(&base, NULL);
	i = every_kind(&base);
	ts = btf_types(&base, NULL);
	btf_init(&b, &base);
	own = btf_type(&b, MADE_STRUCT, "pair", 16);
	btf_member(&b, "here", i, 64, -1);
	module = btf_types(&b, ts);
	btf_init(&above, &b);
	btf_type(&above, MADE_TYPEDEF, "both", own);
	btf_type(&above, MADE_PTR, "", i);
	top = btf_types(&above, module);
	assert_int_equal(types_count(module), 1);
	t = find(module, TYPE_STRUCT, "pair");
	assert_string_equal(t->members[0].name, "here");
	assert_ptr_equal(t->members[0].type, find(ts, TYPE_INT, "int"));
	t = types_find(module, TYPE_STRUCT, "pair", t);
	assert_string_equal(t->members[0].name, "left");
	assert_null(types_find(module, TYPE_STRUCT, "pair", t));
	assert_ptr_equal(type_strip(find(top, TYPE_TYPEDEF, "both")),
			 find(module, TYPE_STRUCT, "pair"));
	assert_ptr_equal(types_at(top, 1)->of, find(ts, TYPE_INT, "int"));
	types_close(top);
	types_close(module);
	types_close(ts);
	btf_fini(&above);
	btf_fini(&b);
	btf_fini(&base);
}

/* A kind of which nobody knows what follows it ends the reading; one of which the file tells it,
 * does not. */
static void newer_kinds(void **state)
{
	(void)state;
	for (int told = 0; told < 2; told++) {
		struct made_btf b;
		struct types *ts;

		btf_init(&b, NULL);
		btf_int(&b, "before", 4, 0);
		btf_type(&b, 77, "novelty", 0);
		for (int i = 0; i < 3; i++)
			btf_word(&b, 0xffffffff);
		b.types.data[b.last + 4] = 2; /* elements, of four bytes behind four */
		btf_int(&b, "after", 4, 0);
		b.wide = told;
		for (uint32_t kind = 0; told && kind <= 77; kind++)
			blob_add(&b.layout, kind == 77 ? "\4\4\0" : "\0\0\0", 4);
		ts = btf_types(&b, NULL);
		assert_non_null(types_find(ts, TYPE_INT, "before", NULL));
		assert_int_equal(types_find(ts, TYPE_INT, "after", NULL) != NULL, told);
		if (told)
			assert_null(types_problem(ts));
		else
			assert_non_null(strstr(types_problem(ts), "kind 77 at offset 16"));
		types_close(ts);
		btf_fini(&b);
	}
}

/* Since v7.1 more than 65535 members may be. */
static void many_members(void **state)
{
	struct made_btf b;
	struct types *ts;
	uint32_t i;

	(void)state;
	btf_init(&b, NULL);
	i = btf_int(&b, "int", 4, 0);
	btf_type(&b, MADE_STRUCT, "wide", 4 * 70000);
	for (uint32_t n = 0; n < 70000; n++)
		btf_member(&b, n == 69999 ? "last" : "", i, n * 32, -1);
	ts = btf_types(&b, NULL);
	assert_int_equal(find(ts, TYPE_STRUCT, "wide")->nr, 70000);
	assert_string_equal(find(ts, TYPE_STRUCT, "wide")->members[69999].name, "last");
	types_close(ts);
	btf_fini(&b);
}

/* Before pahole 1.13: bit fields by the width of their integer. */
static void narrow_ints(void **state)
{
	struct made_btf b;
	struct types *ts;
	uint32_t i;

	(void)state;
	btf_init(&b, NULL);
	i = btf_int(&b, "unsigned int", 4, 3);
	btf_type(&b, MADE_STRUCT, "old", 4);
	btf_member(&b, "field", i, 5, -1);
	ts = btf_types(&b, NULL);
	assert_int_equal(find(ts, TYPE_STRUCT, "old")->members[0].bit_size, 3);
	types_close(ts);
	btf_fini(&b);
}

/* Ids and offsets that lead nowhere, and rings. */
static void wild(void **state)
{
	struct made_btf b;
	struct types *ts;
	uint32_t array;

	(void)state;
	btf_init(&b, NULL);
	btf_type(&b, MADE_TYPEDEF, "out", 1000);
	btf_type(&b, MADE_TYPEDEF, "ring", 3);
	btf_type(&b, MADE_CONST, "", 2);
	array = btf_array(&b, 0xffffffff, 3);
	btf_array(&b, array + 1, 2);
	btf_type(&b, MADE_STRUCT, "bad\nname", 4);
	btf_member(&b, "a/b", 0x80000000, 0, -1);
	put_uint(b.types.data + b.last + 12, 0xfffffff0, 4);
	btf_array(&b,
		  btf_array(&b, btf_array(&b, btf_int(&b, "big", 0xffffffff, 0), 0xffffffff),
			    0xffffffff),
		  0xffffffff);
	ts = btf_types(&b, NULL);
	assert_ptr_equal(type_strip(find(ts, TYPE_TYPEDEF, "out")), &type_void);
	assert_ptr_equal(type_strip(find(ts, TYPE_TYPEDEF, "ring")), &type_void);
	assert_int_equal(type_size(types_at(ts, 3)), 0);
	assert_true(type_size(types_at(ts, 4)) == UINT64_MAX); /* an array of itself */
	assert_true(type_size(types_at(ts, types_count(ts) - 1)) == UINT64_MAX);
	assert_string_equal(find(ts, TYPE_STRUCT, "bad?name")->members[0].name, "");
	types_close(ts);
	btf_fini(&b);
}

/* Every byte of the header changed, and the file cut everywhere: refused in a line, or served. */
static void damaged(void **state)
{
	struct made_btf b;
	struct blob file;
	struct types *ts;

	(void)state;
	btf_init(&b, NULL);
	every_kind(&b);
	file = btf_bytes(&b);
	for (size_t len = 0; len < file.len; len++) {
		unsigned char *exact = must_alloc(len);

		memcpy(exact, file.data, len);
		assert_true(btf_load(exact, len, NULL, &ts) == -EBADMSG);
		free(exact);
	}
	for (size_t i = 0; i < file.len; i++) {
		unsigned char was = file.data[i];

		for (unsigned int bit = 0; bit < 8; bit++) {
			file.data[i] = (unsigned char)(was ^ 1u << bit);
			if (btf_load(file.data, file.len, NULL, &ts) == 0)
				types_close(ts);
		}
		file.data[i] = was;
	}
	file.data[0] = 0;
	assert_fails(btf_load(file.data, file.len, NULL, &ts), -EBADMSG, "no BTF: magic 0xeb00");
	assert_fails(btf_load("\x9f\xeb\2\0\x18\0\0", 8, NULL, &ts), -EBADMSG, "BTF version 2");
	assert_fails(btf_load("\x9f\xeb\1\0\x10\0\0", 8, NULL, &ts), -EBADMSG, "header of 16");
	blob_fini(&file);
	btf_fini(&b);
}

/* What goes on from a graph that is not whole would get every id wrong. */
static void split_on_damage(void **state)
{
	struct made_btf base, b;
	struct types *ts, *module;
	struct blob file;

	(void)state;
	btf_init(&base, NULL);
	btf_int(&base, "int", 4, 0);
	btf_type(&base, 100, "", 0);
	ts = btf_types(&base, NULL);
	btf_init(&b, &base);
	btf_type(&b, MADE_PTR, "", 1);
	file = btf_bytes(&b);
	assert_fails(btf_load(file.data, file.len, ts, &module), -EBADMSG, "kind 100");
	blob_fini(&file);
	types_close(ts);
	btf_fini(&b);
	btf_fini(&base);
}

/* To the last type, which is a section. */
static void section_slot(struct made_btf *b, uint32_t id, uint32_t offset)
{
	((unsigned char *)b->types.data)[b->last + 4]++;
	btf_word(b, id);
	btf_word(b, offset);
	btf_word(b, 8);
}

static int tell(void *arg, const char *name, size_t len, uint32_t offset)
{
	struct strbuf *out = arg;

	put_bytes(out, name, len);
	put(out, "@%u ", offset);
	return out->len > 40 ? -EINTR : 0;
}

/* Of the variables of one section, whatever else there is: in the order of their types. */
static void sections(void **state)
{
	uint32_t i, v[3], size = 0;
	struct made_btf b;
	struct blob file;
	STRBUF(out);

	(void)state;
	btf_init(&b, NULL);
	i = every_kind(&b);
	for (size_t n = 0; n < 3; n++) {
		v[n] = btf_type(&b, MADE_VAR, n == 0 ? "first" : n == 1 ? "second" : "third", i);
		btf_word(&b, 1);
	}
	btf_type(&b, MADE_DATASEC, ".data", 8);
	section_slot(&b, v[0], 4);
	btf_type(&b, MADE_DATASEC, ".bss", 64);
	section_slot(&b, v[2], 16);
	section_slot(&b, v[1], 32);
	section_slot(&b, i, 40);      /* no variable */
	section_slot(&b, 100000, 48); /* nothing at all */
	file = btf_bytes(&b);
	assert_ok(btf_section(file.data, file.len, ".bss", tell, &out, &size));
	assert_int_equal(size, 64);
	assert_string_equal(out.data, "second@32 third@16 ");
	assert_ok(btf_section(file.data, file.len, ".data", tell, &out, &size));
	assert_string_equal(out.data, "second@32 third@16 first@4 ");
	assert_fails(btf_section(file.data, file.len, ".dat", tell, &out, &size), -ENOENT,
		     "no section .dat");
	assert_fails(btf_section(file.data, 20, ".bss", tell, &out, &size), -EBADMSG, "BTF");
	out.len = 40;
	assert_int_equal(btf_section(file.data, file.len, ".bss", tell, &out, &size), -EINTR);
	/* The last section's types are cut off: none of them is told of, and nothing else happens. */
	for (size_t cut = 0; cut < file.len; cut += 5)
		btf_section(file.data, cut, ".bss", tell, &out, &size);
	blob_fini(&file);
	btf_fini(&b);
}

/* A header between other bytes, and what only looks like one. */
static void is_found(void **state)
{
	enum { ROOM = 300000 };
	unsigned char *room = calloc(1, ROOM), *p;
	size_t at = 0, size = 0;
	struct made_btf b;
	struct blob file;
	char name[32];

	(void)state;
	assert_non_null(room);
	btf_init(&b, NULL);
	btf_type(&b, MADE_ENUM, "many", 4);
	for (unsigned int n = 0; n < 5000; n++) {
		snprintf(name, sizeof(name), "VALUE_%u", n);
		btf_value(&b, name, n);
	}
	file = btf_bytes(&b);
	assert_in_range(file.len, 65536, ROOM / 2);
	memcpy(room + 1000, file.data, 24);
	p = room + 12344;
	memcpy(p, file.data, file.len);
	assert_true(btf_find(room, ROOM, &at, &size));
	assert_int_equal(at, 12344);
	assert_int_equal(size, file.len);
	assert_false(btf_find(room, 12344 + file.len - 1, &at, &size));
	assert_false(btf_find(room, 0, &at, &size));
	for (int i = 0; i < 5; i++) {
		/* Flags; a header that is too short; types that are not behind it; a string that does not end, or
		 * does not begin with nothing. */
		static const struct {
			int at; /* negative: from the end */
			unsigned char byte;
		} spoiled[] = { { 3, 1 }, { 4, 8 }, { 8, 4 }, { -1, 'x' }, { 0, 0 } };
		unsigned char *byte = spoiled[i].at < 0 ? p + file.len - 1 : p + spoiled[i].at,
			      was = *byte;

		*byte = spoiled[i].byte;
		assert_false(btf_find(room, ROOM, &at, &size));
		*byte = was;
	}
	assert_true(btf_find(room, ROOM, &at, &size));
	blob_fini(&file);
	btf_fini(&b);
	free(room);
}

UNIT_TESTS(cmocka_unit_test(sections), cmocka_unit_test(is_found), cmocka_unit_test(kinds),
	   cmocka_unit_test(split), cmocka_unit_test(newer_kinds), cmocka_unit_test(many_members),
	   cmocka_unit_test(narrow_ints), cmocka_unit_test(wild), cmocka_unit_test(damaged),
	   cmocka_unit_test(split_on_damage))
