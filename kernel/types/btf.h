/* The producer that reads BTF: the kernel's own description of its types, in vmlinux's .BTF section
 * and, from 5.2 on, in the dump. Kinds newer than this code are skipped when the BTF tells their
 * size, else what comes before them is kept. */
#pragma once

#include "kernel/types/type.h"

/* Build a graph from the @len bytes at @data, which are not needed afterwards. A module's BTF goes on
 * from the kernel's: @base, which must outlive it, else NULL.
 * -EBADMSG: no BTF, or @base is not whole; -ELOOP: too large. */
int btf_load(const void *data, size_t len, const struct types *base, struct types **ret);
