#include "kernel/mem/user_mem.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/bytes.h"
#include "dump/base/cleanup.h"
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

int put_auxv(struct strbuf *out, struct kernel *k, uint64_t mm)
{
	_free_ char *auxv = NULL;
	uint64_t at, words;
	size_t n = 0, size;
	int r = field_addr(k, mm, F_mm_saved_auxv, &at);

	if (r >= 0)
		r = field_count(k, F_mm_saved_auxv, &words);
	if (r < 0)
		return r;
	size = 8 * words;
	auxv = malloc(size);
	if (!auxv)
		return fail(-ENOMEM, "auxv");
	r = kernel_read(k, at, auxv, size);
	if (r < 0)
		return r;
	while (n + 16 <= size && load_le64(auxv + n))
		n += 16;
	put_bytes(out, auxv, n + 16 <= size ? n + 16 : n);
	return 0;
}
