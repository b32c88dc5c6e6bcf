/* What an address or a value is, in a few words. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* What lies at @va, as far as it can be told of a kernel: "NULL page", "user space", "not canonical",
 * a symbol, a slab's cache; and that it is not mapped, or not in the dump. */
void put_address_kind(struct strbuf *out, struct kernel *k, uint64_t va);

/* What is known to stand for something: NULL, LIST_POISON1, ERR_PTR(-2) ... NULL: nothing. @buf may be
 * where it is written. */
#define VALUE_KIND_MAX 80
const char *value_kind(uint64_t value, char buf[VALUE_KIND_MAX]);
