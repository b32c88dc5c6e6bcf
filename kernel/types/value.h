/* Values of the kernel's memory by their types, printed as C, the way crash's `struct` and `task` do:
 *
 *	struct list_head {
 *	  next = 0xffffffff83a1b2d0 <init_task+2192>,
 *	  prev = 0xff31904f411d8890
 *	}
 *
 * It differs where that serves a reader: more than ten equal elements of an array are folded
 * ("0x0 <repeats 15 times>"), the NULs at the end of a character array are left out, and what the
 * dump lacks is "<not in dump>", field by field. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"
#include "kernel/types/member.h"

/* The structure, union or other value of type @t at @addr, with "struct name " before and a newline
 * behind it. The errors of kernel_read() when none of it can be read, and then @out is untouched. */
int put_object(struct strbuf *out, struct kernel *k, const struct type *t, uint64_t addr);

/* The value at @place of a structure at @addr, without a newline; lines after the first begin with
 * @indent spaces. */
int put_value(struct strbuf *out, struct kernel *k, const struct place *place, uint64_t addr,
	      unsigned int indent);
