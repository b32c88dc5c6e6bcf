/* What an architecture must provide. To add one: a file kernel/arch/NAME.c that ends in one
 * designated initialiser, and its row in arches[] of arch.c. All keys by which anybody looks one up
 * are in it.
 *
 *   recognise   name, machine, recognise()
 *   translate   bring_up(): regions and page tables of the kernel's address space
 *   registers   prstatus[]
 *   unwind      unwind
 *   disassemble decoder */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/mem/space.h"

struct arch_reg {
	const char *name; /* as crash prints it */
	uint16_t off;	  /* in the note's descriptor */
};

/* A register that a task keeps in its task_struct; ends with .off 0. */
struct arch_saved {
	uint16_t field; /* enum field */
	uint16_t off;	/* in struct elf_prstatus */
};

struct arch_decoder;
struct fpregs;
struct arch_unwind;
struct kernel;

struct arch {
	const char *name; /* as utsname.machine has it */
	uint16_t machine; /* ELF e_machine */

	/* Is this the VMCOREINFO of such a kernel? For dumps that do not name their machine. */
	bool (*recognise)(const struct vmcoreinfo *vi);

	/* Fill @ret; each fact with its evidence. */
	int (*bring_up)(struct dump *d, struct space *ret);

	const struct arch_reg *prstatus; /* in crash's order; ends with a NULL name */
	uint16_t prstatus_size;		 /* bytes of struct elf_prstatus */
	bool has_qemu_note;		 /* QEMU adds notes of its own to its dumps */
	const struct arch_saved *saved;	 /* registers of user space that struct pt_regs lacks */
	const struct arch_unwind *unwind;
	const struct arch_decoder *decoder; /* NULL: none */

	/* Those of floating point that a task saved; see task_fpregs(). NULL: not known. */
	int (*fpregs)(struct kernel *k, uint64_t task, struct fpregs *ret);
};

extern const struct arch arch_x86_64, arch_arm64;

/* The architecture of a dump. -EOPNOTSUPP: none of ours. */
int arch_of_dump(struct dump *d, const struct arch **ret);
