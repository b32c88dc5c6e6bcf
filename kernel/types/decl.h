/* Declarations of the kernel's types, as pahole prints them: structures and unions with offsets,
 * sizes and holes, enumerations, typedefs, functions. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/types/type.h"

/* The definition of @t, with ";\n" behind it. */
void put_definition(struct strbuf *out, const struct type *t);

/* @t declared with the name @name, as "struct list_head *next", without members; @name "" leaves the
 * bare type. */
void put_declaration(struct strbuf *out, const struct type *t, const char *name);
