/* What the readers of log.c's variant table share. */
#pragma once

#include "kernel/log/log.h"

/* A reader: emits what is there; errors as log_read(). */
int log_prb_read(struct kernel *k, const struct vmcoreinfo *vi, log_record_fn *emit, void *arg);
int log_records_read(struct kernel *k, const struct vmcoreinfo *vi, log_record_fn *emit, void *arg);
