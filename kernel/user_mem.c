#include "kernel/user_mem.h"

#include "dump/base/err.h"
#include "kernel/fields.h"

int user_mem_of(struct kernel *k, uint64_t mm, struct user_mem *ret)
{
	struct user_mem m = { .k = k };
	uint64_t pgd;
	int r = field_u64(k, mm, F_mm_pgd, &pgd);

	if (r >= 0)
		r = kernel_user_space(k, pgd, &m.space);
	if (r < 0)
		return within(r, "memory of %#lx", mm);
	*ret = m;
	return 0;
}

size_t user_read(const struct user_mem *m, uint64_t va, void *buf, size_t len)
{
	return space_read_some(&m->space, kernel_dump(m->k), va, buf, len);
}
