#include "kernel/module/symbols.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/mem/mem.h"
#include "kernel/module/module.h"
#include "kernel/module/exports.h"
#include "kernel/mem/space.h"

/* Elf64_Sym */
#define SYM_SIZE  24
#define SYM_INFO  4
#define SYM_SHNDX 6
#define SYM_VALUE 8

#define STRINGS_MAX (64u << 20) /* read at once; names beyond are read one by one */

/* Where the tables are and how long, and the bytes there. */
struct tables {
	uint64_t symtab, nr, strtab, typetab; /* typetab 0: st_info has the letters */
	unsigned char *syms, *types;
	char *strings;
	size_t strings_len;
	struct exports exports;
	struct module_region regions[MODULE_REGIONS_MAX];
	size_t nr_regions;
	uint64_t per_cpu, per_cpu_size; /* where its per-CPU variables are; 0 bytes: it has none */
};

static void tables_fini(struct tables *t)
{
	free(t->syms);
	free(t->types);
	free(t->strings);
	exports_fini(&t->exports);
}

/* 8244062ef1e5 (v4.5) gathered them in a structure. */
static int find_tables(struct kernel *k, uint64_t module, struct tables *t)
{
	enum field symtab = F_module_symtab, nr = F_module_num_symtab, strtab = F_module_strtab;
	uint64_t at = module;
	int r = 0;

	if (field_exists(k, F_module_kallsyms)) {
		r = field_u64(k, module, F_module_kallsyms, &at);
		symtab = F_mod_kallsyms_symtab;
		nr = F_mod_kallsyms_num_symtab;
		strtab = F_mod_kallsyms_strtab;
	}
	if (r == 0 && !at)
		r = fail(-ENOENT, "no symbols were kept");
	if (r == 0)
		r = field_u64(k, at, symtab, &t->symtab);
	if (r == 0)
		r = field_u64(k, at, nr, &t->nr);
	if (r == 0)
		r = field_u64(k, at, strtab, &t->strtab);
	if (r == 0 && field_exists(k, F_mod_kallsyms_typetab))
		r = field_u64(k, at, F_mod_kallsyms_typetab, &t->typetab);
	if (r == 0 && t->nr > LIMIT_SYMBOLS)
		r = fail(-EBADMSG, "%lu symbols", t->nr);
	return r;
}

static int read_bytes(struct kernel *k, uint64_t va, size_t len, unsigned char **ret)
{
	*ret = malloc(len + 1);
	if (!*ret)
		return fail(-ENOMEM, "%zu bytes", len);
	return kernel_read(k, va, *ret, len);
}

/* The strings up to the last that a symbol names, as far as they are in the dump. */
static int read_strings(struct kernel *k, struct tables *t)
{
	const struct space *s;
	size_t len = 0;
	int r = kernel_space(k, &s);

	if (r < 0)
		return r;
	for (size_t i = 0; i < t->nr; i++) {
		size_t name = load_le32(t->syms + i * SYM_SIZE);

		if (name < STRINGS_MAX && name + LIMIT_SYMBOL_NAME > len)
			len = name + LIMIT_SYMBOL_NAME;
	}
	t->strings = malloc(len + 1);
	if (!t->strings)
		return fail(-ENOMEM, "%zu bytes of names", len);
	t->strings_len = space_read_some(s, kernel_dump(k), t->strtab, t->strings, len);
	return 0;
}

static int read_tables(struct kernel *k, uint64_t module, struct tables *t)
{
	int r = find_tables(k, module, t);

	if (r == 0)
		r = read_bytes(k, t->symtab, t->nr * SYM_SIZE, &t->syms);
	if (r == 0 && t->typetab)
		r = read_bytes(k, t->typetab, t->nr, &t->types);
	if (r == 0)
		r = read_strings(k, t);
	if (r == 0)
		r = exports_read(k, module, &t->exports);
	if (r == 0)
		r = module_regions(k, module, t->regions, &t->nr_regions);
	if (r == 0 && (field_u64(k, module, F_module_percpu, &t->per_cpu) < 0 ||
		       field_u64(k, module, F_module_percpu_size, &t->per_cpu_size) < 0))
		t->per_cpu_size = 0;
	return r;
}

/* Borrowed from the strings, or read into @buf. NULL: not in the dump. */
static const char *name_of(struct kernel *k, const struct tables *t, uint32_t at,
			   char buf[LIMIT_SYMBOL_NAME])
{
	if (at < t->strings_len && memchr(t->strings + at, 0, t->strings_len - at))
		return t->strings + at;
	return kernel_read_str(k, t->strtab + at, buf, LIMIT_SYMBOL_NAME) < 0 ? NULL : buf;
}

/* Does the kernel name addresses by it? Not by compilers' constants and by the marks that tell arm's
 * code from data; and what says to lie elsewhere than in the module would name what is no module's. */
static bool names_address(const struct tables *t, uint64_t value, const char *name)
{
	if (*name == '$' || !strncmp(name, ".L", 2))
		return false;
	for (size_t i = 0; i < t->nr_regions; i++)
		if (value - t->regions[i].base < t->regions[i].size)
			return true;
	/* Per-CPU variables are among the kernel's since 9d7de2aa8b41 (v6.15); constants are not. */
	return value - t->per_cpu < t->per_cpu_size || !(value >> 63);
}

/* /proc/kallsyms shows what is exported in upper case, whatever it is, and nothing else. */
static char letter_of(struct kernel *k, const struct tables *t, size_t i, uint64_t value,
		      const char *name)
{
	unsigned char letter = t->typetab ? t->types[i] : t->syms[i * SYM_SIZE + SYM_INFO];

	if (!isalpha(letter))
		return '?';
	return (char)(exports_have(k, &t->exports, value, name) ? toupper(letter)
								: tolower(letter));
}

static int add_symbol(struct kernel *k, const struct tables *t, size_t i, uint16_t owner, bool all,
		      struct symtab *ret)
{
	const unsigned char *sym = t->syms + i * SYM_SIZE;
	uint64_t value = load_le64(sym + SYM_VALUE);
	char buf[LIMIT_SYMBOL_NAME];
	const char *name;

	if (!(sym[SYM_SHNDX] | sym[SYM_SHNDX + 1]))
		return 0; /* SHN_UNDEF */
	name = name_of(k, t, load_le32(sym), buf);
	if (!name || !*name || !(all || names_address(t, value, name)))
		return 0;
	return symtab_add(ret, value, name, strnlen(name, LIMIT_SYMBOL_NAME),
			  letter_of(k, t, i, value, name), owner);
}

static int add_ends(const struct tables *t, uint16_t owner, struct symtab *ret)
{
	int r = 0;

	for (size_t i = 0; i < t->nr_regions && r == 0; i++)
		r = symtab_add(ret, t->regions[i].base + t->regions[i].size, "", 0, 0, owner);
	if (t->per_cpu_size && r == 0)
		r = symtab_add(ret, t->per_cpu + t->per_cpu_size, "", 0, 0, owner);
	return r;
}

int module_symbols(struct kernel *k, uint64_t module, uint16_t owner, bool all, struct symtab *ret)
{
	struct tables t = { 0 };
	int r = read_tables(k, module, &t);

	for (size_t i = 0; r == 0 && i < t.nr; i++)
		r = add_symbol(k, &t, i, owner, all, ret);
	if (r == 0)
		r = add_ends(&t, owner, ret);
	tables_fini(&t);
	return r;
}
