/* Definitions, as pahole prints them. */
#include "kernel/types/decl.h"

#include "tests/unit/made_btf.h"
#include "tests/unit/unit.h"

struct world {
	struct made_btf b;
	uint32_t i, u8, ul, boolean;
};

static struct world begin(void)
{
	struct world w = { 0 };

	btf_init(&w.b, NULL);
	w.i = btf_int(&w.b, "int", 4, MADE_SIGNED);
	w.u8 = btf_int(&w.b, "unsigned char", 1, 0);
	w.ul = btf_int(&w.b, "long unsigned int", 8, 0);
	w.boolean = btf_int(&w.b, "_Bool", 1, MADE_BOOL);
	return w;
}

/* The type made last, defined. */
static void expect(struct world *w, const char *text)
{
	struct types *ts = btf_types(&w->b, NULL);
	STRBUF(out);

	put_definition(&out, types_at(ts, types_count(ts) - 1));
	assert_string_equal(out.data, text);
	types_close(ts);
	btf_fini(&w->b);
}

static void holes(void **state)
{
	struct world w = begin();
	uint32_t array;

	(void)state;
	array = btf_array(&w.b, w.i, 13);
	btf_type(&w.b, MADE_STRUCT, "holes", 80);
	btf_member(&w.b, "first", w.u8, 0, 0);
	btf_member(&w.b, "second", w.ul, 64, 0);
	btf_member(&w.b, "array", array, 128, 0);
	btf_member(&w.b, "last", w.i, 72 * 8, 0);
	expect(&w,
	       "struct holes {\n"
	       "	unsigned char              first;                /*     0     1 */\n"
	       "\n"
	       "	/* XXX 7 bytes hole, try to pack */\n"
	       "\n"
	       "	long unsigned int          second;               /*     8     8 */\n"
	       "	int                        array[13];            /*    16    52 */\n"
	       "\n"
	       "	/* XXX 4 bytes hole, try to pack */\n"
	       "\n"
	       "	/* --- cacheline 1 boundary (64 bytes) was 8 bytes ago --- */\n"
	       "	int                        last __attribute__((__aligned__(8))); /*    72     4 */\n"
	       "\n"
	       "	/* size: 80, cachelines: 2, members: 4 */\n"
	       "	/* sum members: 65, holes: 2, sum holes: 11 */\n"
	       "	/* padding: 4 */\n"
	       "	/* forced alignments: 1, forced holes: 1, sum forced holes: 4 */\n"
	       "	/* last cacheline: 16 bytes */\n"
	       "};\n");
}

static void bit_fields(void **state)
{
	struct world w = begin();

	(void)state;
	btf_type(&w.b, MADE_STRUCT, "bits", 12);
	btf_member(&w.b, "a", w.i, 0, 3);
	btf_member(&w.b, "b", w.i, 3, 4);
	btf_member(&w.b, "c", w.boolean, 8, 1);
	btf_member(&w.b, "d", w.i, 32, 5);
	btf_member(&w.b, "e", w.i, 64, 0);
	expect(&w, "struct bits {\n"
		   "	int                        a:3;                  /*     0: 0  4 */\n"
		   "	int                        b:4;                  /*     0: 3  4 */\n"
		   "\n"
		   "	/* XXX 1 bit hole, try to pack */\n"
		   "\n"
		   "	/* Force alignment to the next boundary: */\n"
		   "	_Bool                      :0;\n"
		   "	/* Bitfield combined with next fields */\n"
		   "\n"
		   "	_Bool                      c:1;                  /*     1: 0  1 */\n"
		   "\n"
		   "	/* XXX 23 bits hole, try to pack */\n"
		   "\n"
		   "	/* Force alignment to the next boundary: */\n"
		   "	int                        :0;\n"
		   "\n"
		   "	int                        d:5;                  /*     4: 0  4 */\n"
		   "\n"
		   "	/* XXX 27 bits hole, try to pack */\n"
		   "\n"
		   "	int                        e;                    /*     8     4 */\n"
		   "\n"
		   "	/* size: 12, cachelines: 1, members: 5 */\n"
		   "	/* sum members: 4 */\n"
		   "	/* sum bitfield members: 13 bits, bit holes: 3, sum bit holes: 51 bits */\n"
		   "	/* last cacheline: 12 bytes */\n"
		   "};\n");
}

