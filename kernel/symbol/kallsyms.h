/* kallsyms: the symbols that a kernel keeps of itself, in tables of its read-only data. Names are
 * strings of tokens, each standing for a text; scripts/kallsyms.c writes them.
 *
 *   names         for each symbol: how many tokens, and these; the first character is nm(1)'s letter
 *   token_table   256 texts, NUL-terminated
 *   token_index   256 u16: where in token_table each begins
 *   addresses     for each symbol; how they are written is enum kallsyms_encoding */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dump/base/strbuf.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symtab.h"

#define KALLSYMS_INDEX_LEN 512

enum kallsyms_encoding {
	KALLSYMS_ABSOLUTE, /* u64 addresses; until 6.11 an option */
	KALLSYMS_RELATIVE, /* relative_base + u32: 2213e9a66bb8 (v4.6) */
	KALLSYMS_PERCPU,   /* s32: >= 0 the address itself, < 0 relative_base - 1 - it; same */
	KALLSYMS_PLACE,	   /* s32, counted from the place it is at: v7.0 */
	KALLSYMS_ENCODINGS
};

const char *kallsyms_encoding_name(enum kallsyms_encoding encoding);

/* The tables, copied out of the dump. */
struct kallsyms {
	uint32_t nr; /* symbols */
	const unsigned char *names, *tokens, *index, *addresses;
	size_t names_len, tokens_len, addresses_len; /* what is there; may reach beyond the table */
	uint64_t addresses_va, relative_base;
	enum kallsyms_encoding encoding;
};

/* Whether the addresses rise, as they do in every kernel when read by the right encoding. */
bool kallsyms_ascending(const struct kallsyms *ks);

/* Append the symbols, up to the first that the tables do not hold whole. -EBADMSG when there is no
 * first. */
int kallsyms_decode(const struct kallsyms *ks, struct symtab *ret);

/* Where the tables are. */
struct kallsyms_place {
	const char *origin; /* who says so */
	uint32_t nr;
	uint64_t names, tokens, index; /* virtual */
	uint64_t addresses, relative_base;
	enum kallsyms_encoding encoding;
};

/* Whether the addresses at @place rise: -EBADMSG if not. */
int kallsyms_fits(struct dump *d, const struct space *s, const struct kallsyms_place *place);

/* The places that VMCOREINFO names: f09bddbd8661 (v6.0). -ENOENT: it does not. */
int kallsyms_by_vmcoreinfo(struct dump *d, const struct space *s, const struct vmcoreinfo *vi,
			   struct kallsyms_place *ret);

/* Search the addresses @first to @last of @s for the tables. -ENOENT; -EINTR. */
int kallsyms_search(struct dump *d, const struct space *s, uint64_t first, uint64_t last,
		    struct kallsyms_place *ret);

/* Append the symbols of the tables at @place. */
int kallsyms_read(struct dump *d, const struct space *s, const struct kallsyms_place *place,
		  struct symtab *ret);
