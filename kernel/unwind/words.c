#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/unwind/machine.h"

int words_read(struct words *w, uint64_t va, uint64_t *ret)
{
	uint64_t page = va & ~(uint64_t)(WORDS_BYTES - 1);
	int r;

	if (va % 8 || !(va >> 63))
		return fail(-EFAULT, "%#lx is no place on a stack", va);
	if (w->page != page) {
		r = kernel_read(w->k, page, w->bytes, WORDS_BYTES);
		w->page = r < 0 ? 0 : page;
		if (r < 0)
			return within(r, "stack at %#lx", va);
	}
	*ret = load_le64(w->bytes + (va - page));
	return 0;
}

int cursor_from_pt_regs(struct words *w, const struct arch_unwind *a, uint64_t va, struct cursor *c)
{
	struct cursor new = { .at = va, .signal = true };

	for (size_t i = 0; a->regs[i].name && i < REGS_MAX; i++) {
		uint64_t value;
		int r = words_read(w, va + a->regs[i].off, &value);

		if (r < 0)
			return r;
		cursor_set(&new, i, value);
	}
	*c = new;
	return 0;
}
