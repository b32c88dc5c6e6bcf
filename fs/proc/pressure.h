/* How long tasks lacked something. */
#pragma once

#include "fs/gen.h"

/* Append the lines of the struct psi_group at @group, whose states are called @some and @full; as of the last
 * time that someone averaged. */
int put_pressure(struct render *r, uint64_t group, const char *some, const char *full, bool is_cpu);
