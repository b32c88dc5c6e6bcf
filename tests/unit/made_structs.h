/* The types of a fake kernel, from text: a structure a line, its name and size, then members as
 * "type name@offset". A type is u8, u16, u32, s32, u64, ptr, a structure of an earlier line, or one of
 * these as an array, u8[16]. A line "enum NAME=value ..." is an enumeration without a name. */
#pragma once

#include "tests/unit/fake_kernel.h"

/* Of a kernel that is open. */
void fake_structs(struct fake *f, const char *text);
