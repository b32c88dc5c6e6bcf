/* The constant data of the kernel's image, for what is found there by its content. */
#pragma once

#include <stdbool.h>

#include "kernel/mem/space.h"

/* Where it is, as the page tables tell: from the first to the last of what nobody may write or execute.
 * False: they do not. */
bool constant_region(struct dump *d, const struct space *s, struct region *ret);

struct constant {
	uint64_t first; /* the virtual address of bytes[0] */
	size_t len;
	unsigned char *bytes; /* what the dump lacks is zeros */
};

/* Copy all of it; constant_free(). -ENOENT: where it is is not known; -ELOOP: it is too large to be that. */
int constant_read(struct dump *d, const struct space *s, struct constant *ret);
void constant_free(struct constant *c);
