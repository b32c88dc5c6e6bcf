/* The mount options of ext4: struct ext4_sb_info. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* Append those of the super_block at @sb, whose struct ext4_sb_info is at @info. */
int put_ext4(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info);
