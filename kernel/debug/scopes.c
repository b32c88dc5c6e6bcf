#include "kernel/debug/scopes.h"

#include <dwarf.h>

#include "dump/base/cancel.h"

bool next_child(Dwarf_Die *parent, Dwarf_Die *child, uint32_t *steps)
{
	Dwarf_Off before = dwarf_dieoffset(child->addr ? child : parent);
	int r;

	if (!*steps || cancelled())
		return false;
	--*steps;
	r = child->addr ? dwarf_siblingof(child, child) : dwarf_child(parent, child);
	return r == 0 && dwarf_dieoffset(child) > before;
}

/* Code that belongs to the function it is in. */
static bool is_scope(int tag)
{
	return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
	       tag == DW_TAG_subprogram;
}

static bool scope_at(Dwarf_Die *parent, Dwarf_Addr pc, uint32_t *steps, Dwarf_Die *ret)
{
	Dwarf_Die child = { 0 };

	while (next_child(parent, &child, steps)) {
		if (!is_scope(dwarf_tag(&child)) || dwarf_haspc(&child, pc) <= 0)
			continue;
		*ret = child;
		return true;
	}
	return false;
}

static uint64_t number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attr;
	Dwarf_Word n;

	return dwarf_attr(die, name, &attr) && dwarf_formudata(&attr, &n) == 0 ? n : 0;
}

static const char *path_of(Dwarf_Files *files, size_t n, uint64_t i)
{
	return files && i < n ? dwarf_filesrc(files, i, NULL, NULL) : NULL;
}

static void place_of_row(Dwarf_Die *unit, Dwarf_Addr pc, struct found_place *ret)
{
	Dwarf_Line *row = dwarf_getsrc_die(unit, pc);
	int line;

	if (!row)
		return;
	ret->path = dwarf_linesrc(row, NULL, NULL);
	if (dwarf_lineno(row, &line) == 0 && line > 0)
		ret->line = (uint32_t)line;
}

static void reverse(struct found_place *v, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct found_place other = v[n - 1 - i];

		v[n - 1 - i] = v[i];
		v[i] = other;
	}
}

/* From the function inwards: the place of a call is known with the function that was called. */
static void walk(Dwarf_Die *unit, Dwarf_Die *function, Dwarf_Addr pc, struct found *f)
{
	uint32_t steps = LIMIT_UNIT_STEPS;
	Dwarf_Files *files = NULL;
	Dwarf_Die scope = *function;
	size_t n = 0;

	if (dwarf_getsrcfiles(unit, &files, &n) < 0)
		files = NULL;
	f->v[0].function = dwarf_diename(function);
	while (f->n < LIMIT_INLINED && scope_at(&scope, pc, &steps, &scope)) {
		int tag = dwarf_tag(&scope);
		struct found_place *outer = &f->v[f->n - 1];

		if (tag == DW_TAG_lexical_block)
			continue;
		/* A function that is defined in another is not called where it stands. */
		if (tag == DW_TAG_subprogram) {
			f->v[0].function = dwarf_diename(&scope);
			f->n = 1;
			continue;
		}
		outer->path = path_of(files, n, number_of(&scope, DW_AT_call_file));
		outer->line = (uint32_t)number_of(&scope, DW_AT_call_line);
		f->v[f->n++] = (struct found_place){ .function = dwarf_diename(&scope) };
	}
}

void find_places(Dwarf_Die *unit, Dwarf_Die *function, Dwarf_Addr pc, struct found *ret)
{
	Dwarf_Lines *rows;
	struct found f = { .n = 1 };

	if (dwarf_getsrclines(unit, &rows, &f.rows) < 0)
		f.rows = 0;
	if (function)
		walk(unit, function, pc, &f);
	if (f.rows)
		place_of_row(unit, pc, &f.v[f.n - 1]);
	reverse(f.v, f.n);
	*ret = f;
}
