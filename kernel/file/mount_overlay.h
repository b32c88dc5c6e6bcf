/* The mount options of overlayfs: struct ovl_config. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* Append those of the super_block at @sb, whose struct ovl_fs is at @info. */
int put_overlay(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info);
