/* The symbols of a module: those of its ELF file that outlive its initialisation. */
#pragma once

#include "kernel/kernel.h"
#include "kernel/symbol/symtab.h"

/* Add them to @ret, which is not sealed, as @owner's, with the ends of the module's memory. Those by
 * which the kernel names no address (.LC0) only if @all. -ENOENT: the kernel keeps none. */
int module_symbols(struct kernel *k, uint64_t module, uint16_t owner, bool all, struct symtab *ret);
