/* The instructions of arm64: where they lead, and what memory they access. */
#include <string.h>

#include "dump/base/bytes.h"
#include "kernel/arch/arm64.h"
#include "kernel/code/disasm_arch.h"

static const char *const names[] = {
	"X0",  "X1",  "X2",  "X3",  "X4",  "X5",  "X6",	 "X7",	"X8",  "X9",
	"X10", "X11", "X12", "X13", "X14", "X15", "X16", "X17", "X18", "X19",
	"X20", "X21", "X22", "X23", "X24", "X25", "X26", "X27", "X28",
};

/* What pt_regs calls a register. False: it does not have it whole. NULL: none. */
static bool name_of(arm64_reg reg, const char **ret)
{
	*ret = NULL;
	if (reg == ARM64_REG_INVALID || reg == ARM64_REG_XZR)
		return true;
	if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28)
		*ret = names[reg - ARM64_REG_X0];
	else if (reg == ARM64_REG_X29)
		*ret = "X29";
	else if (reg == ARM64_REG_X30)
		*ret = "LR";
	else if (reg == ARM64_REG_SP)
		*ret = "SP";
	return *ret;
}

static void describe_memory(const cs_arm64 *a, const cs_arm64_op *op, struct insn *ret)
{
	struct insn_memory m = { .scale = 1, .disp = (uint64_t)(int64_t)op->mem.disp };
	const cs_arm64_op *last = &a->operands[a->op_count - 1];

	if (!name_of(op->mem.base, &m.base) || !name_of(op->mem.index, &m.index))
		m.elsewhere = true;
	if (op->shift.type == ARM64_SFT_LSL && op->shift.value < 8)
		m.scale = (uint8_t)(1u << op->shift.value);
	/* "ldr x0, [x1], #8": what follows is added afterwards. */
	if (last != op && last->type == ARM64_OP_IMM)
		m.disp = 0;
	ret->memory[ret->nr_memory++] = m;
}

static bool is_branch(unsigned int id)
{
	return id == ARM64_INS_B || id == ARM64_INS_BL || id == ARM64_INS_CBZ ||
	       id == ARM64_INS_CBNZ || id == ARM64_INS_TBZ || id == ARM64_INS_TBNZ;
}

static bool is_address(unsigned int id)
{
	return id == ARM64_INS_ADR || id == ARM64_INS_ADRP;
}

/* "ldr x0, 0x1234": the address is an immediate operand. */
static bool is_literal(const cs_insn *insn)
{
	const cs_arm64 *a = &insn->detail->arm64;

	return (insn->id == ARM64_INS_LDR || insn->id == ARM64_INS_LDRSW) && a->op_count == 2 &&
	       a->operands[1].type == ARM64_OP_IMM;
}

static void arm64_describe(const cs_insn *insn, struct insn *ret)
{
	const cs_arm64 *a = &insn->detail->arm64;

	ret->accesses = true;
	for (size_t i = 0; i < a->op_count; i++) {
		const cs_arm64_op *op = &a->operands[i];

		/* Of a bit test the last is where it leads. */
		if (op->type == ARM64_OP_IMM && is_branch(insn->id))
			ret->target = (uint64_t)op->imm;
		else if (op->type == ARM64_OP_IMM && (is_address(insn->id) || is_literal(insn)))
			ret->memory[ret->nr_memory++] = (struct insn_memory){
				.relative = true, .scale = 1, .disp = (uint64_t)op->imm
			};
		if (op->type == ARM64_OP_MEM && ret->nr_memory < INSN_MEMORY_MAX)
			describe_memory(a, op, ret);
	}
	ret->accesses = ret->nr_memory && !is_address(insn->id);
}

#define NOP 0xd503201fu
#define RET 0xd65f03c0u

