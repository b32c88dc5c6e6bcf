/* Variables without debug information: BTF's, well-known ones, bytes. */
#include "kernel/object/variable.h"

#include <errno.h>

#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_btf.h"
#include "tests/unit/unit.h"

#define AT   (FAKE_BASE + 0x2000)
#define GONE (FAKE_BASE + 0x5000)

struct world {
	struct made_btf b;
	uint32_t i, ul, list;
	struct fake *f;
};

static struct world begin(void)
{
	struct world w = { .f = fake_new() };
	uint32_t ptr;

	btf_init(&w.b, NULL);
	w.i = btf_int(&w.b, "int", 4, MADE_SIGNED);
	w.ul = btf_int(&w.b, "long unsigned int", 8, 0);
	ptr = btf_type(&w.b, MADE_PTR, "", 4);
	w.list = btf_type(&w.b, MADE_STRUCT, "list_head", 16);
	assert_int_equal(w.list, 4);
	btf_member(&w.b, "next", ptr, 0, -1);
	btf_member(&w.b, "prev", ptr, 64, -1);
	w.f->missing[(GONE - FAKE_BASE) / 4096] = true;
	fake_put(w.f, AT, 0xffffffff, 4);
	fake_put(w.f, AT + 16, FAKE_BASE, 8);
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

/* What is shown of a symbol: its declaration or why there is none, then its value. */
static void expect(struct world *w, const struct symbol *s, const char *declaration,
		   const char *value)
{
	struct kernel *k = w->f->kernel;
	struct variable v;
	STRBUF(out);

	assert_ok(variable_describe(k, s, &v));
	if (v.type)
		put_variable_declaration(&out, &v);
	else
		put(&out, "unknown: %s\n", v.unknown);
	assert_string_equal(out.data, declaration);
	strbuf_fini(&out);
	if (!value)
		return;
	put_variable_value(&out, k, &v);
	assert_string_equal(out.data, value);
}

#define NONE "unknown: no debug information (see /dump/debuginfo)"

static void well_known(void **state)
{
	struct world w = begin();
	struct symbol s = { .name = "panic_timeout", .kind = 'D', .addr = AT, .size = 4 };

	(void)state;
	open_world(&w);
	expect(&w, &s, "int panic_timeout;\n", "panic_timeout = -1\n");
	s.size = 64 + 3; /* what aligns the next symbol may be between */
	expect(&w, &s, "int panic_timeout;\n", NULL);
	s.size = 64 + 4; /* no longer */
	expect(&w, &s, NONE "\n", NULL);
	s.size = 4096; /* but for a symbol that begins a page */
	expect(&w, &s, "int panic_timeout;\n", NULL);
	s.size = 3;
	expect(&w, &s, NONE "\n",
	       NONE "; its bytes:\nffffffff80002000  ff ff ff                                     "
		    "    |...|\n");
	s = (struct symbol){ .name = "modules", .kind = 'D', .addr = AT + 16, .size = 16 };
	expect(&w, &s, "struct list_head modules;\n",
	       "modules = {\n  next = 0xffffffff80000000,\n  prev = 0x0\n}\n");
	close_world(&w);
}

/* The kernel has no such type, or nobody knows the variable. */
static void unknown_ones(void **state)
{
	struct world w = begin();
	struct symbol s = { .name = "init_task", .kind = 'D', .addr = AT, .size = 16 };

	(void)state;
	open_world(&w);
	expect(&w, &s, NONE "\n", NULL);
	s.name = "nobody_knows";
	expect(&w, &s, NONE "\n",
	       NONE "; its bytes:\nffffffff80002000  ff ff ff ff 00 00 00 00 00 00 00 00 00 00 00 "
		    "00  |................|\n");
	s.size = 0;
	expect(&w, &s, NONE "\n", NONE "; its bytes:\n");
	close_world(&w);
}

static void not_in_dump(void **state)
{
	struct world w = begin();
	struct symbol s = { .name = "panic_timeout", .kind = 'D', .addr = GONE, .size = 4 };
	struct variable v;
	STRBUF(out);

	(void)state;
	open_world(&w);
	assert_ok(variable_describe(w.f->kernel, &s, &v));
	assert_true(put_variable_value(&out, w.f->kernel, &v) < 0);
	assert_string_equal(out.data, "panic_timeout = <not in dump>\n");
	strbuf_fini(&out);
	/* the first row is there, the others say once that they are not */
	s = (struct symbol){ .name = "bytes", .kind = 'D', .addr = GONE - 16, .size = 64 };
	expect(&w, &s, NONE "\n",
	       NONE "; its bytes:\nffffffff80004ff0  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
		    "00  |................|\nffffffff80005000  <not in dump>\n");
	close_world(&w);
}

/* BTF is not believed where it may mean another one. */
static void of_btf(void **state)
{
	static const char doubtful[] = "unknown: BTF does not tell, and there is no debug "
				       "information (see /dump/debuginfo)\n";
	struct world w = begin();
	struct symbol s = { .name = "one", .addr = 0x100, .size = 8, .kind = 'A', .per_cpu = true };
	uint32_t nothing, proto;

	(void)state;
	btf_type(&w.b, MADE_VAR, "one", w.ul);
	btf_word(&w.b, 1);
	for (int n = 0; n < 2; n++) {
		btf_type(&w.b, MADE_VAR, "two", n ? w.ul : w.i);
		btf_word(&w.b, 0);
	}
	nothing = btf_type(&w.b, MADE_PROTO, "", 0);
	btf_type(&w.b, MADE_FUNC, "assembly", nothing);
	proto = btf_type(&w.b, MADE_PROTO, "", w.i);
	btf_param(&w.b, "list", 3);
	btf_type(&w.b, MADE_FUNC, "function", proto);
	open_world(&w);
	expect(&w, &s, "long unsigned int one;\n", NULL);
	s.name = "two";
	expect(&w, &s, NONE "\n", NULL);
	/* there is no table of symbols that says that there is one function of this name */
	s = (struct symbol){ .name = "function", .addr = AT, .size = 8, .kind = 't' };
	expect(&w, &s, doubtful, NULL);
	s.name = "assembly";
	expect(&w, &s, doubtful, NULL);
	close_world(&w);
}

static void kinds(void **state)
{
	static const struct {
		char kind;
		bool per_cpu, is_variable;
	} cases[] = {
		{ 'D', false, true },  { 'd', false, true },  { 'B', false, true },
		{ 'R', false, true },  { 'V', false, true },  { 'T', false, false },
		{ 't', false, false }, { 'W', false, false }, { 'A', false, false },
		{ 'A', true, true },
	};
	struct world w = begin();

	(void)state;
	open_world(&w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct symbol s = {
			.name = "x", .addr = AT, .kind = cases[i].kind, .per_cpu = cases[i].per_cpu
		};

		assert_int_equal(symbol_is_variable(w.f->kernel, &s), cases[i].is_variable);
	}
	close_world(&w);
}

UNIT_TESTS(cmocka_unit_test(well_known), cmocka_unit_test(unknown_ones),
	   cmocka_unit_test(not_in_dump), cmocka_unit_test(of_btf), cmocka_unit_test(kinds))