static void nested(void **state)
{
	struct world w = begin();
	uint32_t inner, either, named, pairs;

	(void)state;
	inner = btf_type(&w.b, MADE_STRUCT, "", 8);
	btf_member(&w.b, "x", w.u8, 0, 0);
	btf_member(&w.b, "y", w.i, 32, 0);
	either = btf_type(&w.b, MADE_UNION, "", 8);
	btf_member(&w.b, "", inner, 0, 0);
	btf_member(&w.b, "all", w.ul, 0, 0);
	named = btf_type(&w.b, MADE_STRUCT, "named", 8);
	btf_member(&w.b, "z", w.i, 0, 0);
	pairs = btf_array(&w.b, inner, 1);
	btf_type(&w.b, MADE_STRUCT, "outer", 24);
	btf_member(&w.b, "", either, 0, 0);
	btf_member(&w.b, "named", named, 64, 0);
	btf_member(&w.b, "pairs", pairs, 128, 0);
	expect(&w, "struct outer {\n"
		   "	union {\n"
		   "		struct {\n"
		   "			unsigned char x;                 /*     0     1 */\n"
		   "\n"
		   "			/* XXX 3 bytes hole, try to pack */\n"
		   "\n"
		   "			int        y;                    /*     4     4 */\n"
		   "		};                                       /*     0     8 */\n"
		   "		long unsigned int  all;                  /*     0     8 */\n"
		   "	};                                               /*     0     8 */\n"
		   "	struct named               named;                /*     8     8 */\n"
		   "\n"
		   "	/* XXX last struct has 4 bytes of padding */\n"
		   "\n"
		   "	struct {\n"
		   "		unsigned char      x;                    /*    16     1 */\n"
		   "\n"
		   "		/* XXX 3 bytes hole, try to pack */\n"
		   "\n"
		   "		int                y;                    /*    20     4 */\n"
		   "	} pairs[1];                                      /*    16     8 */\n"
		   "\n"
		   "	/* size: 24, cachelines: 1, members: 3 */\n"
		   "	/* paddings: 1, sum paddings: 4 */\n"
		   "	/* last cacheline: 24 bytes */\n"
		   "};\n");
}

static void union_members(void **state)
{
	struct world w = begin();

	(void)state;
	btf_type(&w.b, MADE_UNION, "both", 8);
	btf_member(&w.b, "i", w.i, 0, 0);
	btf_member(&w.b, "l", w.ul, 0, 0);
	expect(&w, "union both {\n"
		   "	int                        i;                  /*     0     4 */\n"
		   "	long unsigned int          l;                  /*     0     8 */\n"
		   "};\n");
}

static void enumeration(void **state)
{
	struct world w = begin();

	(void)state;
	btf_type(&w.b, MADE_ENUM, "sign", 4);
	btf_flag(&w.b);
	btf_value(&w.b, "MINUS", (uint64_t)-1);
	btf_value(&w.b, "OF", 2);
	expect(&w, "enum sign {\n	MINUS = -1,\n	OF    = 2,\n};\n");
}

