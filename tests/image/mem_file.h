/* Bytes in memory as a file of the dump layer. */
#pragma once

#include "dump/file.h"

struct mem_file {
	struct file file;
	const unsigned char *bytes; /* borrowed */
};

/* @m lives as long as the file; file_close() does nothing to it. */
struct file *mem_file(struct mem_file *m, const void *bytes, size_t len);