/* Newer than capstone's tables, and without operands. */
static const struct {
	uint32_t insn, like;
	const char *name;
} unknown[] = {
	{ 0xd503233f, NOP, "paciasp" },	  { 0xd50323bf, NOP, "autiasp" },
	{ 0xd503237f, NOP, "pacibsp" },	  { 0xd50323ff, NOP, "autibsp" },
	{ 0xd503231f, NOP, "paciaz" },	  { 0xd503239f, NOP, "autiaz" },
	{ 0xd50320ff, NOP, "xpaclri" },	  { 0xd503241f, NOP, "bti" },
	{ 0xd503245f, NOP, "bti    c" },  { 0xd503249f, NOP, "bti    j" },
	{ 0xd50324df, NOP, "bti    jc" }, { 0xd503225f, NOP, "tsb    csync" },
	{ 0xd503229f, NOP, "csdb" },	  { 0xd50330ff, NOP, "sb" },
	{ 0xd65f0bff, RET, "retaa" },	  { 0xd65f0fff, RET, "retab" },
};

static void store(unsigned char *bytes, uint32_t insn)
{
	for (size_t i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(insn >> 8 * i);
}

/* The atomic instructions of v8.1, by their size and by what they order: acquire, release. */
#define SIZES(name)                            \
	{                                      \
		name "b", name "h", name, name \
	}
#define ORDERS(name)                                                            \
	{                                                                       \
		SIZES(name), SIZES(name "l"), SIZES(name "a"), SIZES(name "al") \
	}

static const char *const atomics[][4][4] = {
	ORDERS("ldadd"),  ORDERS("ldclr"),  ORDERS("ldeor"),  ORDERS("ldset"), ORDERS("ldsmax"),
	ORDERS("ldsmin"), ORDERS("ldumax"), ORDERS("ldumin"), ORDERS("swp"),   ORDERS("cas"),
};
static const char *const stores[][2][4] = {
	{ SIZES("stadd"), SIZES("staddl") },   { SIZES("stclr"), SIZES("stclrl") },
	{ SIZES("steor"), SIZES("steorl") },   { SIZES("stset"), SIZES("stsetl") },
	{ SIZES("stsmax"), SIZES("stsmaxl") }, { SIZES("stsmin"), SIZES("stsminl") },
	{ SIZES("stumax"), SIZES("stumaxl") }, { SIZES("stumin"), SIZES("stuminl") },
};

enum { SWP = 8, CAS };

/* Like stp with two registers and an address, or ldaxr with one. */
static const char *atomic(unsigned char *bytes, uint32_t insn)
{
	const uint32_t size = insn >> 30, wide = size == 3, from = insn >> 16 & 31, to = insn & 31;
	const uint32_t at = insn & 31 << 5;
	unsigned int acquire, release, what;

	if ((insn & 0x3f200c00) == 0x38200000 && (insn >> 12 & 15) <= SWP) {
		what = insn >> 12 & 15;
		acquire = insn >> 23 & 1;
		release = insn >> 22 & 1;
	} else if ((insn & 0x3fa07c00) == 0x08a07c00) {
		what = CAS;
		acquire = insn >> 22 & 1;
		release = insn >> 15 & 1;
	} else {
		return NULL;
	}
	if (to == 31 && !acquire && what < SWP) {
		store(bytes, (wide ? 0xc85ffc00 : 0x885ffc00) | at | from);
		return stores[what][release][size];
	}
	store(bytes, (wide ? 0xa9000000 : 0x29000000) | to << 10 | at | from);
	return atomics[what][acquire << 1 | release][size];
}

static const char *arm64_stand_in(unsigned char *bytes, size_t n)
{
	const uint32_t insn = n < 4 ? 0 : load_le32(bytes);

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		if (insn != unknown[i].insn)
			continue;
		store(bytes, unknown[i].like);
		return unknown[i].name;
	}
	return atomic(bytes, insn);
}

/* An address is no immediate operand to objdump. */
static void arm64_put_operands(char *to, size_t size, const char *from, const cs_insn *insn)
{
	bool address = is_branch(insn->id) || is_address(insn->id) || is_literal(insn);
	const char *last = strrchr(from, '#');
	size_t n = 0;

	for (const char *p = from; *p && n + 1 < size; p++)
		if (!address || p != last)
			to[n++] = *p;
	to[n] = 0;
}

const struct arch_decoder arm64_decoder = {
	.arch = CS_ARCH_ARM64,
	.mode = CS_MODE_LITTLE_ENDIAN,
	.unit = 4,
	.stand_in = arm64_stand_in,
	.describe = arm64_describe,
	.put_operands = arm64_put_operands,
};
