/* The kernel in a dump: what its bytes mean. Opening is free: each fact is established on its first
 * need, once, by whichever thread asks first, so every function here may be called by any thread.
 * It knows the order of bring-up and nothing else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dump/dump.h"

struct kernel;

struct kernel_options {
	const char *vmlinux; /* path of the kernel's own ELF file; NULL: none given */
	bool force;	     /* take a vmlinux that is not this kernel's */
	bool no_debuginfo;   /* the dump alone: look for no debug files */
};

/* @d is borrowed and must outlive the kernel, as must the strings in @options; NULL: all unset. A
 * vmlinux is opened and held against the dump; -EINVAL: it is another kernel's. */
int kernel_open(struct dump *d, const struct kernel_options *options, struct kernel **ret);
void kernel_close(struct kernel *k);

struct dump *kernel_dump(const struct kernel *k);
const struct kernel_options *kernel_options(const struct kernel *k);

struct arch;
struct code;
struct cpu_facts;
struct fields;
struct keys;
struct objfile;
struct space;
struct typeinfo;
struct types;

int kernel_arch(struct kernel *k, const struct arch **ret);
int kernel_space(struct kernel *k, const struct space **ret);

/* dump_vmcoreinfo(), without a search of memory where symbols tell where it is. */
int kernel_vmcoreinfo(struct kernel *k, const struct vmcoreinfo **ret);

struct symbols *kernel_symbols(struct kernel *k);
struct objfile *kernel_vmlinux(struct kernel *k); /* NULL: none */

/* The kernel's types: those that were given, else the dump's own BTF. -ENOENT: it has none. */
int kernel_types(struct kernel *k, const struct types **ret);

/* Give types, which the kernel takes over, before the first look at any. */
void kernel_give_types(struct kernel *k, struct types *ts);

struct typeinfo *kernel_typeinfo(struct kernel *k);
struct fields *kernel_fields(struct kernel *k);
struct cpu_facts *kernel_cpu_facts(struct kernel *k);
struct code *kernel_code(struct kernel *k);
struct keys *kernel_keys(struct kernel *k);

/* Copy @len bytes at kernel virtual address @va, all or none. -EFAULT: not mapped; and the errors of
 * dump_read(). */
int kernel_read(struct kernel *k, uint64_t va, void *buf, size_t len);

/* The @size <= 8 bytes at @va as an unsigned number. */
int kernel_read_uint(struct kernel *k, uint64_t va, size_t size, uint64_t *ret);

/* The address space of a task, whose mm->pgd is @pgd. It owns nothing and remembers nothing: read it
 * with space_read() and the like. */
int kernel_user_space(struct kernel *k, uint64_t pgd, struct space *ret);
