/* The instructions of x86_64: where they lead, and what memory they access. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kernel/arch/x86_64.h"
#include "kernel/code/disasm_arch.h"

/* What capstone calls a register, or the low half of it, and what pt_regs calls it. */
static const struct {
	x86_reg reg, half;
	const char *name;
} registers[] = {
	{ X86_REG_RAX, X86_REG_EAX, "RAX" },  { X86_REG_RBX, X86_REG_EBX, "RBX" },
	{ X86_REG_RCX, X86_REG_ECX, "RCX" },  { X86_REG_RDX, X86_REG_EDX, "RDX" },
	{ X86_REG_RSI, X86_REG_ESI, "RSI" },  { X86_REG_RDI, X86_REG_EDI, "RDI" },
	{ X86_REG_RBP, X86_REG_EBP, "RBP" },  { X86_REG_RSP, X86_REG_ESP, "RSP" },
	{ X86_REG_R8, X86_REG_R8D, "R8" },    { X86_REG_R9, X86_REG_R9D, "R9" },
	{ X86_REG_R10, X86_REG_R10D, "R10" }, { X86_REG_R11, X86_REG_R11D, "R11" },
	{ X86_REG_R12, X86_REG_R12D, "R12" }, { X86_REG_R13, X86_REG_R13D, "R13" },
	{ X86_REG_R14, X86_REG_R14D, "R14" }, { X86_REG_R15, X86_REG_R15D, "R15" },
};

/* False: one that pt_regs does not have whole. NULL: none. */
static bool name_of(x86_reg reg, const char **ret)
{
	*ret = NULL;
	if (reg == X86_REG_INVALID || reg == X86_REG_RIZ)
		return true;
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		if (registers[i].reg != reg)
			continue;
		*ret = registers[i].name;
		return true;
	}
	return false;
}

static void describe_memory(const cs_x86_op *op, struct insn *ret)
{
	const x86_op_mem *mem = &op->mem;
	struct insn_memory m = { .scale = (uint8_t)mem->scale,
				 .disp = (uint64_t)mem->disp,
				 .size = op->size };

	m.relative = mem->base == X86_REG_RIP;
	if (m.relative)
		m.disp += ret->addr + ret->size;
	else if (!name_of(mem->base, &m.base))
		m.elsewhere = true;
	if (!name_of(mem->index, &m.index))
		m.elsewhere = true;
	m.per_cpu = mem->segment == X86_REG_GS;
	m.elsewhere |= mem->segment == X86_REG_FS;
	ret->memory[ret->nr_memory++] = m;
}

static bool is_in(const cs_insn *insn, uint8_t group)
{
	for (size_t i = 0; i < insn->detail->groups_count; i++)
		if (insn->detail->groups[i] == group)
			return true;
	return false;
}

static void x86_describe(const cs_insn *insn, struct insn *ret)
{
	const cs_x86 *x86 = &insn->detail->x86;
	bool leads = is_in(insn, CS_GRP_JUMP) || is_in(insn, CS_GRP_CALL);

	ret->accesses = insn->id != X86_INS_LEA && insn->id != X86_INS_NOP;
	for (size_t i = 0; i < x86->op_count; i++) {
		const cs_x86_op *op = &x86->operands[i];

		if (op->type == X86_OP_IMM && leads)
			ret->target = (uint64_t)op->imm;
		else if (op->type == X86_OP_IMM && op->size == 8)
			ret->immediate = (uint64_t)op->imm;
		if (op->type == X86_OP_MEM && ret->nr_memory < INSN_MEMORY_MAX)
			describe_memory(op, ret);
	}
}

