/* Inodes, and what their files are called. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* The inode that has @va in it as a lock of its own, or of its pages, or as its state: one that a dentry
 * leads back to. -ENOENT: none. */
int inode_around(struct kernel *k, uint64_t va, uint64_t *ret);

/* The inode of the file that the page, or folio, at @page is of. -ENOENT: none. */
int inode_of_page(struct kernel *k, uint64_t page, uint64_t *ret);

/* What tells it from all others: its number and, as the kernel keeps it, the device of its file system. */
int inode_id(struct kernel *k, uint64_t inode, uint64_t *ret_ino, uint64_t *ret_dev);

/* Append the name of one of its dentries within its file system; bytes in @escape become \ooo. -ENOENT: it
 * has none. */
int put_inode(struct strbuf *out, struct kernel *k, uint64_t inode, const char *escape);
