#include "kernel/types/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/types/print.h"

#define REPEATS_MIN 10 /* equal elements that are printed each, as gdb does */

/* One value on its way out. */
struct printer {
	struct strbuf *out;
	struct kernel *k;
	const struct window *w;
	unsigned int indent, depth;
	uint64_t left; /* of LIMIT_VALUES */
};

static void put_any(struct printer *p, const struct place *at);

/* What looking at @bytes costs: a type of the dump may lay any number of arrays over them. */
static void spend(struct printer *p, uint64_t bytes)
{
	uint64_t cost = 1 + bytes / 64;

	p->left -= cost < p->left ? cost : p->left;
}

static void put_indent(struct printer *p)
{
	put(p->out, "%*s", (int)p->indent, "");
}

static void put_members(struct printer *p, const struct type *t, const struct place *at)
{
	if (!t->nr) {
		put_str(p->out, "{<No data fields>}");
		return;
	}
	put_str(p->out, "{\n");
	p->indent += 2;
	for (uint32_t i = 0; i < t->nr && p->left; i++) {
		const struct member *m = &t->members[i];
		struct place in = { m->type, at->bit_offset + m->bit_offset, m->bit_size };

		put_indent(p);
		if (*m->name)
			put(p->out, "%s = ", m->name);
		put_any(p, &in);
		put_str(p->out, i + 1 < t->nr ? ",\n" : "\n");
	}
	p->indent -= 2;
	put_indent(p);
	put_str(p->out, "}");
}

/* How many elements from the @i-th on are the same. */
static uint32_t count_equal(const struct printer *p, uint64_t at, uint64_t size, uint32_t i,
			    uint32_t nr)
{
	const unsigned char *first = window_at(p->w, at + i * size, size);
	uint32_t n = 1;

	for (; i + n < nr; n++) {
		const unsigned char *next = window_at(p->w, at + (i + n) * size, size);

		if (first ? !next || memcmp(first, next, (size_t)size) != 0 : next != NULL)
			break;
	}
	return n;
}

static void put_elements(struct printer *p, const struct type *t, const struct place *at)
{
	uint64_t size = type_size(t->of), start = place_offset(at);

	put_str(p->out, "{");
	p->indent += 2;
	for (uint32_t i = 0; i < t->nr && p->left;) {
		struct place in = { t->of, (start + i * size) * 8, 0 };
		uint32_t n = count_equal(p, start, size, i, t->nr);

		if (i)
			put_str(p->out, ", ");
		spend(p, n * size);
		if (n <= REPEATS_MIN)
			n = 1;
		put_any(p, &in);
		if (n > 1)
			put(p->out, " <repeats %u times>", n);
		i += n;
	}
	p->indent -= 2;
	put_str(p->out, "}");
}

static void put_array(struct printer *p, const struct type *t, const struct place *at)
{
	uint64_t size = type_size(t), start = place_offset(at);
	const unsigned char *bytes;

	/* nobody but the kernel knows how many elements a flexible array has */
	if (!size) {
		put_address(p->out, p->k, window_addr(p->w) + start);
		return;
	}
	bytes = window_at(p->w, start, size);
	if (!is_char(t->of) && window_has(p->w, start, size))
		put_elements(p, t, at);
	else if (is_char(t->of) && bytes)
		put_chars(p->out, bytes, (size_t)size);
	else
		put_str(p->out, NOT_IN_DUMP);
	spend(p, size);
}

static void put_scalar(struct printer *p, const struct type *t, const struct place *at)
{
	const unsigned char *bytes;
	size_t len;

	if (scalar_bytes(at, &len) < 0) {
		bytes = t->size ? window_at(p->w, place_offset(at), t->size) : NULL;
		if (bytes)
			put_wide(p->out, bytes, (size_t)t->size);
		else
			put_str(p->out, t->size ? NOT_IN_DUMP : "<incomplete type>");
		return;
	}
	bytes = window_at(p->w, place_offset(at), len);
	if (bytes)
		put_number(p->out, p->k, t, scalar_value(at, bytes));
	else
		put_str(p->out, NOT_IN_DUMP);
}

static void put_any(struct printer *p, const struct place *at)
{
	const struct type *t = type_strip(at->type);

	if (!p->left || p->out->error || cancelled() || p->depth == LIMIT_TYPE_DEPTH) {
		p->left = 0;
		put_str(p->out, "...");
		return;
	}
	spend(p, 0);
	p->depth++;
	if (type_is_aggregate(t))
		put_members(p, t, at);
	else if (t->kind == TYPE_ARRAY)
		put_array(p, t, at);
	else
		put_scalar(p, t, at);
	p->depth--;
}

int put_value(struct strbuf *out, struct kernel *k, const struct place *place, uint64_t addr,
	      unsigned int indent)
{
	struct printer p = { .out = out, .k = k, .indent = indent, .left = LIMIT_VALUES };
	uint64_t start = place_offset(place), size = type_size(place->type);
	struct place in = { place->type, place->bit_offset % 8, place->bit_size };
	struct window w;
	int r = window_open(&w, k, addr + start, size);

	if (r < 0)
		return r;
	p.w = &w;
	put_any(&p, &in);
	window_close(&w);
	return cancelled() ? fail(-EINTR, "interrupted") : 0;
}

int put_object(struct strbuf *out, struct kernel *k, const struct type *t, uint64_t addr)
{
	struct place place = { .type = t };
	STRBUF(text);
	int r = put_value(&text, k, &place, addr, 0);

	if (r < 0)
		return r;
	if (*type_keyword(t->kind) && t->kind != TYPE_TYPEDEF)
		put(out, "%s ", type_keyword(t->kind));
	if (*t->name)
		put(out, "%s ", t->name);
	put_bytes(out, text.data, text.len);
	put_str(out, "\n");
	return 0;
}
