/* Within one unit of a debug file: the functions that were put into each other at an address, and its
 * line. It keeps nothing, and the text that it finds is libdw's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#include "dump/base/limits.h"

/* As struct source_line, with the path as it is in the file. */
struct found_place {
	const char *function, *path;
	uint32_t line;
};

/* Innermost first. */
struct found {
	size_t n, rows; /* rows of the unit's line table */
	struct found_place v[LIMIT_INLINED + 1];
};

/* Look at the children of a DIE one by one, none twice, whatever a damaged file says, and at no more than
 * *@steps. @child: the last one, or with no address the one before the first. false: there is no other. */
bool next_child(Dwarf_Die *parent, Dwarf_Die *child, uint32_t *steps);

/* Of the code at @pc in @unit. @function: the DIE of the function that it is in; NULL: not known. */
void find_places(Dwarf_Die *unit, Dwarf_Die *function, Dwarf_Addr pc, struct found *ret);
