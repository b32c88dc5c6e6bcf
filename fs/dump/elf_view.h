/* An ELF64 core file that is made while it is read: exact size, nothing rendered.
 *
 *   ELF header | program headers | section header 0 | notes | pad | piece 0 | ... | pad | span 0 | ...
 *                                  (more than 65534)        to a page            to a page
 *
 * The first program header is the PT_NOTE, then comes a PT_LOAD for each piece of physical memory, then
 * those of its second mappings (the kernel's text), which share the bytes of the pieces, then those of
 * the spans: what is mapped page by page. It knows no notes and no tasks. */
#pragma once

#include "dump/base/strbuf.h"
#include "dump/notes.h"
#include "fs/raw.h"
#include "kernel/kernel.h"
#include "kernel/mem/space.h"

struct pieces;

struct span {
	uint64_t va, size;
	uint64_t at;	/* bytes of the spans before it */
	uint32_t flags; /* PF_R and so on */
};

/* What to make the file of, filled by its maker; then elf_view_open(). */
struct elf_view {
	struct dump *dump;
	struct strbuf notes;
	struct pieces *pieces; /* NULL: none */
	bool mapped_only;      /* the pieces without a virtual address are no part of it */
	struct span *spans;    /* by rising address */
	size_t nr_spans, room;
	uint64_t span_paddr; /* what is said of the physical address of each */
	struct space space;  /* through which they are read; it owns nothing */

	uint64_t nr_phdrs, spans_size;
	uint64_t shdr_at, notes_at, data_at, spans_at, size; /* offsets in the file */
	unsigned char ehdr[64], shdr[64];
};

/* NULL: no memory. */
struct elf_view *elf_view_new(struct kernel *k);
void elf_view_free(struct elf_view *v);

void elf_view_note(struct elf_view *v, const struct note *n);

/* Add what the dump has of mapped memory: it joins what is before it unless @apart. -ELOOP: there are too
 * many; -EINTR. */
int elf_view_add(struct elf_view *v, const struct mapped *m, uint32_t flags, bool apart);

/* Make the file, which takes @v over, also when it fails. @machine: e_machine. */
int elf_view_open(struct elf_view *v, uint16_t machine, struct raw *ret);

/* The machine of @k, 0 when it is not known. */
uint16_t elf_machine_of(struct kernel *k);
