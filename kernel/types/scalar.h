/* The numbers in a kernel's bytes: integers, enumerations, pointers, bit fields, and structures
 * around one of these. */
#pragma once

#include "kernel/types/member.h"

#define SCALAR_BYTES_MAX 9 /* a bit field of 64 bits may begin within a byte */

/* How many bytes, from place_offset() on, hold the value at @p. -EINVAL: it is no number of at most
 * 8 bytes. */
int scalar_bytes(const struct place *p, size_t *ret);

/* The value of those bytes, sign-extended when the type is signed. */
uint64_t scalar_value(const struct place *p, const unsigned char *bytes);
