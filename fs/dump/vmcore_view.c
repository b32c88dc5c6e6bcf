/* /memory/vmcore: the dump as the ELF file that /proc/vmcore would have been, whatever its format. */
#include <errno.h>
#include <stdlib.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "fs/dump/elf_view.h"
#include "fs/gen.h"
#include "fs/dump/pieces.h"
#include "kernel/mem/space.h"

/* The dump's notes, and VMCOREINFO if it was found elsewhere. */
static int put_notes(struct elf_view *v, struct kernel *k)
{
	const struct vmcoreinfo *vi;
	const struct note *notes;
	size_t n = dump_notes(v->dump, &notes);
	struct note found = { .name = "VMCOREINFO" };
	int r;

	for (size_t i = 0; i < n; i++)
		elf_view_note(v, &notes[i]);
	if (note_find(notes, n, "VMCOREINFO", 0))
		return 0;
	r = kernel_vmcoreinfo(k, &vi);
	if (r < 0)
		return r == -EINTR ? r : 0;
	found.desc = (const unsigned char *)vi->text;
	found.desc_len = (uint32_t)vi->len;
	elf_view_note(v, &found);
	return 0;
}

/* Where the kernel maps memory for itself, as far as it can be told without the dump's word. */
static size_t segments_of_kernel(struct kernel *k, struct segment ret[2])
{
	uint64_t end = dump_facts(kernel_dump(k))->end;
	const struct space *space;
	size_t n = 0;

	if (kernel_space(k, &space) < 0)
		return 0;
	for (int i = 0; i < 2; i++) {
		const struct region *r = i ? &space->image : &space->direct;
		uint64_t paddr = r->first + r->delta, size = r->last - r->first + 1;

		if (!r->last || paddr >= end)
			continue;
		ret[n++] = (struct segment){
			.vaddr = r->first,
			.paddr = paddr,
			.size = size < end - paddr ? size : end - paddr,
		};
	}
	return n;
}

/* QEMU's segments, unless it was asked to walk the page tables, have their physical address or none. */
static int find_pieces(struct elf_view *v, struct kernel *k)
{
	const struct segment *given;
	size_t n = dump_segments(v->dump, &given), used = 0;
	_free_ struct segment *segments = malloc((n + 2) * sizeof(*segments));

	if (!segments)
		return fail(-ENOMEM, "%zu segments", n);
	for (size_t i = 0; i < n; i++)
		if (given[i].vaddr && given[i].vaddr != given[i].paddr && given[i].size)
			segments[used++] = given[i];
	if (!used)
		used = segments_of_kernel(k, segments);
	return pieces_new(v->dump, segments, used, &v->pieces);
}

int raw_vmcore(struct render *r, struct raw *ret)
{
	struct elf_view *v = elf_view_new(r->k);
	int e;

	if (!v)
		return fail(-ENOMEM, "ELF view");
	e = put_notes(v, r->k);
	if (e == 0)
		e = find_pieces(v, r->k);
	if (e < 0) {
		elf_view_free(v);
		return e;
	}
	return elf_view_open(v, elf_machine_of(r->k), ret);
}
