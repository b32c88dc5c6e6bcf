/* struct list_head and struct hlist_head: rings and chains of entries. Each step reads the entry's
 * links before handing it out, so that what comes out lies in memory that is in the dump. */
#pragma once

#include "kernel/fields.h"
#include "kernel/walk/guard.h"

struct list_walk {
	struct kernel *k;
	uint64_t head, next; /* links */
	uint64_t offset;     /* of the links in an entry */
	struct guard guard;
};

/* Begin at the list_head at @head, whose entries hang by their member @f, or by the links @offset
 * bytes into them. */
int list_begin(struct list_walk *w, struct kernel *k, uint64_t head, enum field f);
int list_begin_at(struct list_walk *w, struct kernel *k, uint64_t head, uint64_t offset);

/* 1: *ret is the next entry; 0: the end; -EBADMSG, -EFAULT, -ENODATA: the links lead nowhere; -ELOOP;
 * -EINTR. */
int list_next(struct list_walk *w, uint64_t *ret);

/* The same for a hlist_head or hlist_nulls_head at @head. */
int hlist_begin(struct list_walk *w, struct kernel *k, uint64_t head, enum field f);
int hlist_begin_at(struct list_walk *w, struct kernel *k, uint64_t head, uint64_t offset);
int hlist_next(struct list_walk *w, uint64_t *ret);
