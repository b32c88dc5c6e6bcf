/* How the kernel was configured, CONFIG_IKCONFIG: a file compressed by gzip in its constant data, between
 * the markers IKCFG_ST and IKCFG_ED. */
#pragma once

#include "kernel/kernel.h"

/* Does this kernel have it? */
bool kernel_has_config(struct kernel *k);

/* Append its bytes, as far as they are in the dump, at most LIMIT_CONFIG. -EBADMSG: no end. */
int kernel_config(struct kernel *k, struct strbuf *out);
