/* What the sources of this architecture share. */
#pragma once

#include "kernel/arch.h"
#include "kernel/kernel.h"

#define START_KERNEL_MAP UINT64_C(0xffffffff80000000)

/* CR4 bit 12, LA57. 77ef56e4f0fb (v4.17) */
extern const struct pt_format x86_four_levels, x86_five_levels;

/* arch.bring_up */
int x86_bring_up(struct dump *d, struct space *ret);

/* How many bytes of a kernel's image the tables at @root map; 0: none, and @ret is as it was. */
uint64_t x86_try_root(struct dump *d, uint64_t root, bool five, struct space *ret);

/* Find the tables by the content of memory. -ENOENT; -EINTR. */
int x86_scan(struct dump *d, struct space *ret);

/* arch.unwind */
extern const struct arch_unwind x86_64_unwind;

/* arch.fpregs */
int x86_fpregs(struct kernel *k, uint64_t task, struct fpregs *ret);

/* arch.decoder */
extern const struct arch_decoder x86_64_decoder;

/* arch_unwind.stacks */
struct stack;
size_t x86_stacks(struct kernel *k, size_t cpu, struct stack *ret);
