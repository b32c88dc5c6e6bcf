/* ORC: the rules that the kernel's own unwinder goes by, from the tables that it has in memory. A rule
 * holds for a range of text and tells where the caller's frame is, and where the frame pointer was
 * saved. It knows nothing of stacks. */
#pragma once

#include "kernel/unwind/code.h"

/* What an offset counts from, whatever number the kernel at hand gives it. */
enum orc_base {
	ORC_UNDEFINED,
	ORC_PREV_SP, /* the caller's stack pointer */
	ORC_AX,
	ORC_DX,
	ORC_DI,
	ORC_BP,
	ORC_SP,
	ORC_R10,
	ORC_R13,
	ORC_BP_INDIRECT, /* the word at offset from it */
	ORC_SP_INDIRECT, /* the word there, and the offset added */
};

enum orc_type {
	ORC_TYPE_UNDEFINED, /* nobody knows */
	ORC_TYPE_END,	    /* there is no caller */
	ORC_TYPE_CALL,
	ORC_TYPE_REGS,	       /* the caller was interrupted: all its registers are there */
	ORC_TYPE_REGS_PARTIAL, /* of them only what the processor itself saved */
};

struct orc_rule {
	int16_t sp_offset, bp_offset;
	uint8_t sp, bp; /* enum orc_base */
	uint8_t type;	/* enum orc_type */
	bool signal;	/* the caller's address is that of the next instruction, not of a return */
};

/* The rule for the instruction at @pc. -ENOENT: there is none. */
int orc_find(struct kernel *k, uint64_t pc, struct orc_rule *ret);

struct orc_layout;

struct orc_facts {
	const struct orc_layout *layout;
	uint64_t lookup; /* u32 per 256 bytes of the kernel's own text; 0: none */
	uint32_t nr_lookup;
};

/* For code.c: learn what the tables of this kernel look like from its own. -ENOENT: none. */
int orc_learn(struct kernel *k, const struct code_region *core, struct orc_facts *ret);

/* The name of the layout. */
const char *orc_layout_name(const struct orc_facts *facts);
