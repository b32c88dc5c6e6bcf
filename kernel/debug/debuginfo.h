/* Which debug file is the kernel's and which each module's: the ones that were given, else those that are
 * found. Looked for on first need, once; one that is another build's is not taken. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/debug/debugfile.h"
#include "kernel/kernel.h"

/* The file of the module whose struct module is at @module; 0: the kernel's. Borrowed, valid until
 * kernel_close(). -ENOENT: there is none, or none is to be used. */
int debuginfo_file(struct kernel *k, uint64_t module, struct debugfile **ret);

/* That of the kernel or module that the code or variable at @va belongs to. Errors as above. */
int debuginfo_at(struct kernel *k, uint64_t va, struct debugfile **ret);

/* Is one there, or to be looked for at all? Cheap: false when the dump is to be used alone. */
bool debuginfo_wanted(struct kernel *k);

/* What was tried and what is used, of the kernel and each module, one a line. */
int put_debuginfo(struct strbuf *out, struct kernel *k);

/* The same of one module. */
int put_module_debuginfo(struct strbuf *out, struct kernel *k, uint64_t module);

struct debuginfo;

/* kernel.c's: what is kept of it. NULL: no memory. */
struct debuginfo *debuginfo_new(struct kernel *k);
void debuginfo_free(struct debuginfo *di);
