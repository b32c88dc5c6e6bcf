/* What a DIE of a type says, as a record of BTF. */
#include "kernel/debug/expand_type.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/debug/paths.h"

#define FLAGGED_BITS \
	(1ull << 24) /* from here on a member with a width has no room for its offset */

static uint32_t type_of(struct expand *x, const struct die *d, unsigned int depth)
{
	Dwarf_Die at;

	return die_type(d, &at) ? expand_any(x, &at, depth + 1) : 0;
}

static uint32_t name_of(struct expand *x, const struct die *d)
{
	return btf_write_string(&x->btf, d->name ? d->name : "");
}

static void note(struct expand *x, Dwarf_Die *at, const char *what)
{
	if (!x->problem[0])
		snprintf(x->problem, sizeof(x->problem), "DWARF at %#lx: %s",
			 (unsigned long)dwarf_dieoffset(at), what);
}

/* Go on to the next child; false: that was the last. */
static bool next_child(struct expand *x, Dwarf_Die *at)
{
	Dwarf_Die here = *at;
	int r = die_next(at);

	if (r < 0)
		note(x, &here, why());
	return r > 0;
}

/* Bytes of the unit that holds the bits of a member, as DWARF 2 counts from its other end. */
static uint64_t storage_size(const struct die *member)
{
	Dwarf_Die type;
	Dwarf_Word size;

	if (member->has_size)
		return member->size;
	return die_type(member, &type) && dwarf_aggregate_size(&type, &size) == 0 ? size : 0;
}

/* Where a member begins, in bits. */
static int member_bits(const struct die *m, uint64_t *ret)
{
	uint64_t bytes;
	int r = die_member_offset(m, &bytes);

	if (r < 0)
		return r;
	*ret = bytes * 8;
	if (m->has_data_bit_offset)
		*ret += m->data_bit_offset;
	else if (m->bit_size && m->has_bit_offset)
		*ret += storage_size(m) * 8 - m->bit_offset - m->bit_size;
	return *ret > UINT32_MAX ? fail(-EBADMSG, "a member at bit %lu", *ret) : 0;
}

static void put_member(struct expand *x, struct btf_record *rec, struct die *m, unsigned int depth)
{
	uint64_t bits;
	int r = member_bits(m, &bits);

	if (r >= 0 && m->bit_size && (!rec->flag || m->bit_size > 64 || bits >= FLAGGED_BITS))
		r = fail(-EBADMSG, "%lu bits at bit %lu", m->bit_size, bits);
	if (r < 0) {
		note(x, &m->die, why());
		return;
	}
	btf_record_word(rec, name_of(x, m));
	btf_record_word(rec, type_of(x, m, depth));
	btf_record_word(rec, (uint32_t)(bits | m->bit_size << 24));
	rec->nr++;
}

static uint32_t put_aggregate(struct expand *x, struct die *d, uint32_t id, unsigned int depth)
{
	enum btf_kind kind = d->tag == DW_TAG_union_type ? BTF_UNION : BTF_STRUCT;
	struct btf_record rec;
	Dwarf_Die at;
	struct die m;

	if (d->size > UINT32_MAX) {
		note(x, &d->die, "a structure of more than 4 GB");
		return 0;
	}
	btf_record_begin(&rec, kind, name_of(x, d), (uint32_t)d->size);
	rec.flag = d->size * 8 < FLAGGED_BITS;
	if (dwarf_child(&d->die, &at) == 0) {
		do {
			if (dwarf_tag(&at) == DW_TAG_member && die_read(&at, &m) == 0 &&
			    !m.external)
				put_member(x, &rec, &m, depth);
		} while (rec.nr < LIMIT_DIE_MEMBERS && !x->btf.error && next_child(x, &at));
	}
	return btf_record_end(&x->btf, &rec, id);
}

/* Compilers write a negative number as one that is signed, another as one that is not. */
static uint64_t enumerator_value(Dwarf_Die *at, bool *ret_negative)
{
	Dwarf_Attribute a;
	Dwarf_Sword s = 0;
	Dwarf_Word u = 0;

	if (!dwarf_attr(at, DW_AT_const_value, &a))
		return 0;
	if (dwarf_whatform(&a) != DW_FORM_sdata && dwarf_whatform(&a) != DW_FORM_implicit_const) {
		dwarf_formudata(&a, &u);
		return u;
	}
	dwarf_formsdata(&a, &s);
	*ret_negative |= s < 0;
	return (uint64_t)s;
}

struct enumeration {
	struct value {
		uint32_t name;
		uint64_t value;
	} * v;
	uint32_t nr, room;
	bool negative, wide;
};

