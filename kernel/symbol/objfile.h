/* The ELF file of a kernel or a module (vmlinux, .ko, or their debug files): build-id, sections,
 * symbols. Addresses are the file's own: where the kernel was loaded is its caller's. Any thread may
 * call. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/symbol/symtab.h"

#define BUILD_ID_MAX 64

struct build_id {
	unsigned char bytes[BUILD_ID_MAX];
	size_t len; /* 0: none */
};

/* In hexadecimal, NUL-terminated; "none". */
void build_id_text(const struct build_id *id, char ret[2 * BUILD_ID_MAX + 1]);

/* Both are known, and the same. */
bool build_id_same(const struct build_id *a, const struct build_id *b);

/* Find the GNU build-id among the notes in @blob. .len 0: none. */
void build_id_of_notes(const unsigned char *blob, size_t len, struct build_id *ret);

struct objfile;

/* Errors of opening the file; -EINVAL: no ELF file. */
int objfile_open(const char *path, struct objfile **ret);
void objfile_close(struct objfile *o);

const char *objfile_path(const struct objfile *o);
const struct build_id *objfile_build_id(const struct objfile *o);

/* The lowest address in the kernel's half that its segments load to. -ENOENT: none. */
int objfile_base(struct objfile *o, uint64_t *ret);

/* Where a section lies and its bytes; NULL bytes: the file holds none. Borrowed. -ENOENT. */
struct section {
	uint64_t va, size;
	const unsigned char *bytes;
};
int objfile_section(struct objfile *o, const char *name, struct section *ret);

/* Append the symbols of .symtab, moved by @offset but for absolute ones and those in the lower half,
 * which are per-CPU offsets. -ENOENT: stripped. */
int objfile_symbols(struct objfile *o, uint64_t offset, struct symtab *ret);
