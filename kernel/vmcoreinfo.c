/* VMCOREINFO when the dump's notes have none: the kernel knows where it wrote it. Only without symbols
 * all memory has to be searched. */
#include "dump/base/err.h"
#include "kernel/kernel.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"

/* vmcoreinfo_data points to its page: 203e9e41219b (v4.13). Before, it is the text itself. */
static void by_symbol(struct kernel *k)
{
	uint64_t va, data, pa, left;
	const struct space *s;

	if (symbol_addr(k, "vmcoreinfo_data", &va) < 0 || kernel_space(k, &s) < 0)
		return;
	if (kernel_read_uint(k, va, 8, &data) == 0 &&
	    space_translate(s, kernel_dump(k), data, &pa, &left) == 0)
		dump_vmcoreinfo_at(kernel_dump(k), pa);
	else if (space_translate(s, kernel_dump(k), va, &pa, &left) == 0)
		dump_vmcoreinfo_at(kernel_dump(k), pa);
}

int kernel_vmcoreinfo(struct kernel *k, const struct vmcoreinfo **ret)
{
	if (dump_vmcoreinfo_told(kernel_dump(k), ret) == 0)
		return 0;
	by_symbol(k);
	return dump_vmcoreinfo(kernel_dump(k), ret);
}
