/* Serving a command: its end is the session's, and what it asks of files by stat(2) is answered. */
#pragma once

#include <stdbool.h>

struct exec;
struct fs;
struct fuse_session;
struct mount;

struct exec_service {
	struct exec *exec; /* started */
	struct fs *fs;
	struct fuse_session *session;
	struct mount *mount;
	bool single; /* one request at a time */
	int (*lock)(
		void *arg); /* locks the calling thread down, and those that it makes from then on */
	void *arg;
};

/* Until the command ends, or a signal asks us to, which ends the command. */
int exec_serve(const struct exec_service *s);
