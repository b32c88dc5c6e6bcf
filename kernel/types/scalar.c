#include "kernel/types/scalar.h"

#include <errno.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"

/* The only part of @t, as long as @t; else NULL. */
static const struct type *only_part(const struct type *t)
{
	const struct type *part = NULL;

	if (type_is_aggregate(t) && t->nr == 1 && !t->members[0].bit_size)
		part = t->members[0].type;
	else if (t->kind == TYPE_ARRAY && t->nr == 1)
		part = t->of;
	return part && type_size(part) == type_size(t) ? part : NULL;
}

/* What the value is in the end: an integer, a floating point number, an enumeration, a pointer;
 * behind names, qualifiers and structures that have one member and nothing else (kuid_t, atomic_t).
 * NULL: it is no single number. */
static const struct type *scalar_type(const struct type *t)
{
	for (int i = 0; t && i < LIMIT_TYPE_DEPTH; i++) {
		t = type_strip(t);
		switch (t->kind) {
		case TYPE_INT:
		case TYPE_FLOAT:
		case TYPE_ENUM:
		case TYPE_POINTER:
			return t;
		}
		t = only_part(t);
	}
	return NULL;
}

static unsigned int bits_of(const struct place *p, const struct type *t)
{
	return p->bit_size ? p->bit_size : (unsigned int)t->size * 8;
}

int scalar_bytes(const struct place *p, size_t *ret)
{
	const struct type *t = scalar_type(p->type);

	if (!t || !t->size || t->size > 8 || p->bit_size > 64)
		return fail(-EINVAL, "no number");
	*ret = (size_t)(p->bit_offset % 8 + bits_of(p, t) + 7) / 8;
	return 0;
}

uint64_t scalar_value(const struct place *p, const unsigned char *bytes)
{
	const struct type *t = scalar_type(p->type);
	unsigned int bits = bits_of(p, t), shift = p->bit_offset % 8;
	uint64_t v = 0;

	for (unsigned int at = 0; at < shift + bits; at += 8)
		v |= at < shift ? (uint64_t)bytes[0] >> shift
				: (uint64_t)bytes[at / 8] << (at - shift);
	if (bits < 64) {
		v &= (1ull << bits) - 1;
		if (t->is_signed && v >> (bits - 1))
			v |= ~0ull << bits;
	}
	return v;
}
