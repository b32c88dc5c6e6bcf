/* DWARF call frame information of the kernel and its modules (.debug_frame): where, at some instruction,
 * the caller's registers are. Registers go by their DWARF numbers. It knows nothing of
 * stacks. */
#pragma once

#include <elfutils/libdw.h>

#include "kernel/kernel.h"

#define CFI_REGS 32   /* that rules are read of: x86_64 has 17 that matter, arm64 32 */
#define CFI_CFA	 0xff /* the canonical frame address, in place of a register */

enum cfi_kind {
	CFI_UNDEFINED, /* it is lost; of the return address: there is no caller */
	CFI_SAME,      /* as it is */
	CFI_SUM,       /* .reg + .offset */
	CFI_SAVED,     /* the word at .reg + .offset */
	CFI_EXPRESSION,
};

struct cfi_value {
	uint8_t kind; /* enum cfi_kind */
	uint8_t reg;
	uint16_t n; /* of ops */
	int64_t offset;
	const Dwarf_Op *ops; /* good until kernel_close() */
};

struct cfi_rule {
	struct cfi_value cfa, reg[CFI_REGS];
	uint8_t pc;  /* the register that stands for the return address */
	bool signal; /* which is of the next instruction, not behind a call */
};

/* The rule for the instruction at @pc. -ENOENT: there is none. */
int cfi_find(struct kernel *k, uint64_t pc, struct cfi_rule *ret);

/* The same of one file, whose lock the caller holds; @pc as in the file. */
int cfi_read(Dwarf_CFI *cfi, Dwarf_Addr pc, struct cfi_rule *ret);

/* What an expression may look at. 0 or an error, which ends it. */
struct cfi_reader {
	int (*reg)(void *arg, uint8_t reg, uint64_t *ret); /* CFI_CFA too */
	int (*word)(void *arg, uint64_t va, uint64_t *ret);
	void *arg;
};

/* The canonical frame address. -EBADMSG: it is no sound expression. */
int cfi_frame(const struct cfi_rule *rule, const struct cfi_reader *reader, uint64_t *ret);

/* The value that @v, which is not CFI_UNDEFINED and not CFI_SAME, stands for; @ret_at: where it lies in
 * memory, 0: it does not. Errors as above. */
int cfi_value(const struct cfi_value *v, const struct cfi_reader *reader, uint64_t *ret,
	      uint64_t *ret_at);

struct cfi_cache;

/* kernel.c's: what is kept of it. NULL: no memory. */
struct cfi_cache *cfi_cache_new(struct kernel *k);
void cfi_cache_free(struct cfi_cache *c);
