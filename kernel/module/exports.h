/* What a module exports to others: its table of struct kernel_symbol. Where what is for modules under
 * the GPL alone has a table of its own, that is left out: the kernel does not look there to tell in
 * /proc/kallsyms what is exported. */
#pragma once

#include "kernel/kernel.h"

struct export
{
	uint64_t value, name; /* addresses of it and of its name */
};

struct exports {
	struct export *v; /* by ascending value */
	size_t n;
};

/* Those of a module. What cannot be read is left out. -ENOMEM, -EINTR. */
int exports_read(struct kernel *k, uint64_t module, struct exports *ret);
void exports_fini(struct exports *e);

/* Is this symbol one of them? */
bool exports_have(struct kernel *k, const struct exports *e, uint64_t value, const char *name);
