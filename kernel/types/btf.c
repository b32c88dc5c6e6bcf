/* Format: Documentation/bpf/btf.rst.
 *
 *   header | types | strings | layout (222edc843c15, v7.1)
 *
 * A type is { name, info, size or type }, then what its kind adds once and what it adds per element.
 * Its id is its number, from 1 on. A first pass counts, a second one fills arrays of exact size. */
#include "kernel/types/btf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/types/btf_format.h"
#include "kernel/types/graph.h"

/* What follows the three words of a type, in bytes; and what it becomes. */
static const struct layout {
	uint8_t once, each;
	uint8_t kind;
} layouts[BTF_KINDS] = {
	[BTF_INT] = { 4, 0, TYPE_INT },		  [BTF_PTR] = { 0, 0, TYPE_POINTER },
	[BTF_ARRAY] = { 12, 0, TYPE_ARRAY },	  [BTF_STRUCT] = { 0, 12, TYPE_STRUCT },
	[BTF_UNION] = { 0, 12, TYPE_UNION },	  [BTF_ENUM] = { 0, 8, TYPE_ENUM },
	[BTF_FWD] = { 0, 0, TYPE_FORWARD },	  [BTF_TYPEDEF] = { 0, 0, TYPE_TYPEDEF },
	[BTF_VOLATILE] = { 0, 0, TYPE_VOLATILE }, [BTF_CONST] = { 0, 0, TYPE_CONST },
	[BTF_RESTRICT] = { 0, 0, TYPE_RESTRICT }, [BTF_FUNC] = { 0, 0, TYPE_FUNCTION },
	[BTF_FUNC_PROTO] = { 0, 8, TYPE_PROTO },  [BTF_VAR] = { 4, 0, TYPE_VARIABLE },
	[BTF_DATASEC] = { 0, 12, TYPE_VOID },	  [BTF_FLOAT] = { 0, 0, TYPE_FLOAT },
	[BTF_DECL_TAG] = { 4, 0, TYPE_VOID },	  [BTF_TYPE_TAG] = { 0, 0, TYPE_TAG },
	[BTF_ENUM64] = { 0, 12, TYPE_ENUM },
};

struct reader {
	struct types *ts;
	struct bytes types, layout;
	uint32_t first_id, first_string; /* of this graph: a module's go on from its base's */
	size_t nr_members, nr_values;
	bool odd_ints; /* an integer is narrower than its bytes */
};

/* One type as it lies there. */
struct raw {
	uint32_t name, size; /* .size is the id of another type in half of the kinds */
	uint32_t kind, vlen;
	bool flag;
	struct bytes more; /* what follows */
};

/* A piece of the file that the header speaks of, or false. */
static bool section(const unsigned char *data, size_t len, uint64_t base, uint32_t off,
		    uint32_t size, struct bytes *ret)
{
	uint64_t start = base + off;

	if (start > len || size > len - start)
		return false;
	*ret = bytes_of(data + start, size);
	return true;
}

/* What follows a type of a kind that the table does not have, as the BTF's own table tells. */
static bool layout_of(struct reader *rd, uint32_t kind, struct layout *ret)
{
	struct bytes b = rd->layout;

	if (kind && kind < BTF_KINDS) {
		*ret = layouts[kind];
		return true;
	}
	bytes_seek(&b, (uint64_t)kind * BTF_LAYOUT_SIZE);
	ret->once = (uint8_t)bytes_uint(&b, 1);
	ret->each = (uint8_t)bytes_uint(&b, 1);
	ret->kind = TYPE_VOID;
	return kind && !b.short_;
}

static bool ends_early(struct reader *rd)
{
	snprintf(rd->ts->problem, sizeof(rd->ts->problem),
		 "BTF ends within a type: types after it are missing");
	return false;
}

