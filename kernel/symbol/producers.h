/* Who makes the tables of symbols.c. Each fills a table and seals it, and tells its evidence, one fact
 * a line; -ENOENT: there is nothing of this kind. */
#pragma once

#include "kernel/kernel.h"
#include "kernel/symbol/symtab.h"

/* The kernel's own, from kallsyms in the dump. */
int symbols_of_kallsyms(struct kernel *k, struct symtab *ret, struct strbuf *evidence);

/* The kernel's own, from the vmlinux that was given. */
int symbols_of_vmlinux(struct kernel *k, struct symtab *ret, struct strbuf *evidence);

/* The kernel's own that it exports to modules. */
int symbols_of_exports(struct kernel *k, struct symtab *ret, struct strbuf *evidence);

/* Of code that the kernel makes while it runs. */
int symbols_of_runtime(struct kernel *k, struct symtab *ret, struct strbuf *evidence);

/* The modules', from the tables that each keeps. */
int symbols_of_modules(struct kernel *k, struct symtab *ret, struct strbuf *evidence);
