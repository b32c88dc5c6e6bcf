#include "kernel/regs.h"

#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/arch.h"

/* The @i-th NT_PRSTATUS, or NULL; with @i = SIZE_MAX, counts them in @ret_n. */
static const struct note *prstatus(struct kernel *k, size_t i, size_t *ret_n)
{
	const struct note *notes;
	size_t n = dump_notes(kernel_dump(k), &notes), seen = 0;

	for (size_t j = 0; j < n; j++) {
		if (notes[j].type != NOTE_PRSTATUS || strcmp(notes[j].name, "CORE"))
			continue;
		if (seen++ == i)
			return &notes[j];
	}
	*ret_n = seen;
	return NULL;
}

size_t regs_cpu_count(struct kernel *k)
{
	size_t n = 0;

	prstatus(k, SIZE_MAX, &n);
	return n;
}

int regs_of_note(struct kernel *k, size_t i, struct regs *ret)
{
	struct regs regs = { 0 };
	const struct arch *arch;
	const struct note *note;
	struct bytes b;
	size_t n;
	int r = kernel_arch(k, &arch);

	if (r < 0)
		return r;
	note = prstatus(k, i, &n);
	if (!note)
		return fail(-ENOENT, "%zu CPUs left registers", n);
	b = bytes_of(note->desc, note->desc_len);
	for (const struct arch_reg *reg = arch->prstatus; reg->name && regs.n < REGS_MAX; reg++) {
		bytes_seek(&b, reg->off);
		regs.reg[regs.n].name = reg->name;
		regs.reg[regs.n++].value = bytes_u64(&b);
	}
	if (b.short_)
		return fail(-EBADMSG, "NT_PRSTATUS %zu has only %u bytes", i, note->desc_len);
	*ret = regs;
	return 0;
}
