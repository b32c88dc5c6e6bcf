/* Parameters of modules, and of what is built in: struct kernel_param. A parameter goes by its
 * address. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* How many parameters a module has, and where the @i-th is. */
int module_param_count(struct kernel *k, uint64_t module, size_t *ret);
int module_param(struct kernel *k, uint64_t module, size_t i, uint64_t *ret);

int param_name(struct kernel *k, uint64_t param, char *ret, size_t size);

/* Append its value as /sys/module/NAME/parameters/ shows it, without a newline. One that its
 * module prints in its own way comes as "<function of address>". */
int put_param(struct strbuf *out, struct kernel *k, uint64_t param);
