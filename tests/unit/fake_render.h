/* What generators write of a fake kernel. */
#pragma once

#include <stdlib.h>

#include "fs/gen.h"
#include "tests/unit/made_structs.h"

/* What @fn writes, then "!! " and the error that it ends with, if any; key[0] is @id. The caller frees it. */
char *fake_text(struct fake *f, text_fn *fn, uint64_t id);

/* It is @expected; it has @part; it ends with an error line that has @part. */
void expect_text(struct fake *f, text_fn *fn, uint64_t id, const char *expected);
void expect_part(struct fake *f, text_fn *fn, uint64_t id, const char *part);
void expect_error(struct fake *f, text_fn *fn, uint64_t id, const char *part);

/* The names that @lister gives, a blank behind each; the error as above. */
char *fake_names(struct fake *f, const struct lister *lister, uint64_t id);
void expect_names(struct fake *f, const struct lister *lister, uint64_t id, const char *expected);

/* @n CPUs, all there and on line, the per-CPU variables of CPU i at i * @step; HZ is 250, jiffies @jiffies.
 * It takes the page at @at; the structures are FAKE_MACHINE_TYPES. */
void fake_machine(struct fake *f, uint64_t at, unsigned int n, uint64_t step, uint64_t jiffies);

#define FAKE_MACHINE_TYPES                                                                \
	"tkr 16 u64 xtime_nsec@0 u32 shift@8\n"                                           \
	"timespec64 16 u64 tv_sec@0 u64 tv_nsec@8\n"                                      \
	"timekeeper 128 tkr tkr_mono@0 u64 xtime_sec@16 timespec64 wall_to_monotonic@24 " \
	"u64 offs_boot@40 u64 ntp_tick@48\n"