/* Newer than capstone's tables, and without operands. */
static const struct {
	unsigned char bytes[5];
	uint8_t n;
	const char *name;
} unknown[] = {
	{ { 0x0f, 0x01, 0xee }, 3, "rdpkru" },
	{ { 0x0f, 0x01, 0xef }, 3, "wrpkru" },
	{ { 0x0f, 0x01, 0xe8 }, 3, "serialize" },
	{ { 0x0f, 0x01, 0xfe }, 3, "invlpgb" },
	{ { 0x0f, 0x01, 0xff }, 3, "tlbsync" },
	{ { 0x66, 0x0f, 0x01, 0xcc }, 4, "tdcall" },
	{ { 0x66, 0x0f, 0x01, 0xcf }, 4, "seamcall" },
	{ { 0xf2, 0x0f, 0x01, 0xca }, 4, "erets" },
	{ { 0xf2, 0x0f, 0x01, 0xfe }, 4, "rmpupdate" },
	{ { 0xf2, 0x0f, 0x01, 0xff }, 4, "pvalidate" },
	{ { 0xf3, 0x0f, 0x01, 0xca }, 4, "eretu" },
	{ { 0xf3, 0x0f, 0x01, 0xe8 }, 4, "setssbsy" },
	{ { 0xf3, 0x0f, 0x01, 0xea }, 4, "saveprevssp" },
	{ { 0xf3, 0x0f, 0x01, 0xfe }, 4, "rmpadjust" },
	{ { 0xc4, 0xe2, 0x78, 0x49, 0xc0 }, 5, "tilerelease" },
};

/* ud1, opcode 0f b9, has operands, of which capstone 4 knows nothing: those of imul, 0f af. */
static const char *x86_stand_in(unsigned char *bytes, size_t n)
{
	size_t i = 0;

	for (size_t u = 0; u < sizeof(unknown) / sizeof(unknown[0]); u++) {
		if (n < unknown[u].n || memcmp(bytes, unknown[u].bytes, unknown[u].n))
			continue;
		memset(bytes, 0x66, unknown[u].n - 1u);
		bytes[unknown[u].n - 1] = 0x90;
		return unknown[u].name;
	}
	while (i < n && (bytes[i] == 0x67 || (bytes[i] & 0xf0) == 0x40))
		i++;
	if (n < i + 3 || bytes[i] != 0x0f || bytes[i + 1] != 0xb9)
		return NULL;
	bytes[i + 1] = 0xaf;
	return "ud1";
}

/* The first immediate operand as the instruction takes it. */
static uint64_t immediate(const cs_insn *insn)
{
	const cs_x86 *x86 = &insn->detail->x86;

	for (size_t i = 0; i < x86->op_count; i++) {
		const cs_x86_op *op = &x86->operands[i];

		if (op->type == X86_OP_IMM)
			return (uint64_t)op->imm &
			       (op->size < 8 ? (1ull << 8 * op->size) - 1 : ~0ull);
	}
	return 0;
}

/* capstone writes numbers below ten in decimal, negative immediates with a sign, and blanks. */
static void x86_put_operands(char *to, size_t size, const char *from, const cs_insn *insn)
{
	size_t n = 0;

	for (const char *p = from; *p && n + 24 < size; p++) {
		bool first = p == from || strchr("$-, :", p[-1]);

		if (*p == ' ' && p > from && p[-1] == ',')
			continue;
		if (*p == '-' && p > from && p[-1] == '$') {
			n += (size_t)snprintf(to + n, size - n, "%#lx", immediate(insn));
			p += strcspn(p, ",") - 1;
			continue;
		}
		if (first && isdigit((unsigned char)*p) && (!p[1] || strchr(",(", p[1]))) {
			to[n++] = '0';
			to[n++] = 'x';
		}
		to[n++] = *p;
	}
	to[n] = 0;
}

const struct arch_decoder x86_64_decoder = {
	.arch = CS_ARCH_X86,
	.mode = CS_MODE_64,
	.syntax = CS_OPT_SYNTAX_ATT,
	.unit = 1,
	.stand_in = x86_stand_in,
	.describe = x86_describe,
	.put_operands = x86_put_operands,
};
