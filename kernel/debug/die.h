/* One DIE of DWARF 2 to 5: what those attributes say that types, variables and functions are known by.
 * Its bytes may be anything. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <elfutils/libdw.h>

struct die {
	Dwarf_Die die;
	int tag;
	const char *name; /* NULL: none; as long as the handle */
	uint64_t size;	  /* bytes */
	uint64_t file, line;
	uint64_t encoding;
	bool has_size;
	bool declaration, external, ranges;
	bool has_bit_offset, has_data_bit_offset;
	uint64_t bit_size, bit_offset, data_bit_offset;
	Dwarf_Attribute type, origin, signature, location, low_pc, member; /* .code 0: none */
};

/* -EBADMSG: its attributes cannot be read. */
int die_read(Dwarf_Die *at, struct die *ret);

/* The type it has; false: none, which is void. */
bool die_type(const struct die *d, Dwarf_Die *ret);

/* The type whose signature it has, in a unit of its own (-fdebug-types-section). */
bool die_signed(const struct die *d, Dwarf_Die *ret);

/* What DW_AT_specification or DW_AT_abstract_origin leads to. */
bool die_origin(const struct die *d, Dwarf_Die *ret);

/* The address that a variable has all its life. */
bool die_address(const struct die *d, uint64_t *ret);

/* Bytes from the start of the structure to a member, or to what holds its bits. -EBADMSG: an expression
 * that no C compiler writes. */
int die_member_offset(const struct die *d, uint64_t *ret);

/* 1: the next one on the same level is in *@at; 0: no more; -EBADMSG: what is there is no DIE, or leads
 * back. */
int die_next(Dwarf_Die *at);

/* An attribute as a number; false: it has none. */
bool die_number(Dwarf_Die *at, unsigned int attribute, uint64_t *ret);
