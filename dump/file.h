/* Files as ranges of bytes: a host file, or a view over another file (flat.h). Reads are pread():
 * the file may shrink under us, and must not kill us then. It knows no formats. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dump/base/strbuf.h"

struct file;

struct file_ops {
	/* Read up to @len bytes at @off, which lies below the size; returns how many, 0 at a gap
	 * that holds nothing, or an error. */
	int64_t (*read)(struct file *f, uint64_t off, void *buf, size_t len);
	void (*close)(struct file *f);
};

struct file {
	const struct file_ops *ops;
	const char *name; /* for messages; lives as long as the file */
	uint64_t size;	  /* bytes */

	/* Reads that failed since it is open: how many, and of the last one where and why. */
	_Atomic uint64_t failures, failed_at;
	_Atomic int error;
};

/* Open a regular file or a block device for reading. */
int file_open(const char *path, struct file **ret);
void file_close(struct file *f);

/* Tell in one line that reads have failed; nothing when none has. */
void file_problem(struct file *f, struct strbuf *out);

/* Read all of @len bytes or fail; -ENODATA: the file ends before them. Messages of reads do not name
 * the file: who has several to tell apart does. */
int file_read(struct file *f, uint64_t off, void *buf, size_t len);

/* Read up to @len bytes; a short count, returned in @ret, means the end of the file. */
int file_read_some(struct file *f, uint64_t off, void *buf, size_t len, size_t *ret);