/* The next type; false at the end of what can be read, and then .problem may tell why. */
static bool next_raw(struct reader *rd, struct raw *ret)
{
	struct bytes *b = &rd->types;
	const unsigned char *p;
	struct layout lo;
	uint64_t more;
	uint32_t info;

	if (b->pos == b->len)
		return false;
	p = bytes_take(b, BTF_TYPE_SIZE);
	if (!p)
		return ends_early(rd);
	ret->name = load_le32(p);
	info = load_le32(p + 4);
	ret->size = load_le32(p + 8);
	/* 24 and 7 bits since v7.1; the bits that were added were zero before */
	ret->vlen = info & 0xffffff;
	ret->kind = info >> 24 & 0x7f;
	ret->flag = info >> 31;
	if (!layout_of(rd, ret->kind, &lo)) {
		snprintf(rd->ts->problem, sizeof(rd->ts->problem),
			 "BTF: kind %u at offset %zu is unknown: types after it are missing",
			 ret->kind, b->pos - BTF_TYPE_SIZE);
		return false;
	}
	more = lo.once + (uint64_t)ret->vlen * lo.each;
	p = bytes_take(b, more);
	if (!p)
		return ends_early(rd);
	ret->more = bytes_of(p, (size_t)more);
	return true;
}

static bool has_members(uint32_t kind)
{
	return kind == BTF_STRUCT || kind == BTF_UNION || kind == BTF_FUNC_PROTO;
}

static bool has_values(uint32_t kind)
{
	return kind == BTF_ENUM || kind == BTF_ENUM64;
}

static void count(struct reader *rd)
{
	struct raw raw;

	while (next_raw(rd, &raw)) {
		rd->ts->nr++;
		if (has_members(raw.kind))
			rd->nr_members += raw.vlen;
		if (has_values(raw.kind))
			rd->nr_values += raw.vlen;
	}
	rd->types.pos = 0;
	rd->types.short_ = false;
}

static const char *string_at(const struct types *ts, uint32_t off)
{
	uint32_t first = 0;

	for (const struct types *b = ts->base; b; b = b->base)
		first += (uint32_t)b->strings_len;
	for (; ts->base && off < first; ts = ts->base)
		first -= (uint32_t)ts->base->strings_len;
	off -= first;
	return off < ts->strings_len ? ts->strings + off : "";
}

static const struct type *type_at(const struct reader *rd, uint32_t id)
{
	const struct types *ts = rd->ts;
	uint32_t first = rd->first_id;

	for (; ts->base && id < first; ts = ts->base)
		first -= (uint32_t)ts->base->nr;
	return id >= first && id - first < ts->nr ? &ts->types[id - first] : &type_void;
}

static const struct member *fill_members(struct reader *rd, struct raw *raw)
{
	struct member *m = rd->ts->members + rd->nr_members, *first = m;
	const size_t each = layouts[raw->kind].each;
	const unsigned char *p = raw->more.p;

	rd->nr_members += raw->vlen;
	for (uint32_t i = 0; i < raw->vlen; i++, m++, p += each) {
		uint32_t off;

		m->name = string_at(rd->ts, load_le32(p));
		m->type = type_at(rd, load_le32(p + 4));
		if (raw->kind == BTF_FUNC_PROTO)
			continue;
		off = load_le32(p + 8);
		m->bit_offset = raw->flag ? off & 0xffffff : off;
		m->bit_size = raw->flag ? (uint8_t)(off >> 24) : 0;
	}
	return first;
}

static const struct enumerator *fill_values(struct reader *rd, struct raw *raw)
{
	struct enumerator *e = rd->ts->values + rd->nr_values, *first = e;
	const size_t each = layouts[raw->kind].each;
	const unsigned char *p = raw->more.p;

	rd->nr_values += raw->vlen;
	for (uint32_t i = 0; i < raw->vlen; i++, e++, p += each) {
		e->name = string_at(rd->ts, load_le32(p));
		e->value = load_le32(p + 4);
		if (raw->kind == BTF_ENUM64)
			e->value |= (uint64_t)load_le32(p + 8) << 32;
		else if (raw->flag)
			e->value = (uint64_t)(int64_t)(int32_t)e->value;
	}
	return first;
}

static void fill_int(struct reader *rd, struct type *t, struct raw *raw)
{
	uint32_t how = bytes_u32(&raw->more), bits = how & 0xff;

	t->is_signed = how >> 24 & 1;
	t->is_char = how >> 25 & 1;
	t->is_bool = how >> 26 & 1;
	t->nr = bits;
	if (bits != t->size * 8 || (how >> 16 & 0xff))
		rd->odd_ints = true;
}

