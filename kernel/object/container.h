/* Containers of the kernel as their entries: lists, hash chains, red-black trees, xarrays, radix trees,
 * IDRs and maple trees, typed by the kernel's own conventions (containers.def) or as the caller says. */
#pragma once

#include "kernel/object/object.h"

struct container {
	struct object at;	  /* the container, or a link in one of its entries */
	const struct type *entry; /* NULL: not known what it holds */
	uint64_t offset;	  /* of the link in an entry; 0 where entries are pointed to */
	uint64_t head;		  /* a bare head, which is no entry; 0: none */
};

/* Is it of a type that holds others? */
bool container_is(const struct object *o);

/* What @member of the structure @of is, by convention. -ENOENT: it is no container. One of which no
 * convention is known has .entry NULL. */
int container_of_member(struct kernel *k, const struct object *of, const char *name,
			const struct object *member, struct container *ret);

/* The same of an object that is a global variable or stands alone. */
int container_of_object(struct kernel *k, const struct object *o, struct container *ret);

/* What it is when its entries are "struct.member", or "struct" alone where they are pointed to.
 * -ENOENT: there is no such member. */
int container_as(struct kernel *k, const struct object *o, const char *entry,
		 struct container *ret);

/* Each entry; @index is its number, or its own index in an xarray or IDR. One that is no pointer has a
 * NULL .type and the number in .addr. Not 0 ends it. @ends: what container_each() returns then. */
typedef int container_fn(void *arg, uint64_t index, const struct object *entry);
int container_each(struct kernel *k, const struct container *c, container_fn *fn, void *arg);

/* The entry of this index. -ENOENT. */
int container_at(struct kernel *k, const struct container *c, uint64_t index, struct object *ret);

struct container_memo;

/* kernel.c's: the entries of the container that was asked last, so that who asks for one after the other
 * does not walk all the way each time. NULL: no memory. */
struct container_memo *container_memo_new(struct kernel *k);
void container_memo_free(struct container_memo *m);