static void add_enumerator(struct expand *x, struct enumeration *e, Dwarf_Die *at)
{
	const char *name = dwarf_diename(at);
	uint64_t value;

	if (e->nr == e->room) {
		uint32_t room = e->room ? 2 * e->room : 64;
		struct value *more = realloc(e->v, room * sizeof(*more));

		if (!more) {
			x->btf.error = -ENOMEM;
			return;
		}
		e->v = more;
		e->room = room;
	}
	value = enumerator_value(at, &e->negative);
	e->v[e->nr++] = (struct value){ btf_write_string(&x->btf, name ? name : ""), value };
}

/* It is signed when it has a negative number, as pahole has it. */
static uint32_t put_enum(struct expand *x, struct die *d, uint32_t id)
{
	struct enumeration e = { 0 };
	struct btf_record rec;
	Dwarf_Die at;

	if (dwarf_child(&d->die, &at) == 0) {
		do {
			if (dwarf_tag(&at) == DW_TAG_enumerator)
				add_enumerator(x, &e, &at);
		} while (e.nr < LIMIT_DIE_MEMBERS && !x->btf.error && next_child(x, &at));
	}
	for (uint32_t i = 0; i < e.nr; i++)
		e.wide |= e.negative ? (int64_t)e.v[i].value != (int32_t)e.v[i].value
				     : e.v[i].value > UINT32_MAX;
	btf_record_begin(&rec, e.wide ? BTF_ENUM64 : BTF_ENUM, name_of(x, d),
			 d->has_size ? (uint32_t)d->size : sizeof(int));
	rec.flag = e.negative;
	for (uint32_t i = 0; i < e.nr; i++, rec.nr++) {
		btf_record_word(&rec, e.v[i].name);
		btf_record_word(&rec, (uint32_t)e.v[i].value);
		if (e.wide)
			btf_record_word(&rec, (uint32_t)(e.v[i].value >> 32));
	}
	free(e.v);
	return btf_record_end(&x->btf, &rec, id);
}

static uint32_t put_base(struct expand *x, struct die *d, uint32_t id)
{
	static const struct {
		uint64_t encoding;
		uint32_t how;
	} hows[] = {
		{ DW_ATE_boolean, BTF_INT_BOOL },
		{ DW_ATE_signed, BTF_INT_SIGNED },
		{ DW_ATE_signed_char, BTF_INT_SIGNED | BTF_INT_CHAR },
		{ DW_ATE_unsigned_char, BTF_INT_CHAR },
	};
	uint32_t how = 0, size = d->size <= 32 ? (uint32_t)d->size : 0;
	bool is_float = d->encoding == DW_ATE_float;
	struct btf_record rec;

	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		if (hows[i].encoding == d->encoding)
			how = hows[i].how;
	btf_record_begin(&rec, is_float ? BTF_FLOAT : BTF_INT, name_of(x, d), size);
	/* the word has eight bits for the number of bits */
	if (!is_float)
		btf_record_word(&rec, how | (size * 8 & 0xff));
	return btf_record_end(&x->btf, &rec, id);
}

static uint32_t put_simple(struct expand *x, const struct die *d, enum btf_kind kind,
			   const char *name, uint32_t id, unsigned int depth)
{
	struct btf_record rec;

	btf_record_begin(&rec, kind, btf_write_string(&x->btf, name), type_of(x, d, depth));
	return btf_record_end(&x->btf, &rec, id);
}

uint32_t expand_proto(struct expand *x, const struct die *d, unsigned int depth)
{
	struct btf_record rec;
	Dwarf_Die at, copy = d->die;
	struct die p;

	btf_record_begin(&rec, BTF_FUNC_PROTO, 0, type_of(x, d, depth));
	if (dwarf_child(&copy, &at) == 0) {
		do {
			int tag = dwarf_tag(&at);

			if (tag == DW_TAG_formal_parameter && die_read(&at, &p) == 0) {
				btf_record_word(&rec, name_of(x, &p));
				btf_record_word(&rec, type_of(x, &p, depth));
				rec.nr++;
			} else if (tag == DW_TAG_unspecified_parameters) {
				btf_record_word(&rec, 0);
				btf_record_word(&rec, 0);
				rec.nr++;
			}
		} while (rec.nr < LIMIT_DIE_MEMBERS && !x->btf.error && next_child(x, &at));
	}
	return btf_record_end(&x->btf, &rec, 0);
}

/* Elements of one dimension; 0: a flexible array, or one whose length is only known at run time. */
static uint32_t dimension(Dwarf_Die *at)
{
	uint64_t n;

	if (die_number(at, DW_AT_count, &n))
		return n <= UINT32_MAX ? (uint32_t)n : 0;
	if (!die_number(at, DW_AT_upper_bound, &n) || n >= UINT32_MAX)
		return 0;
	return (uint32_t)n + 1;
}

