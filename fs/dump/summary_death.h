/* The part of /summary that tells what a kernel died of. */
#pragma once

#include "fs/gen.h"
#include "kernel/cpu/death.h"

/* What the log says, on the PANIC line of the banner. */
void put_death_line(struct strbuf *out, const struct death *d);

/* Rows of what it was and at which instruction. */
int put_death_rows(struct strbuf *out, struct kernel *k, const struct death *d);

/* The registers, and the stack. */
int put_death_stack(struct strbuf *out, struct kernel *k, const struct death *d);
