/* The two halves of the expansion: expand.c knows which types there are, expand_type.c what they are. */
#pragma once

#include "kernel/debug/die.h"
#include "kernel/debug/expand.h"

/* Has the type of this DIE an id already? */
bool expand_known(const struct expand *x, Dwarf_Die *at, uint32_t *ret);

/* Write the record of a type that has a name, for @id. */
void expand_record(struct expand *x, struct die *d, uint32_t id);

/* Reserve an id for the type at @at, whose record is written when the one at hand is done. 0: no memory. */
uint32_t expand_later(struct expand *x, const Dwarf_Die *at);

/* The id of the type at @at, which is @depth types away from one that has a name; 0: void. */
uint32_t expand_any(struct expand *x, Dwarf_Die *at, unsigned int depth);

/* That of the prototype of a function or of a type of functions. */
uint32_t expand_proto(struct expand *x, const struct die *d, unsigned int depth);
