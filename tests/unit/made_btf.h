/* BTF made on the spot, a type after the other. Ids are what the functions return. */
#pragma once

#include "kernel/types/btf.h"
#include "tests/image/image.h"

enum {
	MADE_INT = 1,
	MADE_PTR,
	MADE_ARRAY,
	MADE_STRUCT,
	MADE_UNION,
	MADE_ENUM,
	MADE_FWD,
	MADE_TYPEDEF,
	MADE_VOLATILE,
	MADE_CONST,
	MADE_RESTRICT,
	MADE_FUNC,
	MADE_PROTO,
	MADE_VAR,
	MADE_DATASEC,
	MADE_FLOAT,
	MADE_DECL_TAG,
	MADE_TYPE_TAG,
	MADE_ENUM64,
};

#define MADE_SIGNED (1u << 24)
#define MADE_CHAR   (2u << 24)
#define MADE_BOOL   (4u << 24)

struct made_btf {
	struct blob types, strings, layout;
	uint32_t nr;	       /* of types, those below included */
	uint32_t first_string; /* offset of the first string of its own */
	size_t last;	       /* where the last type is */
	bool wide;	       /* a header that has layout */
};

/* @base: the one that it goes on from; NULL: none. */
void btf_init(struct made_btf *b, const struct made_btf *base);
void btf_fini(struct made_btf *b);

/* Any type, by its three words; what follows it is appended by btf_word(). */
uint32_t btf_type(struct made_btf *b, uint32_t kind, const char *name, uint32_t size_or_type);
void btf_word(struct made_btf *b, uint32_t word);

uint32_t btf_int(struct made_btf *b, const char *name, uint32_t size, uint32_t how);
uint32_t btf_array(struct made_btf *b, uint32_t of, uint32_t nr);

/* To the last type, which is a structure or union; an enumeration; a prototype. @bit_size >= 0: as
 * the kinds with a flag have it. */
void btf_member(struct made_btf *b, const char *name, uint32_t type, uint32_t bit_offset,
		int bit_size);
void btf_value(struct made_btf *b, const char *name, uint64_t value);
void btf_param(struct made_btf *b, const char *name, uint32_t type);
void btf_flag(struct made_btf *b);

/* The file; the caller frees it. */
struct blob btf_bytes(const struct made_btf *b);

/* Loaded; ends the test when it is not. */
struct types *btf_types(const struct made_btf *b, const struct types *base);
