#include "kernel/object/variable.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/debug/debuginfo.h"
#include "kernel/debug/indexes.h"
#include "kernel/fields.h"
#include "kernel/module/module.h"
#include "kernel/typeinfo.h"
#include "kernel/types/decl.h"

#define SLACK 64 /* bytes that may be between the end of a variable and the next symbol */

static const struct {
	const char *name, *type;
	uint8_t kind, pointers;
} well_known[] = {
#define VARIABLE(name, kind, type, pointers) { name, type, TYPE_##kind, pointers },
#include "kernel/object/variables.def"
#undef VARIABLE
};

/* Linux 7.2 has 'T' for exported data, too, so of the kernel's own symbols the section counts. */
static bool is_function(struct kernel *k, const struct symbol *s)
{
	const char *section;

	if (s->per_cpu || !strchr("tw", tolower((unsigned char)s->kind)))
		return false;
	section = symbol_section(k, s);
	return !section || strstr(section, "text");
}

static bool gives_up(int r)
{
	return r == -EINTR || r == -ENOMEM;
}

static void unknown(struct variable *v, const char *reason)
{
	snprintf(v->unknown, sizeof(v->unknown), "%s", reason);
}

/* The module that a symbol says it is of. */
static int find_module(struct kernel *k, const char *name, uint64_t *ret)
{
	char other[MODULE_NAME_MAX];
	struct list_walk w;
	int r = modules_begin(&w, k);

	while (r >= 0 && (r = list_next(&w, ret)) > 0)
		if (module_name(k, *ret, other, sizeof(other)) == 0 && !strcmp(name, other))
			return 0;
	return r < 0 ? r : fail(-ENOENT, "no module %s", name);
}

/* Per-CPU variables of modules lie apart. */
static bool is_per_cpu_of(struct kernel *k, uint64_t module, uint64_t addr)
{
	uint64_t start, size;

	return field_u64(k, module, F_module_percpu, &start) == 0 &&
	       field_u64(k, module, F_module_percpu_size, &size) == 0 && addr - start < size;
}

/* Is it there once for each CPU? @module: whose it is; 0: the kernel's. */
static bool is_per_cpu(struct kernel *k, const struct symbol *s, uint64_t module)
{
	return s->per_cpu || (module && is_per_cpu_of(k, module, s->addr));
}

bool symbol_is_per_cpu(struct kernel *k, const struct symbol *s)
{
	uint64_t module = 0;

	return (!s->module || find_module(k, s->module, &module) == 0) && is_per_cpu(k, s, module);
}

bool symbol_is_variable(struct kernel *k, const struct symbol *s)
{
	if (strchr("bdrv", tolower((unsigned char)s->kind)) || s->per_cpu)
		return true;
	if (strchr("tw", tolower((unsigned char)s->kind)))
		return !is_function(k, s);
	return s->module && tolower((unsigned char)s->kind) == 'a' && symbol_is_per_cpu(k, s);
}

static void take(struct variable *v, const struct declaration *d)
{
	v->type = d->assembly ? NULL : d->type;
	v->assembly = d->assembly;
	v->file = d->file;
	v->line = d->line;
}

/* What is defined elsewhere, in assembly or by the linker, is declared for those who use it: as a function
 * or a variable. "extern char _text[]" is where code begins. */
static bool find_declared(const struct variable *v, const struct index *ix, struct declaration *ret)
{
	return isupper((unsigned char)v->symbol.kind) &&
	       (index_find_declared(ix, v->symbol.name, v->is_function, ret) ||
		index_find_declared(ix, v->symbol.name, !v->is_function, ret));
}

static int ask_dwarf(struct kernel *k, struct variable *v)
{
	const struct symbol *s = &v->symbol;
	struct declaration d, other;
	const struct index *ix;
	const char *problem;
	uint64_t bias;
	int r = kernel_index(k, v->module, &ix, &bias);

	if (r < 0)
		return r;
	if (index_find(ix, s->addr >> 63 ? s->addr - bias : s->addr, s->name, &d)) {
		take(v, &d);
		if (d.assembly && find_declared(v, ix, &other))
			v->type = other.type;
	} else if (find_declared(v, ix, &d)) {
		take(v, &d);
	}
	if (v->type)
		return 0;
	problem = kernel_index_problem(k, v->module);
	if (problem)
		snprintf(v->unknown, sizeof(v->unknown),
			 "not in what can be read of the debug information (%s)", problem);
	else
		unknown(v,
			v->assembly ? "it is written in assembly" : "not in the debug information");
	return 0;
}