static void fill_type(struct reader *rd, struct type *t, struct raw *raw)
{
	t->kind = raw->kind < BTF_KINDS ? layouts[raw->kind].kind : TYPE_VOID;
	t->name = t->kind == TYPE_VOID ? "" : string_at(rd->ts, raw->name);
	switch (raw->kind) {
	case BTF_INT:
	case BTF_FLOAT:
	case BTF_STRUCT:
	case BTF_UNION:
	case BTF_ENUM:
	case BTF_ENUM64:
		t->size = raw->size;
		break;
	case BTF_FWD:
		t->is_union = raw->flag;
		break;
	case BTF_ARRAY:
		t->of = type_at(rd, bytes_u32(&raw->more));
		bytes_u32(&raw->more); /* the type of an index */
		t->nr = bytes_u32(&raw->more);
		break;
	case BTF_DATASEC:
		break;
	default:
		t->of = type_at(rd, raw->size);
	}
	if (t->kind == TYPE_POINTER)
		t->size = 8;
	if (raw->kind == BTF_INT)
		fill_int(rd, t, raw);
	if (has_members(raw->kind)) {
		t->nr = raw->vlen;
		t->members = fill_members(rd, raw);
	}
	if (has_values(raw->kind)) {
		t->nr = raw->vlen;
		t->is_signed = raw->flag;
		t->values = fill_values(rd, raw);
	}
}

/* Before pahole 1.13 a bit field's width was that of its integer type. */
static void narrow_members(struct reader *rd)
{
	for (size_t i = 0; i < rd->nr_members; i++) {
		struct member *m = &rd->ts->members[i];
		const struct type *t = type_strip(m->type);

		if (!m->bit_size && t->kind == TYPE_INT && t->nr && t->nr < t->size * 8)
			m->bit_size = (uint8_t)t->nr;
	}
}

static const bool is_odd[256] = {
	[0x01 ... 0x1f] = true,
	['/'] = true,
	[0x7f ... 0xff] = true,
};

/* Keep the strings, each byte of which may come to a terminal or into a path. */
static int take_strings(struct types *ts, const struct bytes *strings)
{
	ts->strings_len = strings->len;
	ts->strings = malloc(strings->len + 1);
	if (!ts->strings)
		return fail(-ENOMEM, "%zu bytes of BTF strings", strings->len);
	memcpy(ts->strings, strings->p, strings->len);
	for (size_t i = 0; i < strings->len; i++)
		if (is_odd[strings->p[i]])
			ts->strings[i] = '?';
	ts->strings[strings->len] = 0;
	return 0;
}

static int fill(struct reader *rd)
{
	struct types *ts = rd->ts;
	struct raw raw;

	count(rd);
	ts->types = calloc(ts->nr + 1, sizeof(*ts->types));
	ts->members = calloc(rd->nr_members + 1, sizeof(*ts->members));
	ts->values = calloc(rd->nr_values + 1, sizeof(*ts->values));
	if (!ts->types || !ts->members || !ts->values)
		return fail(-ENOMEM, "%zu types", ts->nr);
	rd->nr_members = rd->nr_values = 0;
	for (size_t i = 0; i < ts->nr && next_raw(rd, &raw); i++)
		fill_type(rd, &ts->types[i], &raw);
	if (rd->odd_ints)
		narrow_members(rd);
	return types_index(ts);
}

static int read_header(struct reader *rd, const unsigned char *data, size_t len,
		       struct bytes *ret_strings)
{
	struct bytes b = bytes_of(data, len);
	uint32_t magic = bytes_u16(&b), version = (uint32_t)bytes_uint(&b, 1), hdr_len,
		 at[6] = { 0 };

