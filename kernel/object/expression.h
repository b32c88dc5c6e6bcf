/* Addresses as people write them: "ffffffff81000000", "0xffff888003a5c000", "init_task", "init_task+0x10",
 * "runqueues:1" (of that CPU), "phys:0x1000". */
#pragma once

#include "kernel/kernel.h"

struct expression {
	uint64_t addr;
	bool physical;
};

/* A symbol is preferred to a number that looks like its name. -EINVAL: it is none of these; -ENOENT: no
 * such symbol or CPU; -EFAULT: no address of the kernel's half. */
int expression_parse(struct kernel *k, const char *text, struct expression *ret);
