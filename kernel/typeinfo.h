/* Where types come from. A dump keeps them: the kernel's BTF between two symbols of its image, those of
 * modules in memory, where the kernel put them when it loaded each. Debug files have them, too. */
#pragma once

#include "kernel/kernel.h"
#include "kernel/types/type.h"

/* The kernel's own: of the dump's BTF; of the vmlinux's, when that is not there or damaged; of its DWARF.
 * @ret_own: what the caller closes, or NULL. -ENOENT: this kernel has no BTF (5.2 was the first that may)
 * and no debug file, or its symbols are not known. */
int typeinfo_kernel(struct kernel *k, struct types **ret_own, const struct types **ret);

/* The types of the module whose struct module is at @module, on top of the kernel's; made once, and
 * borrowed until kernel_close(). -ENOENT: it has none of its own. */
int typeinfo_module(struct kernel *k, uint64_t module, const struct types **ret);

/* All of them: the kernel's is the first, then each module's that has some. @ret_module: the address of
 * its struct module; 0: the kernel's. -ENOENT: no more. */
int typeinfo_graph(struct kernel *k, size_t i, const struct types **ret, uint64_t *ret_module);

/* For kernel.c: what is kept of them. */
struct typeinfo;

/* NULL: no memory. */
struct typeinfo *typeinfo_new(struct kernel *k);
void typeinfo_free(struct typeinfo *ti);
