/* Variables and functions by their symbols: what they are declared as, where, and what a variable holds.
 * DWARF knows that of all; without it BTF has functions and per-CPU variables, and variables.def the
 * well-known others. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/debug/index.h"
#include "kernel/symbol/symbols.h"

struct variable {
	struct symbol symbol;
	uint64_t module; /* whose it is; 0: the kernel's */
	bool per_cpu;	 /* one for each CPU */
	bool is_function;
	bool assembly;		 /* it is written in assembly */
	const struct type *type; /* NULL: not known */
	const char *file;	 /* where it is defined, else declared; "" not known */
	uint32_t line;		 /* 0: not known */
	char unknown[160];	 /* why .type, or .file, is not known; "" it is */
	struct type pointer;	 /* what .type may be; so this is not to be copied */
};

/* Is it there once for each CPU, so that a CPU's offset is to be added to its address? */
bool symbol_is_per_cpu(struct kernel *k, const struct symbol *s);

/* May it hold a value? Functions, labels in code and absolute symbols do not. */
bool symbol_is_variable(struct kernel *k, const struct symbol *s);

/* What is known of @s; that nothing is, is no error. -EINTR, -ENOMEM. */
int variable_describe(struct kernel *k, const struct symbol *s, struct variable *ret);

/* "struct list_head modules;" of one whose .type is known. */
void put_variable_declaration(struct strbuf *out, const struct variable *v);

/* "modules = {...}", and a line of its own for each CPU: "per_cpu(runqueues, 0) = {...}"; its bytes, when
 * the type is not known. The errors of reading, when something is not in the dump. */
int put_variable_value(struct strbuf *out, struct kernel *k, const struct variable *v);
