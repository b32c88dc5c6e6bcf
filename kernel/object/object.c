#include "kernel/object/object.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/debug/debuginfo.h"
#include "kernel/debug/indexes.h"
#include "kernel/object/expression.h"
#include "kernel/module/module.h"
#include "kernel/mem/space.h"
#include "kernel/typeinfo.h"
#include "kernel/types/print.h"

/* Bytes that are meant as text: u8 is not. */
static bool is_text(const struct type *t)
{
	t = type_strip(t);
	return is_char(t) && !strcmp(t->name, "char");
}

enum object_kind object_kind(const struct object *o)
{
	const struct type *t = type_strip(o->type);

	if (o->stars)
		return OBJECT_POINTER;
	if (type_is_aggregate(t))
		return OBJECT_AGGREGATE;
	if (t->kind == TYPE_ARRAY)
		return is_text(t->of) && t->nr ? OBJECT_STRING : OBJECT_ARRAY;
	return t->kind == TYPE_POINTER ? OBJECT_POINTER : OBJECT_SCALAR;
}

bool object_is_char(const struct object *o)
{
	return !o->stars && is_text(o->type);
}

uint64_t object_size(const struct object *o)
{
	return o->stars ? 8 : type_size(o->type);
}

/* C's names of basic types to those that compilers give them. */
static const char *basic_name(const char *name)
{
	static const struct {
		const char *c, *compiler;
	} names[] = {
		{ "bool", "_Bool" },
		{ "unsigned", "unsigned int" },
		{ "short", "short int" },
		{ "unsigned short", "short unsigned int" },
		{ "long", "long int" },
		{ "unsigned long", "long unsigned int" },
		{ "long long", "long long int" },
		{ "unsigned long long", "long long unsigned int" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i].c))
			return names[i].compiler;
	return name;
}

static const struct type *in_graph(const struct types *ts, const char *name)
{
	static const uint8_t kinds[] = { TYPE_STRUCT, TYPE_UNION, TYPE_TYPEDEF,
					 TYPE_ENUM,   TYPE_INT,	  TYPE_FLOAT };
	const struct type *t = NULL;

	for (size_t i = 0; !t && i < sizeof(kinds); i++)
		t = types_find(ts, kinds[i], kinds[i] == TYPE_INT ? basic_name(name) : name, NULL);
	return t;
}

/* Modules without BTF have their types in their debug files, if anywhere. */
static int in_debug_files(struct kernel *k, const char *name, const struct type **ret)
{
	const struct index *ix;
	struct list_walk w;
	uint64_t module, bias;
	int r = debuginfo_wanted(k) ? modules_begin(&w, k) : -ENOENT;

	while (r >= 0 && (r = list_next(&w, &module)) > 0) {
		r = kernel_index(k, module, &ix, &bias);
		if (r == -EINTR || r == -ENOMEM)
			return r;
		*ret = r < 0 ? NULL : in_graph(index_types(ix), name);
		if (*ret)
			return 0;
		r = 0;
	}
	return r == -EINTR || r == -ENOMEM ? r : fail(-ENOENT, "no type %s", name);
}

int object_type(struct kernel *k, const char *name, size_t len, const struct type **ret)
{
	char copy[LIMIT_NAME + 1];
	const struct types *ts;
	uint64_t module;
	int r;

	if (!len || len > LIMIT_NAME)
		return fail(-ENOENT, "no such type");
	memcpy(copy, name, len);
	copy[len] = 0;
	for (size_t n = 0; (r = typeinfo_graph(k, n, &ts, &module)) >= 0; n++) {
		*ret = in_graph(ts, copy);
		if (*ret)
			return 0;
	}
	return r == -EINTR || r == -ENOMEM ? r : in_debug_files(k, copy, ret);
}

/* It is there for a reader when its place is, in the dump or not. */
static int check_mapped(struct kernel *k, uint64_t addr)
{
	const struct space *s;
	uint64_t paddr, left;
	int r = kernel_space(k, &s);

	if (r >= 0)
		r = space_translate(s, kernel_dump(k), addr, &paddr, &left);
	return r == -EFAULT ? fail(-ENOENT, "%#lx is not mapped", addr) : r;
}

