/* The kernel in a dump: what its bytes mean. Opening is free: each fact is established on its first
 * need, once, by whichever thread asks first, so every function here may be called by any thread.
 * It knows the order of bring-up and nothing else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dump/dump.h"

struct kernel;

struct build_id;

/* Ask servers for the debug file of a build, as fetch_debug_file() does. Any thread may call it. */
typedef int fetch_fn(void *arg, const struct build_id *id, char **ret);

/* What takes long tells how far it is. Any thread may call it. */
typedef void progress_fn(const char *what, unsigned int percent);

struct kernel_options {
	const char *vmlinux; /* path of the kernel's own ELF file; NULL: none given */
	bool force;	     /* take a vmlinux that is not this kernel's */
	bool no_debuginfo;   /* the dump alone: look for no debug files */

	const char *const *modules; /* files of modules, .ko or .ko.debug; ends with NULL */
	const char *debug_dir;	    /* to look for debug files in first; NULL: none */
	const char *dump_dir;	    /* where the dump lies; NULL: not known */
	fetch_fn *fetch;	    /* NULL: there are no servers to ask */
	void *fetch_arg;
	const char *cache_dir; /* where what is costly to make may be kept; NULL: nowhere */
	progress_fn *progress; /* NULL: nobody wants to know */

	/* For tests: as a kernel that has none. */
	bool no_btf, no_orc, no_data_symbols;
};

/* @d is borrowed and must outlive the kernel, as must the strings in @options; NULL: all unset. A
 * vmlinux is opened and held against the dump; -EINVAL: it is another kernel's. */
int kernel_open(struct dump *d, const struct kernel_options *options, struct kernel **ret);
void kernel_close(struct kernel *k);

struct dump *kernel_dump(const struct kernel *k);
const struct kernel_options *kernel_options(const struct kernel *k);

struct arch;
struct fields;
struct objfile;
struct space;
struct types;

int kernel_arch(struct kernel *k, const struct arch **ret);
int kernel_space(struct kernel *k, const struct space **ret);

/* log2 of the bytes of a page, of 4 KB where that is not known; the dump's may be smaller or larger. */
unsigned int kernel_page_shift(struct kernel *k);
uint64_t kernel_page_size(struct kernel *k); /* bytes */

/* dump_vmcoreinfo(), without a search of memory where symbols tell where it is. */
int kernel_vmcoreinfo(struct kernel *k, const struct vmcoreinfo **ret);

struct objfile *kernel_vmlinux(struct kernel *k); /* NULL: none */

/* The kernel's types: those that were given, else the dump's own BTF, else what its debug file has.
 * -ENOENT: there are none. */
int kernel_types(struct kernel *k, const struct types **ret);

/* Give types, which the kernel takes over, before the first look at any. */
void kernel_give_types(struct kernel *k, struct types *ts);

struct fields *kernel_fields(struct kernel *k);

/* What is kept of each subject, made on first need: kernel_symbols(), kernel_typeinfo() and so on, for the
 * files that own them. */
#define PART(name)   \
	struct name; \
	struct name *kernel_##name(struct kernel *k);
#include "kernel/parts.def"
#undef PART

/* Copy @len bytes at kernel virtual address @va, all or none. -EFAULT: not mapped; and the errors of
 * dump_read(). */
int kernel_read(struct kernel *k, uint64_t va, void *buf, size_t len);

/* The @size <= 8 bytes at @va as an unsigned number. */
int kernel_read_uint(struct kernel *k, uint64_t va, size_t size, uint64_t *ret);

/* The address space of a task, whose mm->pgd is @pgd. It owns nothing and remembers nothing: read it
 * with space_read() and the like. */
int kernel_user_space(struct kernel *k, uint64_t pgd, struct space *ret);
