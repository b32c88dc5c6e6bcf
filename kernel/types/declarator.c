#include "kernel/types/declarator.h"

#include <stdio.h>

#include "dump/base/limits.h"
#include "kernel/types/decl.h"

static void put_params(struct strbuf *out, const struct type *proto, unsigned int depth);

/* What a pointer's type looks like when a name or another declarator goes in the middle of it. */
static bool wraps(const struct type *t)
{
	return t->kind == TYPE_PROTO || t->kind == TYPE_ARRAY;
}

static void prepend(struct strbuf *sb, const char *before, const char *after)
{
	STRBUF(whole);

	put(&whole, "%s%s%s", before, sb->data ? sb->data : "", after);
	strbuf_fini(sb);
	*sb = whole;
	whole = (struct strbuf){ 0 };
}

static const char *qualifier(const struct type *t)
{
	static const char *const names[TYPE_KINDS] = {
		[TYPE_CONST] = "const",
		[TYPE_VOLATILE] = "volatile",
		[TYPE_RESTRICT] = "restrict",
	};

	return names[t->kind];
}

static bool is_modifier(const struct type *t)
{
	return t->kind == TYPE_TAG || qualifier(t);
}

static const struct type *untagged(const struct type *t)
{
	for (int i = 0; i < LIMIT_TYPE_CHAIN && t->kind == TYPE_TAG; i++)
		t = t->of;
	return t;
}

static void put_plain(struct strbuf *out, const struct type *t)
{
	const char *keyword = t->kind == TYPE_FORWARD	? t->is_union ? "union" : "struct"
			      : t->kind == TYPE_TYPEDEF ? ""
							: type_keyword((enum type_kind)t->kind);

	put(out, "%s%s%s", keyword, *keyword && *t->name ? " " : "", t->name);
	if (!*t->name)
		put_str(out, BODY);
}

/* Pointers and qualifiers after the name of what they are about: "struct foo *", "const char  *". */
static void put_simple(struct strbuf *out, const struct type *t, bool pointed, unsigned int depth)
{
	if (depth == LIMIT_TYPE_CHAIN) {
		put_str(out, "...");
	} else if (t->kind == TYPE_TAG) {
		put_simple(out, t->of, pointed, depth + 1);
	} else if (t->kind == TYPE_POINTER) {
		put_simple(out, t->of, true, depth + 1);
		put_str(out, " *");
	} else if (qualifier(t) && untagged(t->of)->kind == TYPE_POINTER) {
		put_simple(out, t->of, false, depth + 1);
		put(out, " %s", qualifier(t));
	} else if (qualifier(t)) {
		put(out, "%s ", qualifier(t));
		put_simple(out, t->of, false, depth + 1);
		put_str(out, pointed ? " " : "");
	} else {
		put_plain(out, t);
	}
}

/* Go through what stands around the name, from it outwards. */
static const struct type *wrap(struct strbuf *right, const struct type *t, bool last,
			       unsigned int depth)
{
	char size[32];

	for (; depth < LIMIT_TYPE_CHAIN; depth++, last = false) {
		const struct type *inner = t;

		for (int i = 0; i < LIMIT_TYPE_CHAIN && is_modifier(inner); i++)
			inner = inner->of;
		if (inner->kind == TYPE_ARRAY) {
			snprintf(size, sizeof(size), last && !inner->nr ? "[]" : "[%u]", inner->nr);
			prepend(right, "", size);
			t = inner->of;
		} else if (inner->kind == TYPE_PROTO) {
			put_params(right, inner, depth + 1);
			t = inner->of;
		} else if (inner->kind == TYPE_POINTER && wraps(inner->of)) {
			prepend(right, "(*", ")");
			t = inner->of;
		} else {
			break;
		}
	}
	return t;
}

const struct type *put_declarator(struct strbuf *left, struct strbuf *right, const struct type *t,
				  const char *name, bool last)
{
	put_str(right, name);
	t = wrap(right, t, last, 0);
	put_simple(left, t, false, 0);
	for (int i = 0; i < LIMIT_TYPE_CHAIN && (is_modifier(t) || t->kind == TYPE_POINTER); i++)
		t = t->of;
	return t;
}

/* One declaration in a line. */
static void put_line(struct strbuf *out, const struct type *t, const char *name, unsigned int depth)
{
	STRBUF(right);

	put_str(&right, name);
	t = wrap(&right, t, false, depth);
	put_simple(out, t, false, 0);
	if (right.len)
		put(out, " %s", right.data);
}

static void put_params(struct strbuf *out, const struct type *proto, unsigned int depth)
{
	put_str(out, "(");
	for (uint32_t i = 0; i < proto->nr && out->len < LIMIT_DECLARATOR; i++) {
		const struct member *m = &proto->members[i];

		if (i)
			put_str(out, ", ");
		if (m->type->kind == TYPE_VOID)
			put_str(out, "...");
		else if (depth < LIMIT_TYPE_NEST)
			put_line(out, m->type, m->name, depth);
		else
			put_str(out, "...");
	}
	put_str(out, proto->nr ? ")" : "void)");
}

void put_declaration(struct strbuf *out, const struct type *t, const char *name)
{
	put_line(out, t, name, 0);
}
