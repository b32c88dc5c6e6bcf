/* Locks on files: flock(2), fcntl(2), leases. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* Append the lock at @lock as /proc/locks shows it, as number @id, with a newline. @depth is 0 of one that
 * is held; of one that waits for another, how many wait one for the other up to it. */
int put_lock(struct strbuf *out, struct kernel *k, uint64_t lock, unsigned int id,
	     unsigned int depth);

/* Append a line "lock:" for each lock that the open file @file, of the files_struct @files, holds. */
int put_locks_of_file(struct strbuf *out, struct kernel *k, uint64_t file, uint64_t files);
