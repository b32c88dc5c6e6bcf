/* Symbols by name and by address, of the kernel, its modules and the code that it makes. The tables are made on first need:
 * the kernel's own from kallsyms in the dump, which also names addresses when there is a vmlinux, for
 * that is what the kernel itself would print. */
#pragma once

#include "kernel/kernel.h"

struct symbol {
	uint64_t id;	    /* for symbol_get() */
	const char *name;   /* as module: valid until kernel_close() */
	const char *module; /* NULL: the kernel itself; "bpf" and so on: made at run time */
	uint64_t addr;
	uint64_t size; /* bytes to the next symbol at another address; 0: not known */
	char kind;     /* nm(1)'s letter */
	bool per_cpu;  /* add __per_cpu_offset[cpu] to .addr */
	bool again;    /* of the same name symbol_next() has given another one before */
};

/* The address of a variable or function of the kernel itself, a global one before a static one.
 * -ENOENT. */
int symbol_addr(struct kernel *k, const char *name, uint64_t *ret);

/* The value of the variable called @name, of @size <= 8 bytes, as an unsigned number. */
int symbol_u64(struct kernel *k, const char *name, size_t size, uint64_t *ret);

/* The symbol of this name at the lowest address; or, "name@address" in hexadecimal, at that one.
 * -ENOENT. */
int symbol_find(struct kernel *k, const char *name, struct symbol *ret);

/* Is no variable known by its name, but for those that are exported? So it is without CONFIG_KALLSYMS_ALL; that a
 * name is not known does not tell then that there is none. */
bool symbols_lack_data(struct kernel *k);

/* Is there one symbol of this name, and no second? */
bool symbol_is_only(struct kernel *k, const char *name);

/* The symbol that @va lies in, the one the kernel would name: .addr <= va. -ENOENT. */
int symbol_at(struct kernel *k, uint64_t va, struct symbol *ret);

/* The per-CPU variable that @va lies in, an address before a CPU's offset is added. -ENOENT. */
int symbol_per_cpu_at(struct kernel *k, uint64_t va, struct symbol *ret);

/* @id comes from an earlier call. -ENOENT. */
int symbol_get(struct kernel *k, uint64_t id, struct symbol *ret);

/* All symbols, the kernel's by rising address, then the modules'. *@cursor starts at 0 and stays
 * valid. 1: there was one; 0: no more; an error when there is none for a reason. */
int symbol_next(struct kernel *k, uint64_t *cursor, struct symbol *ret);

/* Is there a table of the kernel's own that names functions and more, or functions at least? Why not: -ENOENT and so
 * on. */
int symbols_check(struct kernel *k);

/* The section it lies in, as the linker script calls it; NULL: not known. */
const char *symbol_section(struct kernel *k, const struct symbol *symbol);

/* "name+0x1f", "name" at its start, with " [module]" behind; "0x..." where no symbol is. */
void put_symbol(struct strbuf *out, struct kernel *k, uint64_t va);

/* Where the symbols come from, and what is wrong with them, one a line. */
void symbols_evidence(struct kernel *k, struct strbuf *out);

/* For kernel.c: what is kept of them. */
struct symbols;

/* NULL: no memory. */
struct symbols *symbols_new(struct kernel *k);
void symbols_free(struct symbols *s);
