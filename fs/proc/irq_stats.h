/* The lines at the end of /proc/interrupts: of x86 the interrupts that have no number, of arm64 those that
 * CPUs send each other. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* Sum of what all CPUs have counted of them, as /proc/stat adds it. */
int irq_stats_sum(struct kernel *k, uint64_t *ret);

/* Are they those of arm64, which also tells how each of the others comes (GENERIC_IRQ_SHOW_LEVEL)? */
bool irq_stats_are_ipis(struct kernel *k);

/* The lines; labels are @width wide. */
int put_irq_stats(struct strbuf *out, struct kernel *k, int width);
