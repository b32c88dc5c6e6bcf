/* arm64: how to recognise it, and where its registers are kept. */
#include <elf.h>

#include "kernel/arch/arm64.h"
#include "kernel/fields.h"

/* Printed by arm64 alone: 20a166243328 (v4.12). */
static bool arm64_recognise(const struct vmcoreinfo *vi)
{
	uint64_t n;

	return vmcoreinfo_number(vi, "kimage_voffset", &n);
}

/* pr_reg of struct elf_prstatus: struct user_pt_regs at 112. */
#define REG(name, index)                \
	{                               \
		name, 112 + 8 * (index) \
	}

static const struct arch_reg arm64_prstatus[] = {
	REG("PC", 32),	REG("LR", 30),	REG("SP", 31),	REG("PSTATE", 33), REG("X29", 29),
	REG("X28", 28), REG("X27", 27), REG("X26", 26), REG("X25", 25),	   REG("X24", 24),
	REG("X23", 23), REG("X22", 22), REG("X21", 21), REG("X20", 20),	   REG("X19", 19),
	REG("X18", 18), REG("X17", 17), REG("X16", 16), REG("X15", 15),	   REG("X14", 14),
	REG("X13", 13), REG("X12", 12), REG("X11", 11), REG("X10", 10),	   REG("X9", 9),
	REG("X8", 8),	REG("X7", 7),	REG("X6", 6),	REG("X5", 5),	   REG("X4", 4),
	REG("X3", 3),	REG("X2", 2),	REG("X1", 1),	REG("X0", 0),	   { NULL, 0 },
};

const struct arch arch_arm64 = {
	.name = "aarch64",
	.machine = EM_AARCH64,
	.recognise = arm64_recognise,
	.bring_up = arm64_bring_up,
	.prstatus = arm64_prstatus,
	.prstatus_size = 392,
	.unwind = &arm64_unwind,
	.decoder = &arm64_decoder,
};
