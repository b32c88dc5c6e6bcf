/* What the files of /proc/mdstat share: bits that kernels number in enumerations, and what each personality
 * tells of an array of its own. */
#pragma once

#include "fs/gen.h"

#define MD_NAME_LEN 64

/* Is the bit that the enumerator of md called @name numbers set in @word? One that this kernel does not have
 * is not. */
int md_bit(struct kernel *k, uint64_t word, const char *name, bool *ret);

/* The same of one that all kernels have: -ENOENT. */
int md_must_bit(struct kernel *k, uint64_t word, const char *name, bool *ret);

/* What @personality tells of the struct mddev at @md. -EOPNOTSUPP: this program does not know it, and nothing
 * was written. */
int put_md_status(struct render *r, uint64_t md, const char *personality);
