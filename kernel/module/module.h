/* Loaded modules. A module goes by the address of its struct module. It knows nothing of what is in
 * a module's memory but its tables. */
#pragma once

#include "kernel/symbol/objfile.h"
#include "kernel/walk/list.h"

#define MODULE_NAME_MAX	   64 /* MODULE_NAME_LEN is 56 */
#define MODULE_REGIONS_MAX 8

/* Begin at the newest; list_next() gives them. */
int modules_begin(struct list_walk *w, struct kernel *k);

/* Its name, cut to @size, as it is in the dump. */
int module_name(struct kernel *k, uint64_t module, char *ret, size_t size);

/* A part of a module's memory. Those for initialisation alone have names that begin with "init" and
 * are gone once it is done. */
struct module_region {
	const char *name;
	uint64_t base, size; /* size > 0 */
};

/* All parts, in no order: how many. */
int module_regions(struct kernel *k, uint64_t module, struct module_region ret[MODULE_REGIONS_MAX],
		   size_t *ret_n);

/* Bytes of all parts, as /proc/modules shows it. */
int module_size(struct kernel *k, uint64_t module, uint64_t *ret);

/* Where it begins. */
int module_base(struct kernel *k, uint64_t module, uint64_t *ret);

/* "live", "coming", "going", "unformed". -EBADMSG: none of them. */
int module_state(struct kernel *k, uint64_t module, const char **ret);

/* How often it is in use, its own reference not counted. -ENOENT: this kernel keeps no count. */
int module_refcnt(struct kernel *k, uint64_t module, int64_t *ret);

/* The letters of a set of taints, of a module or the kernel, "" for none. */
#define TAINT_LETTERS 64
void taint_letters(uint64_t taints, char ret[TAINT_LETTERS + 1]);

/* What the taint of bit @bit means; NULL: this program does not know it. */
const char *taint_meaning(unsigned int bit);

#define TAINT_OUT_OF_TREE (1ull << 12)

/* From its notes in memory. .len 0: it has none. */
int module_build_id(struct kernel *k, uint64_t module, struct build_id *ret);

/* Those that use it: struct module_use, newest first. */
int module_users_begin(struct list_walk *w, struct kernel *k, uint64_t module);
/* 1: a module; 0: the end. */
int module_users_next(struct list_walk *w, uint64_t *ret);

/* Its sections that were loaded: how many, and what the @i-th is. Names are as in the ELF file. */
int module_section_count(struct kernel *k, uint64_t module, size_t *ret);
int module_section(struct kernel *k, uint64_t module, size_t i, char *ret_name, size_t size,
		   uint64_t *ret_addr);
