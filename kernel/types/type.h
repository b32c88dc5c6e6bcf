/* The type graph: what the kernel's C types look like. A graph is immutable once its producer has
 * built it, so any thread may walk it, and everything in it lives until types_close(). It comes from
 * a hostile dump: a chain may be endless and a structure may contain itself, so whoever descends
 * counts the steps; the functions here do. It knows nothing of addresses and values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum type_kind {
	TYPE_VOID, /* also what a producer could not make sense of */
	TYPE_INT,
	TYPE_FLOAT,
	TYPE_POINTER,
	TYPE_ARRAY,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_ENUM,
	TYPE_PROTO,   /* of a function: .of is what it returns */
	TYPE_FORWARD, /* a structure or union declared, not defined */
	TYPE_TYPEDEF,
	TYPE_CONST,
	TYPE_VOLATILE,
	TYPE_RESTRICT,
	TYPE_TAG,      /* __user, __rcu, __percpu: .name without underscores */
	TYPE_FUNCTION, /* a function by name: .of is its prototype */
	TYPE_VARIABLE,
	TYPE_KINDS
};

/* Of a structure or union; a parameter of a prototype, with the offset left 0. */
struct member {
	const char *name; /* "" anonymous */
	const struct type *type;
	uint32_t bit_offset; /* from the start of the structure */
	uint8_t bit_size;    /* of a bit field; 0: none */
};

struct enumerator {
	const char *name;
	uint64_t value; /* sign-extended when the type is signed */
};

struct type {
	uint8_t kind;	    /* enum type_kind */
	bool is_signed : 1; /* integer, enumeration */
	bool is_bool : 1;
	bool is_char : 1;
	bool is_union : 1; /* what a forward declaration declares */
	uint32_t nr;	  /* members, parameters, enumerators, array elements; bits of an integer */
	uint64_t size;	  /* bytes; 0 where it is that of .of: see type_size() */
	const char *name; /* "" none */
	const struct type
		*of; /* what it points to, is an array or another name of, returns; NULL none */
	union {
		const struct member *members;
		const struct enumerator *values;
	};
};

extern const struct type type_void;

/* Without names, qualifiers and tags. */
const struct type *type_strip(const struct type *t);

/* Bytes; 0 for void, functions, flexible arrays. UINT64_MAX when it is beyond 64 bits. */
uint64_t type_size(const struct type *t);

static inline bool type_is_aggregate(const struct type *t)
{
	return t->kind == TYPE_STRUCT || t->kind == TYPE_UNION;
}

/* "struct", "union", "enum", "typedef", or "" for what C has no tag for. */
const char *type_keyword(enum type_kind kind);

struct types;

/* Accepts NULL. A graph that others are built upon is closed after them. */
void types_close(struct types *ts);

/* The types of that kind and name: the first, or the one after @prev; then those of the graph below.
 * NULL: no more. C allows one name once; a kernel is linked of many files. */
const struct type *types_find(const struct types *ts, enum type_kind kind, const char *name,
			      const struct type *prev);

/* Is it of this graph, not of one below? */
bool types_owns(const struct types *ts, const struct type *t);

/* All types of this graph alone, in the producer's order. */
size_t types_count(const struct types *ts);
const struct type *types_at(const struct types *ts, size_t i);

/* The value of an enumerator by its name, whatever its enumeration. -ENOENT: none. */
int types_enumerator(const struct types *ts, const char *name, uint64_t *ret);

/* What the producer could not read, one line; NULL: nothing. */
const char *types_problem(const struct types *ts);
