/* What is known of a debug file without reading its DWARF again: types, and what variables and functions
 * are declared as and where. It is one run of bytes that can be kept on disk; nothing in it is trusted
 * when it comes from there. Immutable once loaded. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/debug/debugfile.h"
#include "kernel/kernel.h"
#include "kernel/symbol/objfile.h"
#include "kernel/types/type.h"

struct index;

struct declaration {
	const char *name;
	const char *file; /* as put_srcpath() has it; "" not known */
	uint32_t line;	  /* 0: not known */
	const struct type *type;
	uint64_t addr; /* as the debug file has it */
	bool is_function;
	bool external;
	bool assembly; /* it is defined in assembly: its type is not known from there */
	bool defined;  /* else it is only declared: .addr is 0 */
};

/* Make the bytes from DWARF, on all cores; @id: what they are of. @ret_problem: "" or what could not be
 * read, in one line. Needs about a byte of memory for each of .debug_info (130 MB for 164 MB, measured), and
 * once a thread the sections themselves where they are compressed; gives it back but for the result.
 * -EINTR, -ENOMEM, -ELOOP, -EBADMSG. */
int index_make(const struct debugfile *f, const struct build_id *id, progress_fn *progress,
	       struct strbuf *ret, char ret_problem[128]);

/* Takes the bytes over, also when it fails: -EBADMSG: they are damaged, of another version, or not of @id
 * (NULL: of anything). */
int index_load(void *bytes, size_t len, const struct build_id *id, struct index **ret);
void index_close(struct index *ix);

const struct types *index_types(const struct index *ix);

/* The variable or function that is at @addr in the file and that the symbol @name stands for: it is
 * called so, or so between dots ("foo.isra.0", clang's "function.variable"). False: none. */
bool index_find(const struct index *ix, uint64_t addr, const char *name, struct declaration *ret);

/* What is declared by this name and defined nowhere in the file, or only in assembly. False: none. */
bool index_find_declared(const struct index *ix, const char *name, bool is_function,
			 struct declaration *ret);

/* All, in the order of addresses and then names. */
size_t index_count(const struct index *ix);
void index_at(const struct index *ix, size_t i, struct declaration *ret);
