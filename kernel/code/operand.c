#include "kernel/code/operand.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"

int cursor_by_name(const struct arch_unwind *a, const struct cursor *c, const char *name,
		   uint64_t *ret)
{
	for (size_t i = 0; a->regs[i].name && i < REGS_MAX; i++) {
		if (strcmp(a->regs[i].name, name) || !cursor_knows(c, i))
			continue;
		*ret = c->reg[i];
		return 0;
	}
	return fail(-ENOENT, "register %s is not known", name);
}

int operand_address(struct kernel *k, const struct arch_unwind *a, const struct cursor *regs,
		    size_t cpu, const struct insn_memory *m, uint64_t *ret)
{
	uint64_t base = 0, index = 0, offset = 0;
	int r = 0;

	if (m->elsewhere)
		return fail(-ENOENT, "it counts from what nobody recorded");
	if (m->base)
		r = cursor_by_name(a, regs, m->base, &base);
	if (r >= 0 && m->index)
		r = cursor_by_name(a, regs, m->index, &index);
	if (r >= 0 && m->per_cpu)
		r = percpu_addr(k, 0, cpu, &offset);
	if (r >= 0)
		*ret = base + index * m->scale + m->disp + offset;
	return r;
}