	bytes_uint(&b, 1); /* flags */
	hdr_len = bytes_u32(&b);
	if (b.short_ || magic != BTF_MAGIC)
		return fail(-EBADMSG, "no BTF: magic %#x, not %#x", magic, BTF_MAGIC);
	if (version != 1 || hdr_len < BTF_HEADER_MIN)
		return fail(-EBADMSG, "BTF version %u with a header of %u bytes", version, hdr_len);
	for (size_t i = 0; i < 6 && 8 + 4 * i < hdr_len; i++)
		at[i] = bytes_u32(&b);
	if (b.short_ || !section(data, len, hdr_len, at[0], at[1], &rd->types) ||
	    !section(data, len, hdr_len, at[2], at[3], ret_strings))
		return fail(-EBADMSG, "BTF ends before its %u bytes of types and %u of strings",
			    at[1], at[3]);
	if (!section(data, len, hdr_len, at[4], at[5], &rd->layout))
		rd->layout = bytes_of(data, 0);
	return 0;
}

int btf_load(const void *data, size_t len, const struct types *base, struct types **ret)
{
	struct reader rd = { .first_id = 1 };
	struct bytes strings;
	int r;

	if (len > LIMIT_BTF)
		return fail(-ELOOP, "BTF of %zu bytes", len);
	if (base && types_problem(base))
		return fail(-EBADMSG, "below it: %s", types_problem(base));
	r = read_header(&rd, data, len, &strings);
	if (r < 0)
		return r;
	rd.ts = calloc(1, sizeof(*rd.ts));
	if (!rd.ts)
		return fail(-ENOMEM, "types");
	rd.ts->base = base;
	for (; base; base = base->base)
		rd.first_id += (uint32_t)base->nr;
	r = take_strings(rd.ts, &strings);
	if (r >= 0)
		r = fill(&rd);
	if (r < 0) {
		types_close(rd.ts);
		return r;
	}
	*ret = rd.ts;
	return 0;
}

struct slot {
	uint32_t id, offset; /* of a variable's type, in the section */
};

static int by_id(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static const char *text_at(const struct bytes *strings, uint32_t off, size_t *ret_len)
{
	const char *text = (const char *)strings->p + off;

	*ret_len = off < strings->len ? strnlen(text, strings->len - off) : 0;
	return text;
}

/* The section's slots, by the ids of their variables. */
static int find_section(struct reader *rd, const struct bytes *strings, const char *name,
			struct slot **ret, size_t *ret_n, uint32_t *ret_size)
{
	struct raw raw;
	size_t len;

	while (next_raw(rd, &raw)) {
		const char *text = text_at(strings, raw.name, &len);
		struct slot *slots;

		if (raw.kind != BTF_DATASEC || len != strlen(name) || memcmp(text, name, len) != 0)
			continue;
		slots = calloc(raw.vlen + 1, sizeof(*slots));
		if (!slots)
			return fail(-ENOMEM, "%u variables", raw.vlen);
		for (uint32_t i = 0; i < raw.vlen; i++) {
			slots[i].id = bytes_u32(&raw.more);
			slots[i].offset = bytes_u32(&raw.more);
			bytes_u32(&raw.more); /* its bytes */
		}
		qsort(slots, raw.vlen, sizeof(*slots), by_id);
		*ret = slots;
		*ret_n = raw.vlen;
		*ret_size = raw.size;
		return 0;
	}
	return fail(-ENOENT, "BTF tells of no section %s", name);
}

int btf_section(const void *data, size_t len, const char *name, btf_variable_fn *fn, void *arg,
		uint32_t *ret_size)
{
	struct types problem = { 0 };
	struct reader rd = { .ts = &problem };
	struct slot *slots = NULL;
	struct bytes strings;
	struct raw raw;
	size_t n = 0, i = 0, text_len;
	int r = read_header(&rd, data, len, &strings);

	if (r >= 0)
		r = find_section(&rd, &strings, name, &slots, &n, ret_size);
	rd.types.pos = 0;
	rd.types.short_ = false;
	for (uint32_t id = 1; r == 0 && i < n && next_raw(&rd, &raw); id++) {
		const char *text = text_at(&strings, raw.name, &text_len);

		for (; r == 0 && i < n && slots[i].id <= id; i++)
			if (slots[i].id == id && raw.kind == BTF_VAR && text_len)
				r = fn(arg, text, text_len, slots[i].offset);
	}
	free(slots);
	return r;
}