/* Every way in which a name is wrapped. */
static void declarations(void **state)
{
	static const char text[] =
		"int name|int * name|const int  * name|int * const name|int name[3][5]|"
		"int (*name)[3]|int (*name)(void)|int * (*name)(int, int (*)(void), ...)|"
		"int (*name[2])(void)|struct pair * * name|struct {...} name|enum sign name|"
		"volatile int name|";
	struct world w = begin();
	uint32_t ids[13], ptr, proto, cint, n = 0;
	struct types *ts;
	STRBUF(out);

	(void)state;
	ptr = btf_type(&w.b, MADE_PTR, "", w.i);
	cint = btf_type(&w.b, MADE_CONST, "", w.i);
	ids[n++] = w.i;
	ids[n++] = ptr;
	ids[n++] = btf_type(&w.b, MADE_PTR, "", cint);
	ids[n++] = btf_type(&w.b, MADE_CONST, "", btf_type(&w.b, MADE_TYPE_TAG, "user", ptr));
	ids[n++] = btf_array(&w.b, btf_array(&w.b, w.i, 5), 3);
	ids[n++] = btf_type(&w.b, MADE_PTR, "", btf_array(&w.b, w.i, 3));
	proto = btf_type(&w.b, MADE_PTR, "", btf_type(&w.b, MADE_PROTO, "", w.i));
	ids[n++] = proto;
	btf_type(&w.b, MADE_PROTO, "", ptr);
	btf_param(&w.b, "", w.i);
	btf_param(&w.b, "", proto);
	btf_param(&w.b, "", 0);
	ids[n++] = btf_type(&w.b, MADE_PTR, "", w.b.nr);
	ids[n++] = btf_array(&w.b, proto, 2);
	ids[n] = btf_type(&w.b, MADE_PTR, "", btf_type(&w.b, MADE_FWD, "pair", 0));
	ids[n] = btf_type(&w.b, MADE_PTR, "", ids[n]);
	n++;
	ids[n++] = btf_type(&w.b, MADE_STRUCT, "", 4);
	ids[n++] = btf_type(&w.b, MADE_ENUM, "sign", 4);
	ids[n++] = btf_type(&w.b, MADE_VOLATILE, "", w.i);
	ts = btf_types(&w.b, NULL);
	for (uint32_t i = 0; i < n; i++) {
		put_declaration(&out, types_at(ts, ids[i] - 1), "name");
		put_str(&out, "|");
	}
	assert_string_equal(out.data, text);
	types_close(ts);
	btf_fini(&w.b);
}

static void other_kinds(void **state)
{
	static const char text[] =
		"typedef long unsigned int word;\n"
		"int work(word count);\n"
		"typedef struct {\n"
		"	int                        val;                  /*     0     4 */\n"
		"\n"
		"	/* size: 4, cachelines: 1, members: 1 */\n"
		"	/* last cacheline: 4 bytes */\n"
		"} wrap_t;\n";
	struct world w = begin();
	struct types *ts;
	STRBUF(out);

	(void)state;
	btf_type(&w.b, MADE_TYPEDEF, "word", w.ul);
	btf_type(&w.b, MADE_PROTO, "", w.i);
	btf_param(&w.b, "count", w.b.nr - 1);
	btf_type(&w.b, MADE_FUNC, "work", w.b.nr);
	btf_type(&w.b, MADE_STRUCT, "", 4);
	btf_member(&w.b, "val", w.i, 0, 0);
	btf_type(&w.b, MADE_TYPEDEF, "wrap_t", w.b.nr);
	ts = btf_types(&w.b, NULL);
	put_definition(&out, types_find(ts, TYPE_TYPEDEF, "word", NULL));
	put_definition(&out, types_find(ts, TYPE_FUNCTION, "work", NULL));
	put_definition(&out, types_find(ts, TYPE_TYPEDEF, "wrap_t", NULL));
	assert_string_equal(out.data, text);
	types_close(ts);
	btf_fini(&w.b);
}

/* Types that hold themselves end somewhere. */
static void endless(void **state)
{
	struct world w = begin();
	struct types *ts;
	STRBUF(out);

	(void)state;
	btf_type(&w.b, MADE_STRUCT, "", 8);
	btf_member(&w.b, "me", w.b.nr, 0, 0);
	btf_member(&w.b, "", w.b.nr, 0, 0);
	btf_type(&w.b, MADE_PROTO, "", w.b.nr + 2);
	btf_param(&w.b, "", w.b.nr + 1);
	btf_param(&w.b, "", w.b.nr + 1);
	btf_type(&w.b, MADE_PTR, "", w.b.nr);
	btf_type(&w.b, MADE_CONST, "", w.b.nr + 1);
	btf_array(&w.b, w.b.nr + 1, 2);
	ts = btf_types(&w.b, NULL);
	for (size_t i = 0; i < types_count(ts); i++)
		put_definition(&out, types_at(ts, i));
	assert_int_equal(out.error, 0);
	assert_true(out.len < 64 << 20);
	types_close(ts);
	btf_fini(&w.b);
}

UNIT_TESTS(cmocka_unit_test(holes), cmocka_unit_test(bit_fields), cmocka_unit_test(nested),
	   cmocka_unit_test(union_members), cmocka_unit_test(enumeration),
	   cmocka_unit_test(declarations), cmocka_unit_test(other_kinds), cmocka_unit_test(endless))
