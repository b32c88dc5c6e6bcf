/* What the plain tables share: a record a line, columns parted by blanks and none within one, so that
 * sort(1) and awk(1) work; the last may have some. "-" stands for nothing, "?" for what is not known. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* What lies at @va in one word: "name+0x1f[module]", of a function or variable; "cache+0x10" of a slab
 * object, with the file behind it when that is an inode; else the address. */
void put_place(struct strbuf *out, struct kernel *k, uint64_t va);

/* The same of what may be a per-CPU variable of @cpu: "name+0x10". */
void put_place_on(struct strbuf *out, struct kernel *k, uint64_t va, size_t cpu);

/* The first, at least @width wide. */
void put_place_column(struct strbuf *out, struct kernel *k, uint64_t va, int width);

/* A name from the dump in a column: blanks become \040. */
void put_name_column(struct strbuf *out, const char *name, int width);

/* Nanoseconds as seconds with six digits, at least @width wide; "-1.000000" of what is past. */
void put_seconds(struct strbuf *out, int64_t ns, int width);

/* Each line of @problems as one that begins with "!! " and @where. */
void put_problem_lines(struct strbuf *out, const char *where, const struct strbuf *problems);