int object_parse(struct kernel *k, const char *text, struct object *ret)
{
	const char *at = strchr(text, '@');
	struct object o = { 0 };
	struct expression e;
	size_t len = at ? (size_t)(at - text) : 0;
	int r;

	for (; len && text[len - 1] == '*' && o.stars < UINT8_MAX; len--)
		o.stars++;
	while (len && text[len - 1] == ' ')
		len--;
	if (!len)
		return fail(-ENOENT, "%s: not TYPE@ADDRESS", text);
	if (o.stars && len == 4 && !memcmp(text, "void", 4))
		o.type = &type_void;
	r = o.type ? 0 : object_type(k, text, len, &o.type);
	if (r >= 0)
		r = expression_parse(k, at + 1, &e);
	if (r >= 0 && e.physical)
		r = fail(-ENOENT, "objects have virtual addresses");
	if (r >= 0)
		r = check_mapped(k, e.addr);
	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (r < 0)
		return within(-ENOENT, "%s", text);
	o.addr = e.addr;
	*ret = o;
	return 0;
}

static struct object at_place(const struct object *o, const struct place *p)
{
	uint64_t bits = o->bit_offset + p->bit_offset;

	return (struct object){ .type = p->type,
				.addr = o->addr + bits / 8,
				.bit_offset = (uint8_t)(bits % 8),
				.bit_size = p->bit_size };
}

int object_member(const struct object *o, const char *name, struct object *ret)
{
	struct place place;
	int r;

	if (object_kind(o) != OBJECT_AGGREGATE || strpbrk(name, ".[]") || !*name)
		return fail(-ENOENT, "no member %s", name);
	r = member_find(o->type, name, &place);
	if (r < 0)
		return r;
	*ret = at_place(o, &place);
	return 0;
}

struct members {
	const struct object *of;
	object_fn *fn;
	void *arg;
	unsigned int steps, depth;
};

static int each_member(struct members *m, const struct type *t, uint64_t bit_offset)
{
	int r = 0;

	if (m->depth == LIMIT_TYPE_DEPTH)
		return fail(-ELOOP, "structures within structures");
	m->depth++;
	for (uint32_t i = 0; r == 0 && i < t->nr; i++) {
		const struct member *in = &t->members[i];
		struct place p = { in->type, bit_offset + in->bit_offset, in->bit_size };
		const struct type *stripped = type_strip(in->type);
		struct object member = at_place(m->of, &p);

		if (++m->steps > LIMIT_MEMBER_STEPS)
			r = fail(-ELOOP, "more than %u members", LIMIT_MEMBER_STEPS);
		else if (*in->name)
			r = m->fn(m->arg, in->name, &member);
		else if (type_is_aggregate(stripped))
			r = each_member(m, stripped, p.bit_offset);
	}
	m->depth--;
	return r;
}

int object_members(const struct object *o, object_fn *fn, void *arg)
{
	struct members m = { .of = o, .fn = fn, .arg = arg };

	if (object_kind(o) != OBJECT_AGGREGATE)
		return 0;
	return each_member(&m, type_strip(o->type), 0);
}

uint64_t object_elements(const struct object *o)
{
	enum object_kind kind = object_kind(o);

	return kind == OBJECT_ARRAY || kind == OBJECT_STRING ? type_strip(o->type)->nr : 0;
}

int object_element(const struct object *o, uint64_t i, struct object *ret)
{
	enum object_kind kind = object_kind(o);
	const struct type *t = type_strip(o->type);
	uint64_t size, offset;

	if (kind != OBJECT_ARRAY && kind != OBJECT_STRING)
		return fail(-ENOENT, "no array");
	size = type_size(t->of);
	if (i > UINT32_MAX || __builtin_mul_overflow(i, size, &offset) || offset > INT64_MAX ||
	    o->addr + offset < o->addr)
		return fail(-ENOENT, "no element %lu", i);
	*ret = (struct object){ .type = t->of, .addr = o->addr + offset };
	return 0;
}