static uint32_t put_array(struct expand *x, struct die *d, unsigned int depth)
{
	uint32_t dimensions[LIMIT_DIE_CHAIN], nr = 0, id = type_of(x, d, depth);
	Dwarf_Die at;

	if (dwarf_child(&d->die, &at) == 0) {
		do {
			if (dwarf_tag(&at) == DW_TAG_subrange_type)
				dimensions[nr++] = dimension(&at);
		} while (nr < LIMIT_DIE_CHAIN && next_child(x, &at));
	}
	if (!nr)
		dimensions[nr++] = 0;
	while (nr) {
		struct btf_record rec;

		btf_record_begin(&rec, BTF_ARRAY, 0, 0);
		btf_record_word(&rec, id);
		btf_record_word(&rec, 0);
		btf_record_word(&rec, dimensions[--nr]);
		id = btf_record_end(&x->btf, &rec, 0);
	}
	return id;
}

/* A structure that is only declared, or what defines it. */
static uint32_t put_forward(struct expand *x, struct die *d)
{
	bool is_union = d->tag == DW_TAG_union_type;
	struct btf_record rec;
	uint32_t id;

	if (!d->name)
		return 0;
	if (idmap_get(&x->by_name, scan_name_key(d->tag, d->name), &id) && id)
		return id;
	btf_record_begin(&rec, d->tag == DW_TAG_enumeration_type ? BTF_ENUM : BTF_FWD,
			 name_of(x, d), d->tag == DW_TAG_enumeration_type ? sizeof(int) : 0);
	rec.flag = is_union;
	return btf_record_end(&x->btf, &rec, 0);
}

static uint32_t put_record(struct expand *x, struct die *d, uint32_t id, unsigned int depth)
{
	switch (d->tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		return d->declaration ? put_forward(x, d) : put_aggregate(x, d, id, depth);
	case DW_TAG_enumeration_type:
		return d->declaration ? put_forward(x, d) : put_enum(x, d, id);
	case DW_TAG_base_type:
		return put_base(x, d, id);
	case DW_TAG_typedef:
		return put_simple(x, d, BTF_TYPEDEF, d->name ? d->name : "", id, depth);
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return put_simple(x, d, BTF_PTR, "", 0, depth);
	case DW_TAG_const_type:
		return put_simple(x, d, BTF_CONST, "", 0, depth);
	case DW_TAG_volatile_type:
		return put_simple(x, d, BTF_VOLATILE, "", 0, depth);
	case DW_TAG_restrict_type:
		return put_simple(x, d, BTF_RESTRICT, "", 0, depth);
	case DW_TAG_atomic_type:
		return put_simple(x, d, BTF_TYPE_TAG, "_Atomic", 0, depth);
	case DW_TAG_array_type:
		return put_array(x, d, depth);
	case DW_TAG_subroutine_type:
		return expand_proto(x, d, depth);
	default:
		return 0;
	}
}

void expand_record(struct expand *x, struct die *d, uint32_t id)
{
	put_record(x, d, id, 0);
}

/* Types within functions, and those of a file that dwz made, are in no list. One that has a name is put
 * later, for it may lead anywhere. */
static uint32_t put_unlisted(struct expand *x, struct die *d, unsigned int depth)
{
	uint64_t facts[3] = { d->size, d->line, d->file }, key;
	uint32_t id;

	if (!d->name || d->declaration)
		return put_record(x, d, 0, depth);
	key = hash_bytes(scan_name_key(d->tag, d->name), facts, sizeof(facts));
	if (idmap_get(&x->by_facts, key, &id))
		return id;
	id = expand_later(x, &d->die);
	if (!id || idmap_put(&x->by_facts, key, id) < 0)
		return 0;
	return id;
}

uint32_t expand_any(struct expand *x, Dwarf_Die *at, unsigned int depth)
{
	Dwarf_Die target;
	struct die d;
	uint32_t id;

	if (x->btf.error)
		return 0;
	if (expand_known(x, at, &id))
		return id;
	if (depth == LIMIT_TYPE_CHAIN || die_read(at, &d) < 0) {
		note(x, at, depth ? "types lead on and on" : why());
		return 0;
	}
	/* What leads back to itself without a name is void there. */
	if (idmap_put(&x->by_address, (uintptr_t)at->addr, 0) < 0) {
		x->btf.error = -ENOMEM;
		return 0;
	}
	id = die_signed(&d, &target) ? expand_any(x, &target, depth + 1)
				     : put_unlisted(x, &d, depth);
	if (idmap_put(&x->by_address, (uintptr_t)at->addr, id) < 0)
		x->btf.error = -ENOMEM;
	return id;
}
