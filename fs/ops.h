/* What FUSE asks and what we answer: the only place where the two meet, and where our errors become
 * those that programs understand. */
#pragma once

#include <sys/types.h>
#include <time.h>

#include "fs/fs.h"

struct fuse_lowlevel_ops;

/* The user data of the session. */
struct mount {
	struct fs *fs;
	uid_t uid; /* owner of every file */
	gid_t gid;
	mode_t dir_mode, file_mode;
	struct timespec time; /* of every file */
	uint64_t bytes;	      /* for statfs(2): size of the dump */
	int ready_fd;	      /* a byte goes there when the mount answers; -1: nobody waits */
};

extern const struct fuse_lowlevel_ops mount_ops;
