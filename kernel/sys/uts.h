/* Which kernel this is: the strings of uname(2) from init_uts_ns, VMCOREINFO or the dump's header. */
#pragma once

#include "kernel/kernel.h"

struct uts {
	char sysname[66], nodename[66], release[66], version[66], machine[66]; /* "" unknown */
};

/* Every string that can be had. */
void kernel_uts(struct kernel *k, struct uts *ret);
