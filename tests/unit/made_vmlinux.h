/* The ELF file of a kernel, made on the spot: a build-id, a banner, BTF, a symbol table, and debug
 * information as far as a section's name goes. */
#pragma once

#include "tests/image/image.h"

#define VMLINUX_BASE	0xffffffff81000000ull /* where its one segment is to be loaded */
#define VMLINUX_NOTES	0x100		      /* from there to .notes, whose desc is */
#define VMLINUX_DESC	(VMLINUX_NOTES + 16)  /* the build-id */
#define VMLINUX_SYMBOLS 3		      /* vm_0, vm_1, ... 0x40 apart */

struct made_vmlinux {
	const char *build_id; /* 4 bytes; NULL: no note */
	const char *banner;   /* NULL: none */
	const struct blob *btf;
	bool stripped; /* of its symbol table */
	bool dwarf;
};

/* The caller frees it. */
struct blob made_vmlinux(const struct made_vmlinux *v);
