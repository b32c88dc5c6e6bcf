/* Names of types in C: what is before a declared name and what is around it. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/types/type.h"

#define BODY " {...}"

/* "int (*handler[3])(struct foo *, bool)" is "int", then "(*handler[3])(struct foo *, bool)". What is
 * declared in the end, without what is around its name, pointers and qualifiers, is returned: when it
 * has no name, the first part holds BODY for its definition. @last: the name is a structure's last member, whose
 * array of no elements is flexible. */
const struct type *put_declarator(struct strbuf *left, struct strbuf *right, const struct type *t,
				  const char *name, bool last);
