/* Where debug files are looked for: those that were given, then the usual places by build-id, release and
 * name, then the servers that the user names (debuginfod). A file of another build is passed over, as is
 * one without DWARF. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

struct finder;

/* NULL: no memory. */
struct finder *finder_new(struct kernel *k);
void finder_free(struct finder *f);

/* The file with the DWARF of the module at @module; 0: of the kernel, and how far that was moved. What is
 * tried on the way is added to @tried, one a line. @ret is the caller's to free. -ENOENT: none. Any
 * thread may call. */
int finder_find(struct finder *f, uint64_t module, struct strbuf *tried, char **ret,
		uint64_t *ret_offset);

/* Add what became of the files of modules that were given but belong to none that is loaded. */
int finder_unused(struct finder *f, struct strbuf *out);
