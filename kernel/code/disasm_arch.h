/* What the decoder wants from an architecture. Only disasm.c and the architectures' own sources for it
 * include this, and with it capstone. */
#pragma once

#include <capstone.h>

#include "kernel/code/disasm.h"

struct arch_decoder {
	cs_arch arch;
	cs_mode mode;
	cs_opt_value syntax; /* as objdump writes it; 0: capstone's own */
	uint8_t unit;	     /* bytes that an instruction has at least */

	/* An instruction at @bytes that capstone does not know: replace it by one of the same length and
	 * operands that it does. Returns the mnemonic that it has really; NULL: all is as it was. */
	const char *(*stand_in)(unsigned char *bytes, size_t n);

	/* Fill .target, .memory and .immediate of @ret, whose .addr and .size are known. */
	void (*describe)(const cs_insn *insn, struct insn *ret);

	/* The operands at @from, as objdump writes them, at @to. */
	void (*put_operands)(char *to, size_t size, const char *from, const cs_insn *insn);
};
