/* Which types there are, and which of the DIEs that describe one counts. */
#include "kernel/debug/expand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/debug/die.h"
#include "kernel/debug/expand_type.h"

static int cmp_cu(const void *a, const void *b)
{
	const struct unit *const *x = a, *const *y = b;

	return ((uintptr_t)(*x)->cu > (uintptr_t)(*y)->cu) -
	       ((uintptr_t)(*x)->cu < (uintptr_t)(*y)->cu);
}

static int index_units(struct expand *x)
{
	x->by_cu = calloc(x->s->nr + 1, sizeof(*x->by_cu));
	if (!x->by_cu)
		return fail(-ENOMEM, "%zu units", x->s->nr);
	for (size_t i = 0; i < x->s->nr; i++)
		x->by_cu[i] = &x->s->units[i];
	qsort(x->by_cu, x->s->nr, sizeof(*x->by_cu), cmp_cu);
	return 0;
}

static int add_first(struct expand *x, size_t *room, const struct unit *u, const struct named *n)
{
	uint32_t id = btf_reserve(&x->btf);

	if (!id)
		return fail(x->btf.error, "%u types", x->btf.nr);
	if (id > *room) {
		size_t more = *room ? 2 * *room : 4096;
		struct first *v = realloc(x->first, more * sizeof(*v));

		if (!v)
			return fail(-ENOMEM, "%zu types", more);
		x->first = v;
		*room = more;
	}
	x->first[id - 1] = (struct first){ u, n->at };
	x->nr_named = id;
	return idmap_put(&x->by_key, n->key, id);
}

