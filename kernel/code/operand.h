/* Where the memory is that an instruction accesses, by the registers that it met. */
#pragma once

#include "kernel/code/disasm.h"
#include "kernel/unwind/machine.h"

/* -ENOENT: it depends on something that is not known. */
int operand_address(struct kernel *k, const struct arch_unwind *a, const struct cursor *regs,
		    size_t cpu, const struct insn_memory *m, uint64_t *ret);

/* The value of the register of that name. -ENOENT: not known. */
int cursor_by_name(const struct arch_unwind *a, const struct cursor *c, const char *name,
		   uint64_t *ret);
