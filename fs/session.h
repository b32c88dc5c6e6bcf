/* The session with the kernel's FUSE: mounted, served, told to end. What is asked and answered in it is
 * ops.h's. */
#pragma once

#include <stdbool.h>

struct fuse_session;
struct mount;
struct options;

/* Mount @m at @mountpoint, under the name @source, with what the user said with -o; we add to that. *@ret
 * is the caller's to end, also after an error. */
int session_mount(struct options *o, const char *source, const char *mountpoint, struct mount *m,
		  struct fuse_session **ret);

/* From now on SIGHUP, SIGINT and SIGTERM end the session, and with it the work for its readers. One
 * session a process. */
int session_catch_signals(struct fuse_session *s);

/* Answer until it is unmounted or ended; with @single one request at a time. A signal is no error. */
int session_serve(struct fuse_session *s, struct mount *m, bool single);

/* Signals are what they were. It does not unmount. NULL: there is none. */
void session_end(struct fuse_session *s);
