#include <string.h>
#include <unistd.h>

#include "dump/base/limits.h"
#include "kernel/debug/cfi.h"
#include "kernel/debug/units.h"
#include "tests/fuzz/fuzz.h"

#define FIRST 0xff0 /* where the code of the seeds lies */
#define END   0x1060
#define STEP  5

static void use_lines(struct units *u, uint64_t va)
{
	LINES(l);

	if (units_lines(u, va, &l) <= 0)
		return;
	if (!l->n || l->n > LIMIT_INLINED + 1)
		__builtin_trap();
	for (size_t i = 0; i < l->n; i++)
		fuzz_use((l->v[i].function ? strlen(l->v[i].function) : 0) +
			 (l->v[i].file ? strlen(l->v[i].file) : 0) + l->v[i].line);
}

static int reg(void *arg, uint8_t n, uint64_t *ret)
{
	(void)arg;
	*ret = n;
	return 0;
}

static int word(void *arg, uint64_t va, uint64_t *ret)
{
	(void)arg;
	*ret = va;
	return 0;
}

static void use_rule(Dwarf_CFI *cfi, uint64_t pc)
{
	static const struct cfi_reader reader = { reg, word, NULL };
	struct cfi_rule rule;
	uint64_t value, at;

	if (cfi_read(cfi, pc, &rule) < 0)
		return;
	if (cfi_frame(&rule, &reader, &value) == 0)
		fuzz_use(value);
	for (size_t i = 0; i < CFI_REGS; i++)
		if (rule.reg[i].kind > CFI_SAME &&
		    cfi_value(&rule.reg[i], &reader, &value, &at) == 0)
			fuzz_use(value + at);
}

/* Everything ends, and what is found can be looked at. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct debugfile *f;
	struct units *u;
	Dwarf_Addr bias;
	Dwarf_CFI *cfi;
	char path[32];
	int fd = fuzz_file(data, size, path);

	if (debugfile_open_kernel(path, 0, &f) == 0) {
		u = units_new(f);
		debugfile_lock(f);
		cfi = dwfl_module_dwarf_cfi(debugfile_module(f), &bias);
		for (uint64_t va = FIRST; va < END; va += STEP) {
			use_lines(u, va);
			if (cfi)
				use_rule(cfi, va);
		}
		debugfile_unlock(f);
		units_free(u);
		debugfile_close(f);
	}
	close(fd);
	return 0;
}
