#include "kernel/types/member.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"

/* What is left of the search: a structure of the dump may hold itself. */
struct search {
	const char *name;
	size_t len;
	unsigned int steps, depth;
};

static bool is_name(const struct search *s, const char *name)
{
	return strncmp(name, s->name, s->len) == 0 && !name[s->len];
}

static bool descend(struct search *s, const struct type *t, struct place *at);

/* Is it @m, or in it? */
static bool try_member(struct search *s, const struct member *m, struct place *at)
{
	struct place in = *at;

	in.bit_offset += m->bit_offset;
	in.bit_size = m->bit_size;
	in.type = m->type;
	if (*m->name ? !is_name(s, m->name) : !descend(s, type_strip(m->type), &in))
		return false;
	*at = in;
	return true;
}

static bool descend(struct search *s, const struct type *t, struct place *at)
{
	bool found = false;

	if (!type_is_aggregate(t) || s->depth == LIMIT_TYPE_DEPTH)
		return false;
	s->depth++;
	for (uint32_t i = 0; i < t->nr && !found && s->steps; i++) {
		s->steps--;
		found = try_member(s, &t->members[i], at);
	}
	s->depth--;
	return found;
}

/* The name at *path, then behind it. */
static int take_name(const char **path, struct place *at)
{
	const char *p = *path;
	const struct type *t = type_strip(at->type);
	struct search s = { .name = p, .steps = LIMIT_MEMBER_STEPS };

	while (isalnum((unsigned char)*p) || *p == '_')
		p++;
	s.len = (size_t)(p - s.name);
	if (!s.len)
		return fail(-EINVAL, "a member's name is expected at \"%.64s\"", s.name);
	*path = p;
	if (descend(&s, t, at))
		return 0;
	return fail(-ENOENT, "%s %s has no %.*s",
		    type_is_aggregate(t) ? type_keyword(t->kind) : "type",
		    *t->name ? t->name : "(anonymous)", (int)s.len, s.name);
}

/* The index at *path, which is behind its '[', then behind its ']'. */
static int take_index(const char **path, struct place *at)
{
	const struct type *t = type_strip(at->type);
	const char *p = *path;
	uint64_t i = 0, size;

	for (; isdigit((unsigned char)*p) && i <= UINT32_MAX; p++)
		i = i * 10 + (uint64_t)(*p - '0');
	if (p == *path || *p != ']' || i > UINT32_MAX)
		return fail(-EINVAL, "an index is expected at \"%.64s\"", *path);
	if (t->kind != TYPE_ARRAY)
		return fail(-ENOENT, "[%lu] of what is no array", i);
	if (t->nr > 1 && i >= t->nr)
		return fail(-ENOENT, "[%lu] of an array of %u", i, t->nr);
	size = type_size(t->of);
	if (size > UINT32_MAX ||
	    __builtin_add_overflow(at->bit_offset, i * size * 8, &at->bit_offset))
		return fail(-EBADMSG, "[%lu] of %lu bytes each", i, size);
	at->type = t->of;
	at->bit_size = 0;
	*path = p + 1;
	return 0;
}

int member_find(const struct type *t, const char *path, struct place *ret)
{
	struct place at = { .type = t };
	int r = take_name(&path, &at);

	while (r >= 0 && *path) {
		char c = *path++;

		if (c != '.' && c != '[')
			return fail(-EINVAL, "'.' or '[' is expected before \"%.64s\"", path);
		r = c == '.' ? take_name(&path, &at) : take_index(&path, &at);
	}
	if (r < 0)
		return r;
	*ret = at;
	return 0;
}

int member_of(const struct types *ts, const char *name, const char *path, struct place *ret)
{
	static const enum type_kind kinds[] = { TYPE_STRUCT, TYPE_UNION, TYPE_TYPEDEF };
	int r = fail(-ENOENT, "no type %s", name);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct type *t = NULL;

		while ((t = types_find(ts, kinds[i], name, t))) {
			if (!*path) {
				*ret = (struct place){ .type = t };
				return 0;
			}
			r = member_find(t, path, ret);
			if (r >= 0)
				return 0;
		}
	}
	return r;
}
