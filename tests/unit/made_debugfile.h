/* The small files with DWARF that were built of sample_code.c. */
#pragma once

#include "kernel/debug/debugfile.h"

#define SAMPLE_4 BUILD_DIR "/sample_dwarf4.so"
#define SAMPLE_5 BUILD_DIR "/sample_dwarf5.so"

/* Where a symbol of the file is. */
static inline uint64_t sample_symbol(struct debugfile *f, const char *name)
{
	Dwfl_Module *mod;
	uint64_t va = 0;
	int n;

	debugfile_lock(f);
	mod = debugfile_module(f);
	n = dwfl_module_getsymtab(mod);
	for (int i = 0; i < n && !va; i++) {
		GElf_Sym sym;
		const char *s = dwfl_module_getsym(mod, i, &sym, NULL);

		if (s && !strcmp(s, name))
			va = sym.st_value;
	}
	debugfile_unlock(f);
	assert_true(va);
	return va;
}