/* The only one of this kind and name; a second one makes both doubtful. */
static const struct type *only(const struct types *ts, enum type_kind kind, const char *name)
{
	const struct type *t = types_find(ts, kind, name, NULL);

	return t && !types_find(ts, kind, name, t) ? t->of : NULL;
}

/* BTF does not say which of several static functions it means; and "void f(void)" is also what pahole
 * makes of assembly. */
static void ask_btf_function(struct kernel *k, const struct types *ts, struct variable *v)
{
	const struct type *t = only(ts, TYPE_FUNCTION, v->symbol.name);
	bool doubtful = t && (!symbol_is_only(k, v->symbol.name) ||
			      (t->kind == TYPE_PROTO && !t->nr && t->of->kind == TYPE_VOID));

	v->type = doubtful ? NULL : t;
	if (doubtful && !v->unknown[0])
		unknown(v,
			"BTF does not tell, and there is no debug information (see /dump/debuginfo)");
}

static int ask_btf(struct kernel *k, struct variable *v)
{
	const struct types *ts;
	int r = v->module ? typeinfo_module(k, v->module, &ts) : kernel_types(k, &ts);

	if (r < 0)
		return gives_up(r) ? r : 0;
	if (v->is_function)
		ask_btf_function(k, ts, v);
	else if (v->per_cpu)
		v->type = only(ts, TYPE_VARIABLE, v->symbol.name);
	return 0;
}

/* Is the distance to the next symbol what a variable of this type would leave? */
static bool fits(struct kernel *k, const struct symbol *s, uint64_t size)
{
	const uint64_t page = kernel_page_size(k);
	uint64_t slack = s->size - size;

	return size && size <= s->size &&
	       (slack < SLACK || (slack < page && (s->addr + s->size) % page == 0));
}

static int ask_table(struct kernel *k, struct variable *v)
{
	const struct types *ts;
	int r = v->module ? -ENOENT : kernel_types(k, &ts);

	if (r < 0)
		return gives_up(r) ? r : 0;
	for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++) {
		const struct type *t = &type_void;

		if (strcmp(well_known[i].name, v->symbol.name) != 0)
			continue;
		if (well_known[i].kind != TYPE_VOID)
			t = types_find(ts, (enum type_kind)well_known[i].kind, well_known[i].type,
				       NULL);
		if (!t)
			continue;
		v->pointer = (struct type){
			.kind = TYPE_POINTER, .name = "", .size = sizeof(uint64_t), .of = t
		};
		t = well_known[i].pointers ? &v->pointer : t;
		if (!fits(k, &v->symbol, type_size(t)))
			continue;
		v->type = t;
		return 0;
	}
	return 0;
}

/* The module it is of, and whether it is there once a CPU. */
static int place(struct kernel *k, const struct symbol *s, struct variable *v)
{
	int r;

	*v = (struct variable){ .symbol = *s, .file = "" };
	r = s->module ? find_module(k, s->module, &v->module) : 0;
	v->per_cpu = is_per_cpu(k, s, v->module);
	v->is_function = is_function(k, s);
	return r;
}

int variable_describe(struct kernel *k, const struct symbol *s, struct variable *ret)
{
	static int (*const others[])(struct kernel * k, struct variable * v) = { ask_btf,
										 ask_table };
	int r = place(k, s, ret);

	if (r >= 0)
		r = ask_dwarf(k, ret);
	if (gives_up(r))
		return r;
	for (size_t i = 0; i < 2 && !ret->type && !ret->assembly; i++) {
		int e = others[i](k, ret);

		if (e < 0)
			return e;
	}
	if (r < 0 && !ret->unknown[0])
		unknown(ret, "no debug information (see /dump/debuginfo)");
	return 0;
}

/* The first "[0]" becomes "[]". */
static void put_flexible(struct strbuf *text)
{
	char *at = strstr(text->data, "[0]");

	if (!at)
		return;
	memmove(at + 1, at + 2, strlen(at + 2) + 1);
	text->len--;
}

/* As in C, without the columns of pahole: "char *name". */
void put_variable_declaration(struct strbuf *out, const struct variable *v)
{
	STRBUF(text);
	char last = 0;

	put_declaration(&text, v->type, v->symbol.name);
	/* "extern char _text[]" */
	if (type_strip(v->type)->kind == TYPE_ARRAY && !type_strip(v->type)->nr)
		put_flexible(&text);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == ' ' && (last == '*' || last == ' '))
			continue;
		put_bytes(out, &c, 1);
		last = c;
	}
	put_str(out, ";\n");
}
