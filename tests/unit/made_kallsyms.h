/* kallsyms tables, laid out as scripts/kallsyms.c does, of symbols that are numbers: sym_0, sym_1 and
 * so on; each tenth shares the address of the one before. */
#pragma once

#include <stdbool.h>

#include "kernel/symbol/kallsyms.h"
#include "tests/image/image.h"

#define MADE_NAME 512

/* Which tables lie where. */
enum made_layout {
	LAYOUT_OLD, /* addresses, relative_base, num_syms, names, markers, tokens, index */
	LAYOUT_NEW, /* num_syms, names, markers, tokens, index, addresses, relative_base, seqs */
};

/* A symbol that is called otherwise. */
struct made_name {
	uint32_t i;
	const char *name;
};

struct made_kallsyms {
	/* Asked for. */
	const struct made_name *called;
	size_t nr_called;
	uint64_t va;   /* of the first byte; a multiple of 8 */
	uint64_t text; /* address of the first symbol that is not per-CPU */
	uint32_t nr, nr_per_cpu;
	enum made_layout layout;
	enum kallsyms_encoding encoding;
	bool align4;	  /* tables begin at multiples of 4 instead of 8: v7.0 */
	bool long_name;	  /* the last symbol has more than 127 tokens */
	bool banner;	  /* the symbol at .text is linux_banner, at .text + 4096 init_top_pgt */
	bool functions;	  /* all are: a kernel without CONFIG_KALLSYMS_ALL */
	bool old_numbers; /* num_syms and markers are unsigned long: before v4.20 */

	/* Made; addresses are virtual. */
	struct blob blob;
	uint64_t num_syms, names, tokens, index, addresses, base_at;
};

void made_kallsyms(struct made_kallsyms *m);

/* What the @i-th symbol is. */
uint64_t made_symbol_address(const struct made_kallsyms *m, uint32_t i);
char made_symbol_kind(uint32_t i);
void made_symbol_name(const struct made_kallsyms *m, uint32_t i, char ret[MADE_NAME]);
