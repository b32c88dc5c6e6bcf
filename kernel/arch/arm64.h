/* What the sources of this architecture share. */
#pragma once

#include "kernel/arch.h"
#include "kernel/kernel.h"

/* How entries of swapped pages look, oldest first. */
enum arm64_swap {
	ARM64_SWAP_2, /* type in bits 2 to 7 */
	ARM64_SWAP_3, /* type in bits 3 to 7: 570ef363509b (v5.19) */
	ARM64_SWAP_6, /* type in bits 6 to 10, offset from bit 12 on: 55564814a838 (v6.11) */
	ARM64_SWAPS
};

/* Make the formats of the kernel's tables and of user space's: pages of 2^@page_shift bytes, @va_bits of
 * an address looked up in them. -EBADMSG: there are no such tables. */
int arm64_formats(unsigned int page_shift, unsigned int va_bits, enum arm64_swap swap,
		  struct pt_format ret[2]);

/* arch.bring_up */
int arm64_bring_up(struct dump *d, struct space *ret);

/* arch.unwind */
extern const struct arch_unwind arm64_unwind;

/* arch.decoder */
extern const struct arch_decoder arm64_decoder;

/* arch_unwind.stacks */
struct stack;
size_t arm64_stacks(struct kernel *k, size_t cpu, struct stack *ret);