/* Give each complete type its id, in the order of the units. */
static int number_types(struct expand *x)
{
	size_t room = 0;
	uint32_t id;

	for (size_t i = 0; i < x->s->nr; i++) {
		const struct unit *u = &x->s->units[i];

		for (size_t n = 0; n < u->nr_named; n++) {
			int r = 0;

			if (u->named[n].complete && !idmap_get(&x->by_key, u->named[n].key, &id))
				r = add_first(x, &room, u, &u->named[n]);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* All passes go through the units in order. */
static void moved_to(struct expand *x, const struct unit *u)
{
	if (u->in_types == x->in_types && u->start - x->given_back < DWARF_GIVE_BACK)
		return;
	dwarf_give_back(x->dwarf);
	x->given_back = u->start;
	x->in_types = u->in_types;
}

/* The DIE at @at bytes from the start of the unit. -EBADMSG: there is none. */
static int die_of_unit(struct expand *x, const struct unit *u, uint32_t at, Dwarf_Die *ret)
{
	Dwarf_Die *found;

	moved_to(x, u);
	found = u->in_types ? dwarf_offdie_types(x->dwarf, u->start + at, ret)
			    : dwarf_offdie(x->dwarf, u->start + at, ret);
	return found ? 0 : fail(-EBADMSG, "no DIE at %#lx", u->start + at);
}

/* So that a declaration finds its definition. */
static int name_types(struct expand *x)
{
	for (uint32_t id = 1; id <= x->nr_named; id++) {
		const struct first *f = &x->first[id - 1];
		const char *name;
		Dwarf_Die at;
		uint64_t key;
		uint32_t other;
		int r;

		if (die_of_unit(x, f->unit, f->at, &at) < 0)
			continue;
		name = dwarf_diename(&at);
		if (!name)
			continue;
		key = scan_name_key(dwarf_tag(&at), name);
		r = idmap_put(&x->by_name, key, idmap_get(&x->by_name, key, &other) ? 0 : id);
		if (r < 0)
			return r;
	}
	return 0;
}

uint32_t expand_later(struct expand *x, const Dwarf_Die *at)
{
	uint32_t id = btf_reserve(&x->btf);

	if (x->nr_later == x->room_later) {
		size_t room = x->room_later ? 2 * x->room_later : 64;
		struct later *more = realloc(x->later, room * sizeof(*more));

		if (!more) {
			x->btf.error = -ENOMEM;
			return 0;
		}
		x->later = more;
		x->room_later = room;
	}
	x->later[x->nr_later++] = (struct later){ *at, id };
	return id;
}

/* Write what waits, and what that makes wait. */
static void expand_waiting(struct expand *x)
{
	struct die d;

	while (x->nr_later && !x->btf.error) {
		struct later l = x->later[--x->nr_later];

		if (die_read(&l.at, &d) == 0)
			expand_record(x, &d, l.id);
	}
}

static int expand_named(struct expand *x, progress_fn *progress)
{
	struct die d;
	Dwarf_Die at;

	for (uint32_t id = 1; id <= x->nr_named && !x->btf.error; id++) {
		const struct first *f = &x->first[id - 1];

		if (cancelled())
			return fail(-EINTR, "interrupted while reading DWARF");
		if (progress && id % 4096 == 0)
			progress("types of the debug file",
				 90 + (unsigned int)(id * 8ull / x->nr_named));
		if (die_of_unit(x, f->unit, f->at, &at) == 0 && die_read(&at, &d) == 0)
			expand_record(x, &d, id);
		expand_waiting(x);
	}
	return x->btf.error ? fail(x->btf.error, "%u types", x->btf.nr) : 0;
}

/* The unit of the scan that a DIE is of; NULL: it is of another file, which dwz made. */
static const struct unit *unit_of(const struct expand *x, const Dwarf_Die *at)
{
	size_t low = 0, high = x->s->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (x->by_cu[mid]->cu == at->cu)
			return x->by_cu[mid];
		if ((uintptr_t)x->by_cu[mid]->cu < (uintptr_t)at->cu)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The types of a partial unit, and of those that it imports in turn. */
static int expand_partial(struct expand *x, Dwarf_Die *unit, unsigned int depth)
{
	Dwarf_Attribute a;
	Dwarf_Die at, other;
	uint32_t id;
	int r;

	if (depth == LIMIT_DIE_CHAIN || idmap_get(&x->by_address, (uintptr_t)unit->addr, &id) ||
	    dwarf_child(unit, &at) != 0)
		return 0;
	r = idmap_put(&x->by_address, (uintptr_t)unit->addr, 0);
	while (r >= 0 && !x->btf.error) {
		int tag = dwarf_tag(&at);

		if (cancelled())
			return fail(-EINTR, "interrupted while reading DWARF");
		if (tag == DW_TAG_imported_unit && dwarf_attr(&at, DW_AT_import, &a) &&
		    dwarf_formref_die(&a, &other))
			r = expand_partial(x, &other, depth + 1);
		else if (tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
			 tag == DW_TAG_enumeration_type || tag == DW_TAG_typedef)
			expand_any(x, &at, 0);
		expand_waiting(x);
		if (die_next(&at) <= 0)
			break;
	}
	return r;
}

/* dwz moves what several files have to another one, which is in no list of units. A unit that imports
 * of it says so. */
static int expand_imported(struct expand *x)
{
	int r = 0;

	for (size_t i = 0; dwarf_getalt(x->dwarf) && i < x->s->nr && r >= 0; i++) {
		const struct unit *u = &x->s->units[i];
		Dwarf_Attribute a;
		Dwarf_Die unit, at, other;

		if (die_of_unit(x, u, (uint32_t)(u->offset - u->start), &unit) < 0 ||
		    dwarf_child(&unit, &at) != 0)
			continue;
		do {
			if (dwarf_tag(&at) == DW_TAG_imported_unit &&
			    dwarf_attr(&at, DW_AT_import, &a) && dwarf_formref_die(&a, &other) &&
			    !unit_of(x, &other))
				r = expand_partial(x, &other, 0);
		} while (r >= 0 && die_next(&at) > 0);
	}
	return r;
}

int expand_begin(struct expand *x, const struct scan *s, Dwarf *dwarf, progress_fn *progress)
{
	int r;

	*x = (struct expand){ .s = s, .dwarf = dwarf };
	r = index_units(x);
	if (r >= 0)
		r = number_types(x);
	if (r >= 0)
		r = name_types(x);
	if (r >= 0)
		r = expand_named(x, progress);
	if (r >= 0)
		r = expand_imported(x);
	if (r < 0)
		expand_fini(x);
	return r;
}

void expand_fini(struct expand *x)
{
	btf_writer_fini(&x->btf);
	idmap_fini(&x->by_key);
	idmap_fini(&x->by_name);
	idmap_fini(&x->by_address);
	idmap_fini(&x->by_facts);
	free(x->by_cu);
	free(x->first);
	free(x->later);
	*x = (struct expand){ 0 };
}

static const struct named *find_named(const struct unit *u, uint32_t at)
{
	size_t low = 0, high = u->nr_named;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (u->named[mid].at == at)
			return &u->named[mid];
		if (u->named[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

bool expand_known(const struct expand *x, Dwarf_Die *at, uint32_t *ret)
{
	const struct unit *u = unit_of(x, at);
	const struct named *n =
		u ? find_named(u, (uint32_t)(dwarf_dieoffset(at) - u->start)) : NULL;

	if (!n || !n->complete)
		return idmap_get(&x->by_address, (uintptr_t)at->addr, ret);
	return idmap_get(&x->by_key, n->key, ret);
}

/* Whoever has the type and the parameters is where a copy of a function, or a definition, comes from. */
int expand_declared(struct expand *x, const struct unit *u, const struct declared *d,
		    struct expanded *ret)
{
	struct die die, origin;
	Dwarf_Die at;
	int r = die_of_unit(x, u, d->at, &at);

	if (r >= 0)
		r = die_read(&at, &die);
	if (r < 0)
		return r;
	ret->name = die.name;
	for (int i = 0; i < LIMIT_DIE_CHAIN && die_origin(&die, &at); i++) {
		if (d->kind == DECL_VARIABLE && die.type.code && ret->name)
			break;
		if (die_read(&at, &origin) < 0)
			break;
		if (!ret->name)
			ret->name = origin.name;
		if (d->kind == DECL_VARIABLE && die.type.code)
			origin.type = die.type;
		die = origin;
	}
	if (!ret->name)
		ret->name = "";
	if (d->kind == DECL_FUNCTION)
		ret->type = expand_proto(x, &die, 0);
	else
		ret->type = die_type(&die, &at) ? expand_any(x, &at, 0) : 0;
	expand_waiting(x);
	return x->btf.error ? fail(x->btf.error, "%u types", x->btf.nr) : 0;
}
