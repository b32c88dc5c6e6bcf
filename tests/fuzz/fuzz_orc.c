#include "kernel/unwind/orc.h"

#include "tests/fuzz/fuzz.h"

#define BASE 0xffffffff80000000ull

/* Every rule is one that the unwinder knows. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel *k = fuzz_kernel(data, size);
	struct orc_rule rule;
	uint64_t target;

	if (!k)
		return 0;
	for (uint64_t pc = BASE; pc < BASE + 0x8000; pc += 16) {
		fuzz_use(code_call_before(k, pc, &target) == 0 ? target : 0);
		if (orc_find(k, pc, &rule) < 0)
			continue;
		if (rule.sp > ORC_SP_INDIRECT || rule.bp > ORC_SP_INDIRECT ||
		    rule.type > ORC_TYPE_REGS_PARTIAL)
			__builtin_trap();
	}
	fuzz_kernel_close(k);
	return 0;
}
