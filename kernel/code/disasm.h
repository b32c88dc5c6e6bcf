/* Machine code as text, in the form of objdump and of crash's dis, and what an instruction refers to.
 * The bytes are those of the dump. It knows nothing of symbols: addresses stay numbers. */
#pragma once

#include "kernel/kernel.h"

#define INSN_BYTES_MAX	16
#define INSN_TEXT_MAX	192
#define INSN_MEMORY_MAX 2
#define DISASM_WINDOW	256

/* Memory that an instruction accesses: base + index * scale + disp, plus the CPU's own offset when it
 * is a per-CPU variable. Registers go by the names that struct regs has for them. */
struct insn_memory {
	const char *base, *index; /* NULL: none */
	uint8_t scale;
	bool relative; /* .disp is the address, counted from the instruction in its code */
	bool per_cpu;
	bool elsewhere; /* counted from a segment whose base nobody recorded */
	uint64_t disp;
	uint8_t size; /* bytes; 0: not known */
};

struct insn {
	uint64_t addr;
	uint8_t size;
	unsigned char bytes[INSN_BYTES_MAX]; /* and what follows */
	bool bad; /* the decoder does not know it: .size is the least, and what follows may be out of step */
	char text[INSN_TEXT_MAX];
	uint64_t target;    /* where a call or jump leads; 0: it is none, or an indirect one */
	uint64_t immediate; /* an operand of 8 bytes that is part of the instruction; 0: none */
	struct insn_memory memory[INSN_MEMORY_MAX];
	uint8_t nr_memory;
	bool accesses; /* .memory, and does not only compute where it is */
};

struct disasm {
	struct kernel *k;
	uint64_t at, end;
	uint64_t first; /* of the bytes in .window */
	size_t n;
	unsigned char window[DISASM_WINDOW];
};

/* Begin at @from, an instruction, and go on up to @end. -EOPNOTSUPP: no decoder for this machine. */
int disasm_begin(struct disasm *d, struct kernel *k, uint64_t from, uint64_t end);

/* 1: *ret is the next instruction; 0: the end; an error when its bytes cannot be read. */
int disasm_next(struct disasm *d, struct insn *ret);

struct decoder;

/* kernel.c's: what is kept of the decoder. NULL: no memory. */
struct decoder *decoder_new(struct kernel *k);
void decoder_free(struct decoder *d);
