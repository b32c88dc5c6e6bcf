/* Objects: values of the kernel's memory by type and address, and the way from one to the next by the
 * names of members, by indices and by pointers. It prints nothing. */
#pragma once

#include "kernel/kernel.h"
#include "kernel/types/member.h"

struct object {
	const struct type *type;
	uint64_t addr;	    /* of its first byte */
	uint8_t bit_offset; /* of a bit field in that byte */
	uint8_t bit_size;   /* 0: none */
	uint8_t stars; /* it is a pointer to that many pointers, to .type in the end; 0: none */
};

enum object_kind {
	OBJECT_AGGREGATE,
	OBJECT_ARRAY,
	OBJECT_STRING, /* an array of characters */
	OBJECT_POINTER,
	OBJECT_SCALAR,
};

enum object_kind object_kind(const struct object *o);

/* Is it a character, so that a string may begin there? */
bool object_is_char(const struct object *o);

/* Bytes; 0 where it is not known, as of a flexible array. */
uint64_t object_size(const struct object *o);

/* "task_struct@init_task", "unsigned long@ffffffff82a00000", "char **@...". A structure is preferred to
 * a union, that to a typedef, an enumeration, a basic type; the kernel's types to those of modules. The
 * place must be mapped, whether it is in the dump or not. -ENOENT: anything is wrong with it. */
int object_parse(struct kernel *k, const char *text, struct object *ret);

/* The type called @name (@len bytes), in the same order. -ENOENT. */
int object_type(struct kernel *k, const char *name, size_t len, const struct type **ret);

/* The member of this name, anonymous ones looked through. -ENOENT. */
int object_member(const struct object *o, const char *name, struct object *ret);

/* Each member by name, in declaration order, anonymous ones looked through. Not 0 ends it. */
typedef int object_fn(void *arg, const char *name, const struct object *member);
int object_members(const struct object *o, object_fn *fn, void *arg);

/* How many elements an array has as declared, and the @i-th, which may lie beyond: C does not forbid it.
 * -ENOENT: it is no array, or @i is beyond reason. */
uint64_t object_elements(const struct object *o);
int object_element(const struct object *o, uint64_t i, struct object *ret);

/* ".tasks.next", ".comm[3]": the innermost member that the byte at @addr is of; the first one in a union.
 * Nothing where there is none, as in padding. */
void put_object_path(struct strbuf *out, const struct object *o, uint64_t addr);

/* The value of a number or a pointer. -EINVAL: it is none; the errors of kernel_read(). */
int object_value(struct kernel *k, const struct object *o, uint64_t *ret);

/* What a pointer of value @v points to. -ENOENT: nothing that has a type. */
int object_target(const struct object *o, uint64_t v, struct object *ret);

/* Does it point to a function? */
bool object_points_to_code(const struct object *o);

/* The name by which object_parse() finds it: "task_struct@ffff888003a5c000". -ENOENT: its type has no
 * name. */
int put_object_name(struct strbuf *out, const struct object *o);