struct path_search {
	uint64_t addr;
	const char *name; /* NULL: not found yet */
	struct object member;
};

static int compare_member(void *arg, const char *name, const struct object *member)
{
	struct path_search *s = arg;
	uint64_t size = member->bit_size ? 1 : object_size(member);

	if (s->addr - member->addr >= size)
		return 0;
	s->name = name;
	s->member = *member;
	return 1;
}

void put_object_path(struct strbuf *out, const struct object *o, uint64_t addr)
{
	struct path_search s = { .addr = addr, .member = *o };
	uint64_t size, i;

	for (int depth = 0; depth < LIMIT_TYPE_DEPTH; depth++) {
		const struct object of = s.member;

		s.name = NULL;
		if (object_kind(&of) == OBJECT_AGGREGATE) {
			if (object_members(&of, compare_member, &s) <= 0)
				return;
			put(out, ".%s", s.name);
			continue;
		}
		if (object_kind(&of) != OBJECT_ARRAY && object_kind(&of) != OBJECT_STRING)
			return;
		size = type_size(type_strip(of.type)->of);
		i = size ? (addr - of.addr) / size : 0;
		if (object_element(&of, i, &s.member) < 0)
			return;
		put(out, "[%lu]", i);
	}
}

int object_value(struct kernel *k, const struct object *o, uint64_t *ret)
{
	struct place p = { o->type, o->bit_offset, o->bit_size };
	unsigned char bytes[SCALAR_BYTES_MAX];
	size_t len;
	int r;

	if (o->stars)
		return kernel_read_uint(k, o->addr, 8, ret);
	r = scalar_bytes(&p, &len);
	if (r >= 0)
		r = kernel_read(k, o->addr, bytes, len);
	if (r >= 0)
		*ret = scalar_value(&p, bytes);
	return r;
}

/* What a pointer points to, as declared. */
static const struct type *pointed(const struct object *o)
{
	const struct type *t = type_strip(o->type);

	return t->kind == TYPE_POINTER && t->of ? t->of : &type_void;
}

int object_target(const struct object *o, uint64_t v, struct object *ret)
{
	struct object to = { .addr = v };
	const struct type *t;

	if (o->stars) {
		to.type = o->type;
		to.stars = o->stars - 1;
	} else {
		to.type = pointed(o);
	}
	/* Pointers to pointers have no name of their own in C. */
	for (unsigned int i = 0; !*to.type->name && i < LIMIT_TYPE_CHAIN; i++) {
		t = type_strip(to.type);
		if (t->kind != TYPE_POINTER)
			break;
		to.stars++;
		to.type = t->of ? t->of : &type_void;
	}
	if (!to.stars && type_strip(to.type)->kind == TYPE_VOID)
		return fail(-ENOENT, "a pointer to anything");
	*ret = to;
	return 0;
}

bool object_points_to_code(const struct object *o)
{
	return !o->stars && type_strip(pointed(o))->kind == TYPE_PROTO;
}

/* Without qualifiers, which stand before the name of a type. */
static const struct type *named(const struct type *t)
{
	for (int i = 0; i < LIMIT_TYPE_CHAIN; i++) {
		if (t->kind != TYPE_CONST && t->kind != TYPE_VOLATILE && t->kind != TYPE_RESTRICT &&
		    t->kind != TYPE_TAG)
			break;
		t = t->of ? t->of : &type_void;
	}
	return t;
}

int put_object_name(struct strbuf *out, const struct object *o)
{
	const struct type *t = named(o->type);

	if (!*t->name || strpbrk(t->name, "/@"))
		return fail(-ENOENT, "its type has no name");
	put(out, "%s%s%.*s@%lx", t->name, o->stars ? " " : "", o->stars > 8 ? 8 : o->stars,
	    "********", o->addr);
	return 0;
}
