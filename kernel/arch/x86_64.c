/* x86_64: how to recognise it, and where its registers are kept. */
#include <elf.h>

#include "kernel/arch/x86_64.h"
#include "kernel/fields.h"

/* NUMBER(KERNEL_IMAGE_SIZE) and its like are printed by x86 alone. */
static bool x86_recognise(const struct vmcoreinfo *vi)
{
	uint64_t n;

	return vmcoreinfo_number(vi, "KERNEL_IMAGE_SIZE", &n) ||
	       vmcoreinfo_symbol(vi, "init_top_pgt", &n) ||
	       vmcoreinfo_symbol(vi, "init_level4_pgt", &n);
}

/* pr_reg of struct elf_prstatus: struct user_regs_struct at 112. */
#define REG(name, index)                \
	{                               \
		name, 112 + 8 * (index) \
	}

static const struct arch_reg x86_prstatus[] = {
	REG("RIP", 16), REG("RSP", 19), REG("RFLAGS", 18), REG("RAX", 10),	REG("RBX", 5),
	REG("RCX", 11), REG("RDX", 12), REG("RSI", 13),	   REG("RDI", 14),	REG("RBP", 4),
	REG("R8", 9),	REG("R9", 8),	REG("R10", 7),	   REG("R11", 6),	REG("R12", 3),
	REG("R13", 2),	REG("R14", 1),	REG("R15", 0),	   REG("ORIG_RAX", 15), REG("CS", 17),
	REG("SS", 20),	{ NULL, 0 },
};

static const struct arch_saved x86_saved[] = {
	{ F_task_thread_fsbase, 112 + 8 * 21 },
	{ F_task_thread_gsbase, 112 + 8 * 22 },
	{ 0, 0 },
};

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.machine = EM_X86_64,
	.recognise = x86_recognise,
	.bring_up = x86_bring_up,
	.prstatus = x86_prstatus,
	.prstatus_size = 336,
	.has_qemu_note = true,
	.saved = x86_saved,
	.unwind = &x86_64_unwind,
	.decoder = &x86_64_decoder,
	.fpregs = x86_fpregs,
};
