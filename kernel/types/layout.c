#include "kernel/types/layout.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"

/* Of the largest member, whatever holds it. A structure of the dump may hold itself, in many ways. */
static uint64_t alignment(const struct type *t, unsigned int depth, unsigned int *steps)
{
	uint64_t most = 1;

	for (t = type_strip(t); t->kind == TYPE_ARRAY && *steps; (*steps)--)
		t = type_strip(t->of);
	if (!type_is_aggregate(t))
		return t->size && t->size <= 16 && !(t->size & (t->size - 1)) ? t->size : 1;
	if (!depth)
		return 1;
	for (uint32_t i = 0; i < t->nr && *steps; i++) {
		uint64_t a;

		(*steps)--;
		a = alignment(t->members[i].type, depth - 1, steps);
		if (a > most)
			most = a;
	}
	return most;
}

/* A bit field's unit is the aligned one that it begins in; if it does not end there, the structure
 * is packed, and its unit begins with its first byte. */
static void place_bits(struct spot *s, const struct member *m)
{
	uint64_t unit = s->size * 8;

	s->bits = m->bit_size;
	if (!unit)
		return;
	s->offset = m->bit_offset / unit * s->size;
	s->bit = (unsigned int)(m->bit_offset - s->offset * 8);
	if (s->bit + s->bits > unit) {
		s->offset = m->bit_offset / 8;
		s->bit = m->bit_offset % 8;
	}
}

static uint64_t first_bit(const struct spot *s)
{
	return s->offset * 8 + s->bit;
}

static uint64_t end_bit(const struct spot *s)
{
	return first_bit(s) + (s->bits ? s->bits : s->size * 8);
}

/* Bit fields of different types share the longest of their units. */
static void find_units(struct layout *lo, const struct type *t)
{
	for (uint32_t i = 0; i < t->nr; i++) {
		struct spot *s = &lo->spots[i];

		s->end = s->offset + s->size;
		if (i && s->bits && s[-1].bits && s[-1].end > s->end && s[-1].end > s->offset)
			s->end = s[-1].end;
	}
}

/* Split the room behind @last, from bit @end up to @start: what is left of a bit field's unit, or of
 * a byte, is bits, the rest bytes. */
static void split_room(const struct spot *last, uint64_t end, uint64_t start, uint64_t *ret_bytes,
		       unsigned int *ret_bits)
{
	uint64_t unit_end = last->bits ? last->end * 8 : (end + 7) / 8 * 8, room = start - end;

	*ret_bits = (unsigned int)(start < unit_end ? room : unit_end - end);
	/* a field that begins within a byte leaves bits open before it */
	*ret_bits += (room - *ret_bits) % 8;
	*ret_bytes = (room - *ret_bits) / 8;
}

/* The smallest alignment by an attribute that explains @gap bytes before @offset. */
static uint64_t forced(uint64_t gap, uint64_t offset)
{
	uint64_t align = 2;

	while (align <= gap)
		align *= 2;
	return align <= CACHELINE && offset % CACHELINE == 0 ? CACHELINE : align;
}

static uint64_t forced_member(const struct spot *s, uint64_t gap)
{
	uint64_t align = forced(gap, s->offset);

	return gap >= s->natural && s->offset % align == 0 ? align : 0;
}

static void find_holes(struct layout *lo, const struct type *t)
{
	struct spot *last = NULL;
	uint64_t end = 0, filled = 0; /* bits; without members that have no size */

	for (uint32_t i = 0; i < t->nr; i++) {
		struct spot *s = &lo->spots[i];
		uint64_t start = first_bit(s);

		if (last && start > end) {
			split_room(last, end, start, &last->hole, &last->bit_hole);
			lo->nr_holes += last->hole != 0;
			lo->nr_bit_holes += last->bit_hole != 0;
		}
		if (!s->bits && s->size && start > filled)
			s->align = forced_member(s, (start - filled) / 8);
		if (end_bit(s) >= end) {
			end = end_bit(s);
			last = s;
		}
		if (s->size && end > filled)
			filled = end;
	}
	if (!last)
		lo->padding = t->size;
	else if (t->size * 8 > end)
		split_room(last, end, t->size * 8, &lo->padding, &lo->bit_padding);
}

/* A hole before a flexible array at the end is the structure's alignment, too. */
static void find_alignment(struct layout *lo, const struct type *t)
{
	const struct spot *last = t->nr ? &lo->spots[t->nr - 1] : NULL;
	uint64_t gap = lo->padding;

	if (!gap && t->nr > 1 && !last->size)
		gap = last[-1].hole;
	if (gap >= lo->natural)
		lo->align = forced(gap, t->size);
}

static void find_packed(struct layout *lo, const struct type *t)
{
	if (lo->padding || lo->nr_holes)
		return;
	for (uint32_t i = 0; i < t->nr; i++)
		lo->packed |= lo->spots[i].offset % lo->spots[i].natural != 0;
	lo->packed |= t->size % lo->natural != 0;
}

int layout_init(struct layout *lo, const struct type *t)
{
	unsigned int steps = LIMIT_ALIGNMENT_STEPS;

	*lo = (struct layout){ .natural = 1,
			       .spots = calloc((size_t)t->nr + 1, sizeof(*lo->spots)) };
	if (!lo->spots)
		return fail(-ENOMEM, "layout of %s", t->name);
	for (uint32_t i = 0; i < t->nr; i++) {
		const struct member *m = &t->members[i];
		struct spot *s = &lo->spots[i];

		s->offset = m->bit_offset / 8;
		s->size = type_size(m->type);
		s->natural = alignment(m->type, LIMIT_TYPE_DEPTH, &steps);
		if (s->natural > lo->natural)
			lo->natural = s->natural;
		if (s->size > UINT32_MAX)
			s->size = 0; /* of no C compiler */
		if (m->bit_size)
			place_bits(s, m);
	}
	find_units(lo, t);
	if (t->kind != TYPE_STRUCT)
		return 0;
	find_holes(lo, t);
	find_alignment(lo, t);
	find_packed(lo, t);
	return 0;
}

void layout_fini(struct layout *lo)
{
	free(lo->spots);
}
