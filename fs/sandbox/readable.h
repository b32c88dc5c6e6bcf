/* The files and folders that the daemon may still have to open when it is locked: where debug files may
 * lie. It does not know how that is enforced. */
#pragma once

#include <stddef.h>

#include "kernel/kernel.h"

/* Paths; all zeros is none. */
struct readable {
	char **paths; /* ends with NULL */
	size_t n;
};

/* Add where the debug files of a dump of @release ("" is not known) may be, by what the user said; with
 * what links there lead to. */
int readable_add_debug(struct readable *l, const struct kernel_options *o, const char *release);

int readable_add(struct readable *l, const char *path);
void readable_fini(struct readable *l);
