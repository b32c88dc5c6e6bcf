/* Names of inodes in memory, for tables. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/file/super.h"

#define SUPERS_KEPT 64

/* Where some super blocks are mounted: to find that out one goes over all their mounts. All 0: none. */
struct super_memo {
	size_t n; /* that were found; the last SUPERS_KEPT of them are kept */
	struct {
		uint64_t sb;
		enum mounted how;
		struct path path;
	} v[SUPERS_KEPT];
};

/* "254:0" of a dev_t. */
void put_dev(struct strbuf *out, uint64_t dev, int width);

/* "ext4": of the super block at @sb. */
int put_super_type(struct strbuf *out, struct kernel *k, uint64_t sb);

/* Where the super block at @sb is mounted: "/mnt". What is mounted nowhere is named in brackets. */
int put_super_place(struct strbuf *out, struct kernel *k, uint64_t sb);

/* The path of the inode at @inode by the first of its names; "(block device 8:0)", "(no name)". */
int put_inode_name(struct strbuf *out, struct kernel *k, struct super_memo *memo, uint64_t sb,
		   uint64_t inode);
