#include "kernel/types/decl.h"

#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/limits.h"
#include "kernel/types/declarator.h"
#include "kernel/types/layout.h"

/* Columns, at no indentation: where names begin, and where comments do. A union's are narrower. */
#define NAME_COLUMN    27
#define COMMENT_STRUCT 49
#define COMMENT_UNION  47
#define INDENT	       8

struct decl {
	struct strbuf *out;
	unsigned int indent;  /* tabs */
	unsigned int comment; /* column of comments, at no indentation */
	uint64_t base;	      /* offset of what is being printed in the outermost structure */
	uint64_t cacheline;   /* the last whose boundary was printed */
	unsigned int unions;  /* around what is being printed */
	unsigned int left;    /* members that may still be printed */
};

/* What the comments at the end of a structure say. */
struct sums {
	uint64_t bytes, bits, holes, bit_holes;
	uint64_t paddings, padding_bytes;
	uint64_t aligned, aligned_holes, aligned_hole_bytes;
};

static void put_aggregate(struct decl *d, const struct type *t, const struct layout *lo);
static void put_enum(struct decl *d, const struct type *t);

static void put_tabs(struct decl *d)
{
	for (unsigned int i = 0; i < d->indent; i++)
		put_str(d->out, "\t");
}

static const char *s(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* A width at no indentation, less what the indentation takes. */
static int column(const struct decl *d, unsigned int width)
{
	unsigned int indent = d->indent ? (d->indent - 1) * INDENT : 0;

	return width > indent ? (int)(width - indent) : 0;
}

static void put_boundary(struct decl *d, uint64_t offset)
{
	uint64_t at = (d->base + offset) / CACHELINE, ago = (d->base + offset) % CACHELINE;

	if (at <= d->cacheline)
		return;
	d->cacheline = at;
	put_tabs(d);
	put(d->out, "/* --- cacheline %lu boundary (%lu bytes)", at, at * CACHELINE);
	if (ago)
		put(d->out, " was %lu byte%s ago", ago, s(ago));
	put_str(d->out, " --- */\n");
}

/* Where and how large, in the comment's column of a line that began at @start. */
static void put_place(struct decl *d, const struct spot *at, size_t start)
{
	int pad = column(d, d->comment) - (int)(d->out->len - start);

	put(d->out, "%*s/* ", pad > 1 ? pad : 1, "");
	if (at->bits)
		put(d->out, "%5lu:%2u %2lu */", d->base + at->offset, at->bit, at->size);
	else
		put(d->out, "%5lu %5lu */", d->base + at->offset, at->size);
}

static void put_aligned(struct decl *d, uint64_t align)
{
	if (align)
		put(d->out, " __attribute__((__aligned__(%lu)))", align);
}

static void put_attributes(struct decl *d, const struct layout *lo)
{
	if (lo->packed)
		put_str(d->out, " __attribute__((__packed__))");
	else
		put_aligned(d, lo->align);
}

/* The members of a nameless type that lies at @base in the outermost structure. */
static void put_body(struct decl *d, const struct type *t, uint64_t base)
{
	uint64_t outer = d->base;
	struct layout lo;

	if (t->kind == TYPE_ENUM) {
		put_enum(d, t);
		return;
	}
	if (layout_init(&lo, t) < 0)
		return;
	d->base = base;
	put_aggregate(d, t, &lo);
	d->base = outer;
	put_attributes(d, &lo);
	layout_fini(&lo);
}

/* Where the line begins that is being written. */
static size_t last_line(const struct strbuf *out)
{
	size_t at = out->len;

	while (at && out->data[at - 1] != '\n')
		at--;
	return at;
}

static bool has_body(const struct type *t)
{
	return !*t->name && (type_is_aggregate(t) || t->kind == TYPE_ENUM);
}

/* "struct { ... } name;" or "type name;", with the place behind it. */
static void put_member(struct decl *d, const struct member *m, const struct spot *at, bool last)
{
	const struct type *t;
	size_t start = d->out->len;
	STRBUF(left);
	STRBUF(right);

	t = put_declarator(&left, &right, m->type, m->name, last);
	if (has_body(t)) {
		const char *body = strstr(left.data, type_keyword(t->kind));

		put_bytes(d->out, left.data, (size_t)(body - left.data));
		put_body(d, t, strchr(body, '*') ? 0 : d->base + at->offset);
		put_str(d->out, strstr(body, BODY) + strlen(BODY));
		start = last_line(d->out) + d->indent;
		if (right.len)
			put(d->out, " %s", right.data);
	} else {
		put(d->out, "%-*s %s", column(d, NAME_COLUMN - 1), left.data ? left.data : "",
		    right.data ? right.data : "");
	}
	if (m->bit_size)
		put(d->out, ":%u", m->bit_size);
	put_aligned(d, at->align);
	put_str(d->out, ";");
	put_place(d, at, start);
	put_str(d->out, "\n");
}

/* The blank line before the first of a member's remarks; each remark is a line. */
static void begin_remark(struct decl *d, bool *remarked)
{
	if (!*remarked)
		put_str(d->out, "\n");
	*remarked = true;
	put_tabs(d);
	put_str(d->out, "/* ");
}

/* A member's structure is longer than what is in it. */
static void remark_inner(struct decl *d, const struct type *t, struct sums *sums, bool *remarked)
{
	struct layout lo;

	if (t->kind != TYPE_STRUCT || layout_init(&lo, t) < 0)
		return;
	if (lo.padding) {
		begin_remark(d, remarked);
		put(d->out, "XXX last struct has %lu byte%s of padding */\n", lo.padding,
		    s(lo.padding));
		sums->paddings++;
		sums->padding_bytes += lo.padding;
	}
	layout_fini(&lo);
}

static void remark_holes(struct decl *d, const struct spot *at, bool *remarked)
{
	if (at->bit_hole) {
		begin_remark(d, remarked);
		put(d->out, "XXX %u bit%s hole, try to pack */\n", at->bit_hole, s(at->bit_hole));
	}
	if (at->hole) {
		begin_remark(d, remarked);
		put(d->out, "XXX %lu byte%s hole, try to pack */\n", at->hole, s(at->hole));
	}
}

/* How a bit field goes on from what is before it. */
static void remark_bits(struct decl *d, const struct spot *last, const struct spot *at,
			const struct member *m, bool *remarked)
{
	if (last->bit_hole && at->bits) {
		if (last->offset != at->offset) {
			put_str(d->out, "\n");
			put_tabs(d);
			put_str(d->out, "/* Force alignment to the next boundary: */\n");
		}
		put_tabs(d);
		STRBUF(type);
		put_declaration(&type, m->type, "");
		put(d->out, "%-*s :%u;\n", column(d, NAME_COLUMN - 1), type.data ? type.data : "",
		    last->offset != at->offset ? 0 : last->bit_hole);
		*remarked = true;
	}
	if (at->offset < last->offset || (at->offset == last->offset && !last->bits && at->bits)) {
		begin_remark(d, remarked);
		put_str(d->out, "Bitfield combined with previous fields */\n");
	} else if (at->offset > last->offset && at->offset < last->end) {
		begin_remark(d, remarked);
		put_str(d->out, "Bitfield combined with next fields */\n");
	}
}

static void add_member(struct sums *sums, const struct spot *at, const struct spot *before)
{
	if (at->bits)
		sums->bits += at->bits;
	else
		sums->bytes += at->size;
	sums->holes += at->hole;
	sums->bit_holes += at->bit_hole;
	if (!at->align)
		return;
	sums->aligned++;
	if (before && before->hole) {
		sums->aligned_holes++;
		sums->aligned_hole_bytes += before->hole;
	}
}

/* The members of a structure; what is between the lines is for bytes that nobody uses. */
static void put_struct_members(struct decl *d, const struct type *t, const struct layout *lo,
			       struct sums *sums)
{
	const struct spot *last = NULL;
	bool remarked = false;

	for (uint32_t i = 0; i < t->nr && d->left && !cancelled(); i++) {
		const struct spot *at = &lo->spots[i];
		const struct member *m = &t->members[i];

		d->left--;
		if (last && last->size)
			remark_bits(d, last, at, m, &remarked);
		if (remarked)
			put_str(d->out, "\n");
		remarked = false;
		put_boundary(d, at->offset);
		put_tabs(d);
		put_member(d, m, at, i && i + 1 == t->nr && !d->unions);
		remark_inner(d, m->type, sums, &remarked);
		remark_holes(d, at, &remarked);
		add_member(sums, at, last);
		last = at;
	}
}

static void put_union_members(struct decl *d, const struct type *t, const struct layout *lo)
{
	for (uint32_t i = 0; i < t->nr && d->left && !cancelled(); i++) {
		uint64_t cacheline = d->cacheline;

		d->left--;
		put_tabs(d);
		put_member(d, &t->members[i], &lo->spots[i], false);
		d->cacheline = cacheline;
	}
}

static void put_sums(struct decl *d, const struct layout *lo, const struct sums *sums)
{
	if (!sums->holes && !sums->bit_holes)
		return;
	if (sums->bytes) {
		put(d->out, "\t/* sum members: %lu", sums->bytes);
		if (sums->holes)
			put(d->out, ", holes: %u, sum holes: %lu", lo->nr_holes, sums->holes);
		put_str(d->out, " */\n");
	}
	if (sums->bits) {
		put(d->out, "\t/* sum bitfield members: %lu bits", sums->bits);
		if (sums->bit_holes)
			put(d->out, ", bit holes: %u, sum bit holes: %lu bits", lo->nr_bit_holes,
			    sums->bit_holes);
		else
			put(d->out, " (%lu bytes)", sums->bits / 8);
		put_str(d->out, " */\n");
	}
}

/* What there is to say of a whole structure. */
static void put_statistics(struct decl *d, const struct type *t, const struct layout *lo,
			   const struct sums *sums)
{
	put(d->out, "\n\t/* size: %lu, cachelines: %lu, members: %u */\n", t->size,
	    (t->size + CACHELINE - 1) / CACHELINE, t->nr);
	put_sums(d, lo, sums);
	if (lo->padding)
		put(d->out, "\t/* padding: %lu */\n", lo->padding);
	if (sums->paddings)
		put(d->out, "\t/* paddings: %lu, sum paddings: %lu */\n", sums->paddings,
		    sums->padding_bytes);
	if (lo->bit_padding)
		put(d->out, "\t/* bit_padding: %u bits */\n", lo->bit_padding);
	if (sums->aligned) {
		put(d->out, "\t/* forced alignments: %lu", sums->aligned);
		if (sums->aligned_holes)
			put(d->out, ", forced holes: %lu, sum forced holes: %lu",
			    sums->aligned_holes, sums->aligned_hole_bytes);
		put_str(d->out, " */\n");
	}
	if (t->size % CACHELINE)
		put(d->out, "\t/* last cacheline: %lu bytes */\n", t->size % CACHELINE);
}

/* "struct name {", the members, "}". Statistics are the outermost structure's. */
static void put_aggregate(struct decl *d, const struct type *t, const struct layout *lo)
{
	struct sums sums = { 0 };

	put(d->out, "%s%s%s {\n", type_keyword((enum type_kind)t->kind), *t->name ? " " : "",
	    t->name);
	if (d->indent++ >= LIMIT_TYPE_DEPTH)
		d->left = 0;
	d->unions += t->kind == TYPE_UNION;
	if (t->kind == TYPE_STRUCT)
		put_struct_members(d, t, lo, &sums);
	else
		put_union_members(d, t, lo);
	d->unions -= t->kind == TYPE_UNION;
	d->indent--;
	if (t->kind == TYPE_STRUCT && !d->indent)
		put_statistics(d, t, lo, &sums);
	put_tabs(d);
	put_str(d->out, "}");
}

static void put_enum(struct decl *d, const struct type *t)
{
	size_t width = 0;

	for (uint32_t i = 0; i < t->nr; i++)
		if (strlen(t->values[i].name) > width)
			width = strlen(t->values[i].name);
	put(d->out, "enum%s%s {\n", *t->name ? " " : "", t->name);
	for (uint32_t i = 0; i < t->nr; i++) {
		put_tabs(d);
		put(d->out, t->is_signed ? "\t%-*s = %ld,\n" : "\t%-*s = %lu,\n", (int)width,
		    t->values[i].name, t->values[i].value);
	}
	put_tabs(d);
	put_str(d->out, "}");
}

static void put_outermost(struct strbuf *out, const struct type *t, const char *name)
{
	struct decl d = {
		.out = out,
		.comment = t->kind == TYPE_UNION ? COMMENT_UNION : COMMENT_STRUCT,
		.left = LIMIT_MEMBER_STEPS,
	};
	struct layout lo;

	if (t->kind == TYPE_ENUM) {
		put_enum(&d, t);
	} else if (layout_init(&lo, t) >= 0) {
		put_aggregate(&d, t, &lo);
		put_attributes(&d, &lo);
		layout_fini(&lo);
	}
	if (*name)
		put(out, " %s", name);
	put_str(out, ";\n");
}

void put_definition(struct strbuf *out, const struct type *t)
{
	if (t->kind == TYPE_TYPEDEF) {
		put_str(out, "typedef ");
		if (has_body(t->of)) {
			put_outermost(out, t->of, t->name);
			return;
		}
		put_declaration(out, t->of, t->name);
		put_str(out, ";\n");
	} else if (type_is_aggregate(t) || t->kind == TYPE_ENUM) {
		put_outermost(out, t, "");
	} else {
		put_declaration(out,
				t->kind == TYPE_FUNCTION || t->kind == TYPE_VARIABLE ? t->of : t,
				t->name);
		put_str(out, ";\n");
	}
}
