/* The vmlinux that was given: is it this kernel's, and how far was the kernel moved (KASLR)? */
#pragma once

#include "kernel/kernel.h"
#include "kernel/objfile.h"

/* Open the file of @k's options. -EINVAL, with the build-ids or banners of both, when it is not this
 * kernel's and that is not to be forced. */
int vmlinux_open(struct kernel *k, struct objfile **ret);

/* What to add to its addresses. -ENOENT: not known. */
int vmlinux_offset(struct kernel *k, struct objfile *o, uint64_t *ret);

/* The build-id of the dump's kernel: of its notes in memory, else as VMCOREINFO says. .len 0: not
 * known. */
void kernel_build_id(struct kernel *k, struct build_id *ret);
