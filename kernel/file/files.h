/* The open files of a task: files_struct, fdtable. */
#pragma once

#include "kernel/kernel.h"

struct open_file {
	uint64_t fd;
	uint64_t file; /* struct file */
	bool cloexec;
};

#define FILES_CHUNK 64 /* the descriptors that a word of a bit map is for */

struct files_walk {
	struct kernel *k;
	uint64_t files;			    /* struct files_struct; 0: the task has none */
	uint64_t array, cloexec, max, next; /* of the fdtable; next: the descriptor */
	uint64_t chunk[FILES_CHUNK], word;  /* around next */
};

/* Begin at the lowest descriptor. -EBADMSG: a table that cannot be. */
int files_begin(struct files_walk *w, struct kernel *k, uint64_t task);

/* 1: an open file; 0: the end. */
int files_next(struct files_walk *w, struct open_file *ret);

/* That descriptor alone. -ENOENT: it is not open. */
int files_find(struct kernel *k, uint64_t task, uint64_t fd, struct open_file *ret);
