/* What a file system was mounted with, as it shows in /proc/mounts. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

#define OPTION_ESCAPES	",= \t\n\\"
#define OPTIONS_UNKNOWN ",..."

/* Append ",size=64k,mode=700": the options of the super_block at @sb that are its file system's own.
 * OPTIONS_UNKNOWN stands for those of a file system that is not known here. */
int put_fs_options(struct strbuf *out, struct kernel *k, uint64_t sb);
