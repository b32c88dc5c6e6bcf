/* One pass over the DWARF of a file, by all cores: which DIEs name types, variables and functions. What is
 * found is by unit and in the order of the file, whatever thread came to it, so that what is made of it is
 * always the same. It keeps numbers and offsets, not names: those of a DIE cost nothing to read again. */
#pragma once

#include "kernel/debug/debugfile.h"
#include "kernel/kernel.h"

/* A type that has a name: DIEs with the same key are the same type, in whichever unit. */
struct named {
	uint64_t key;
	uint32_t at; /* offset from the start of the unit */
	bool complete;
};

enum { DECL_VARIABLE, DECL_FUNCTION, DECL_KINDS };

/* A variable or function. */
struct declared {
	uint64_t addr; /* as the file has it, relocated if it is a module's */
	uint64_t key;  /* of its kind and name; 0: not known */
	uint32_t at;
	uint32_t file; /* of scan_path() */
	uint32_t line;
	uint8_t kind;
	bool defined; /* it is at .addr; else only declared */
	bool external;
	bool assembly; /* there it has a place, but no type */
};

struct unit {
	Dwarf_CU *cu;	 /* of the handle that scan() was given */
	uint64_t offset; /* where its first DIE begins, */
	uint64_t start;	 /* and its header */
	uint64_t size;	 /* bytes, header included; at least as many as it has */
	bool in_types;	 /* in .debug_types */
	struct named *named;
	size_t nr_named, room_named;
	struct declared *declared;
	size_t nr_declared, room_declared;
};

struct scan {
	struct unit *units;
	size_t nr;
	struct paths *paths;
	char problem[128]; /* "" none: the first unit that is damaged */
};

/* @f is a handle of the caller's thread alone. -EINTR; -ENOMEM; -EBADMSG: there are no units. */
int scan(struct debugfile *f, progress_fn *progress, struct scan *ret);
void scan_fini(struct scan *s);

/* A name of a source file, as put_srcpath() writes it. */
const char *scan_path(const struct scan *s, uint32_t file);

/* The key of a type or declaration without its size and place. */
uint64_t scan_name_key(int tag, const char *name);
