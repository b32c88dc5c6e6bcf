/* An ELF file with DWARF, of the kernel or of one of its modules, as libdw reads it. It knows where the
 * file's code and data lie in the dump, and nothing of how it was found. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdwfl.h>

struct debugfile;

/* A vmlinux, whose addresses the kernel moved by @offset (KASLR). -EINVAL: it is no ELF file, or of
 * another machine than ours can read; -ENOENT: it has no DWARF. */
int debugfile_open_kernel(const char *path, uint64_t offset, struct debugfile **ret);

/* Where a section of a module was loaded. -ENOENT: it was not, or is gone. */
typedef int section_fn(void *arg, const char *section, uint64_t *ret);

/* A module's file, or its debug file, relocated to where its sections are. @where is asked until
 * debugfile_close(). Errors as above. */
int debugfile_open_module(const char *path, const char *name, section_fn *where, void *arg,
			  struct debugfile **ret);

void debugfile_close(struct debugfile *f);

const char *debugfile_path(const struct debugfile *f);

/* Are sections compressed? Then each handle has a copy of them, and is costly to open. */
bool debugfile_is_compressed(const struct debugfile *f);

/* What to add to addresses in the DWARF to have those of the dump. */
uint64_t debugfile_bias(const struct debugfile *f);

/* One thread at a time may use what libdw gives: this takes the lock of the file, and debugfile_unlock()
 * gives it back. Never NULL. */
Dwarf *debugfile_lock(struct debugfile *f);
Dwfl_Module *debugfile_module(struct debugfile *f); /* of a locked file */
void debugfile_unlock(struct debugfile *f);

/* Bytes of DWARF between two calls of dwarf_give_back(). */
#define DWARF_GIVE_BACK (8u << 20)

/* Let go of the pages of the file that were looked at: they are the host's again, and come back when they
 * are looked at again. What libdw gave remains. Of a handle that is the calling thread's alone. */
void dwarf_give_back(Dwarf *dwarf);

/* Another handle on the same file for a thread of its own, which needs no lock; the caller closes it.
 * Opening it again is cheap: the bytes are shared. */
int debugfile_again(const struct debugfile *f, struct debugfile **ret);
