/* The vmlinux that was given: is it this kernel's, and how far was the kernel moved (KASLR)? */
#pragma once

#include "kernel/kernel.h"
#include "kernel/symbol/objfile.h"

/* -EINVAL, with the build-ids or banners of both: @o is not this kernel's. */
int vmlinux_fits(struct kernel *k, struct objfile *o);

/* What to add to its addresses. -ENOENT: not known. */
int vmlinux_offset(struct kernel *k, struct objfile *o, uint64_t *ret);

/* The build-id of the dump's kernel: of its notes in memory, else as VMCOREINFO says. .len 0: not
 * known. */
void kernel_build_id(struct kernel *k, struct build_id *ret);
