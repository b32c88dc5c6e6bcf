/* The pieces of value.c: a window on the object, numbers, characters, addresses. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"
#include "kernel/types/scalar.h"

#define NOT_IN_DUMP "<not in dump>"

/* An object's bytes, as far as the dump has them. */
struct window {
	struct kernel *k;
	uint64_t addr, size;
	unsigned char *bytes;
	unsigned char *missing; /* a flag a page that the object touches; NULL: it is whole */
};

/* -EINVAL: too large to be an object; the errors of kernel_read() when no page of it is there. */
int window_open(struct window *w, struct kernel *k, uint64_t addr, uint64_t size);
void window_close(struct window *w);

/* Are these bytes part of the object, in the dump or not? */
bool window_has(const struct window *w, uint64_t off, uint64_t size);

/* The @size bytes at @off, or NULL: not in the dump, or outside of the object. */
const unsigned char *window_at(const struct window *w, uint64_t off, uint64_t size);

static inline uint64_t window_addr(const struct window *w)
{
	return w->addr;
}

/* Does C take it for a character? */
bool is_char(const struct type *t);

/* "text": NULs at the end left out, others and what is not ASCII as \000. */
void put_chars(struct strbuf *out, const unsigned char *bytes, size_t len);

/* "0xffffffff83a1b2d0 <init_task+2192>". */
void put_address(struct strbuf *out, struct kernel *k, uint64_t addr);

/* @v of the type @t: an integer, enumeration, pointer (with what it points to, if that is text). */
void put_number(struct strbuf *out, struct kernel *k, const struct type *t, uint64_t v);

/* An integer of more than 8 bytes, in hexadecimal. */
void put_wide(struct strbuf *out, const unsigned char *bytes, size_t len);
