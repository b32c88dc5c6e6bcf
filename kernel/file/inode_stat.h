/* What stat(2) shows of an inode: generic_fillattr(), which file systems that count in a way of their own
 * correct. */
#pragma once

#include <sys/stat.h>

#include "kernel/kernel.h"

/* Numbers as the dump has them, owners in the initial user namespace; times in whole seconds. */
int inode_stat(struct kernel *k, uint64_t inode, struct stat *ret);
