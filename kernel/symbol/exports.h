/* The symbols that a kernel exports to its modules (EXPORT_SYMBOL), for kernels whose kallsyms has functions
 * alone: without CONFIG_KALLSYMS_ALL nothing else names data. No symbol tells where the table is; it is found
 * by its content: entries that lead to their names, in alphabetical order. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/mem/constant.h"

struct exports {
	uint64_t at; /* of the first entry */
	size_t n;
	const char *form; /* in words */
};

/* @name lives as long as the constant data. Not 0: stop, and exports_find() returns it. */
typedef int export_fn(void *arg, const char *name, size_t len, uint64_t value);

/* Tell @fn of each, in the order of the table; values lie in @image, or are offsets of per-CPU variables. -ENOENT:
 * there is no such table. */
int exports_find(const struct constant *c, const struct region *image, export_fn *fn, void *arg,
		 struct exports *ret);
