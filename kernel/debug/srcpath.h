/* Names of source files as a reader of the kernel's tree knows them: "kernel/fork.c", without the folder
 * in which the distributor built it. It looks at names alone, never at files. */
#pragma once

#include "dump/base/strbuf.h"

/* @path, which may be relative to @comp_dir (DW_AT_comp_dir; NULL: none), without ".", ".." and double
 * slashes, and without the folders that it shares with @comp_dir: below it all of them; beside it (the
 * source tree when objects have a folder of their own) if they are two or more, so that /usr/src alone
 * is kept. Bytes that would hurt a terminal are escaped. Nothing is appended for an empty path. */
void put_srcpath(struct strbuf *out, const char *comp_dir, const char *path);
