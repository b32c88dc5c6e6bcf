/* makedumpfile's flattened stream (-F, also what QEMU's kdump files are) as a file, so that no
 * format knows of it. */
#pragma once

#include <stdbool.h>

#include "dump/file.h"

bool flat_probe(const unsigned char *head, size_t len);

/* Takes @under over, also on failure. @ret_complete: the stream ends with its end record. */
int flat_open(struct file *under, struct file **ret, bool *ret_complete);
