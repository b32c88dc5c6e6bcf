/* What FUSE asks and what we answer: the only place where the two meet, and where our errors become
 * those that programs understand. */
#pragma once

#include <pthread.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <time.h>

#include "fs/fs.h"

struct fuse_lowlevel_ops;
struct fuse_session;
struct handle;

/* The user data of the session. */
struct mount {
	struct fs *fs;
	uid_t uid; /* owner of every file */
	gid_t gid;
	mode_t dir_mode, file_mode;
	struct timespec time; /* of every file */
	uint64_t bytes;	      /* for statfs(2): size of the dump */
	int ready_fd;	      /* a byte goes there when the mount answers; -1: nobody waits */
	struct fuse_session *session; /* to give the kernel what it did not ask for; NULL: not to */
	pthread_mutex_t storing;      /* see store.c */
	pthread_mutex_t forgetting;   /* see forget.c */
	pthread_mutex_t lock;
	LIST_HEAD(, handle) handles; /* open files and directories */
};

/* Set up what no one else does; the rest is the caller's to fill in. */
void mount_init(struct mount *m);

/* Close what the kernel left open when the mount went away. */
void mount_fini(struct mount *m);

extern const struct fuse_lowlevel_ops mount_ops;
