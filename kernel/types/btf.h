/* The producer that reads BTF: the kernel's own description of its types, in vmlinux's .BTF section
 * and, from 5.2 on, in the dump. Kinds newer than this code are skipped when the BTF tells their
 * size, else what comes before them is kept. */
#pragma once

#include "kernel/types/type.h"

/* Where in the @len bytes at @data, which are the kernel's constant data, its BTF is. False: nothing there looks like
 * that. */
bool btf_find(const void *data, size_t len, size_t *ret_at, size_t *ret_size);

/* Tell @fn of each variable of a section, which has @size bytes; @name is not NUL-terminated beyond its @len. Not 0:
 * stop, and btf_section() returns it. -ENOENT: there is no such section, -EBADMSG: no BTF. */
typedef int btf_variable_fn(void *arg, const char *name, size_t len, uint32_t offset);
int btf_section(const void *data, size_t len, const char *name, btf_variable_fn *fn, void *arg,
		uint32_t *ret_size);

/* Build a graph from the @len bytes at @data, which are not needed afterwards. A module's BTF goes on
 * from the kernel's: @base, which must outlive it, else NULL.
 * -EBADMSG: no BTF, or @base is not whole; -ELOOP: too large. */
int btf_load(const void *data, size_t len, const struct types *base, struct types **ret);
