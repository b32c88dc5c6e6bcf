/* The bytes of a file, handed on piece by piece. */
#pragma once

#include "fs/fs.h"

struct copy_sink {
	/* The size, before the first byte; NULL: nobody asks. */
	int (*begin)(void *arg, uint64_t size);
	int (*write)(void *arg, const void *bytes, size_t len);
	/* @len bytes that the dump does not have; NULL: write() gets zeros. */
	int (*hole)(void *arg, uint64_t len);
	void *arg;
};

#define COPY_SINK_FAILED 1 /* and not the dump: why() has what the sink said */

/* Copy all of @n, which is no directory and no link. *@ret_partial: it says itself that something is missing. */
int copy_file(struct fs *fs, struct node *n, const struct copy_sink *sink, bool *ret_partial);
