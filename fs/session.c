#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include "fs/session.h"

#include <errno.h>
#include <fuse.h>
#include <fuse_lowlevel.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "fs/ops.h"
#include "fs/options.h"
#include "fs/sandbox/build.h"

/* Readers that may wait for long renders at the same time before others have to. */
#define THREADS_MAX  64
#define THREADS_IDLE 8

static const int ending_signals[] = { SIGHUP, SIGINT, SIGTERM };

/* What those end; a handler is given nothing. */
static struct fuse_session *ended_by_signals;

/* Ours come after the user's: the last one counts. */
static int add_options(struct options *o, const char *source)
{
	struct fuse_args *args = &o->args;
	_free_ char *opts = NULL;
	_free_ char *fsname = NULL;

	if (asprintf(&fsname, "fsname=%s", source) < 0 ||
	    fuse_opt_add_opt_escaped(&opts, fsname) < 0 ||
	    fuse_opt_add_opt(&opts, "subtype=vmcorefs") < 0 ||
	    fuse_opt_add_opt(&opts, "default_permissions") < 0 ||
	    fuse_opt_add_opt(&opts, "ro") < 0 ||
	    (o->debug && fuse_opt_add_opt(&opts, "debug") < 0) ||
	    fuse_opt_add_arg(args, "-o") < 0 || fuse_opt_add_arg(args, opts) < 0)
		return fail(-ENOMEM, "mount options");
	return 0;
}

/* All that is said with -o, in one string. NULL: no memory. */
static char *join_options(const struct fuse_args *args)
{
	char *opts = NULL;

	for (int i = 1; i < args->argc; i++) {
		const char *opt = args->argv[i];

		if (strncmp(opt, "-o", 2) != 0)
			continue;
		opt = opt[2] ? opt + 2 : args->argv[++i];
		if (opt && fuse_opt_add_opt(&opts, opt) < 0) {
			free(take(&opts));
			break;
		}
	}
	return opts;
}

/* The library that mounts would also unmount, which is the monitor's to do: the session does not know
 * where it is mounted. */
static int open_channel(struct fuse_session *s, const char *mountpoint, const char *opts)
{
	char channel[32];
	int fd;

	LEAK_BEGIN(); /* its copy of the options */
	fd = fuse_open_channel(mountpoint, opts);
	LEAK_END();
	if (fd < 0)
		return fail(-EIO, "%s: mounting failed", mountpoint);
	snprintf(channel, sizeof(channel), "/dev/fd/%d", fd);
	if (fuse_session_mount(s, channel) < 0) {
		close(fd);
		return fail(-EIO, "%s: mounting failed", mountpoint);
	}
	return 0;
}

/* FUSE says itself on stderr what it dislikes. */
int session_mount(struct options *o, const char *source, const char *mountpoint, struct mount *m,
		  struct fuse_session **ret)
{
	_free_ char *opts = NULL;
	int r = add_options(o, source);

	if (r < 0)
		return r;
	opts = join_options(&o->args);
	if (!opts)
		return fail(-ENOMEM, "mount options");
	*ret = fuse_session_new(&o->args, &mount_ops, sizeof(mount_ops), m);
	if (!*ret)
		return fail(-EINVAL, "usage: FUSE did not take the options");
	return open_channel(*ret, mountpoint, opts);
}

static void end_session(int signal)
{
	(void)signal;
	cancel_all();
	fuse_session_exit(ended_by_signals);
}

static int handle(void (*ending)(int), void (*broken_pipe)(int))
{
	struct sigaction end = { .sa_handler = ending }, pipe = { .sa_handler = broken_pipe };

	for (size_t i = 0; i < sizeof(ending_signals) / sizeof(*ending_signals); i++) {
		if (sigaction(ending_signals[i], &end, NULL) < 0)
			return fail(-errno, "signal handlers: %s", strerror(errno));
	}
	return sigaction(SIGPIPE, &pipe, NULL) < 0
		       ? fail(-errno, "signal handlers: %s", strerror(errno))
		       : 0;
}

int session_catch_signals(struct fuse_session *s)
{
	ended_by_signals = s;
	return handle(end_session, SIG_IGN);
}

int session_serve(struct fuse_session *s, struct mount *m, bool single)
{
	struct fuse_loop_config *config;
	int r;

	if (single) {
		r = fuse_session_loop(s);
	} else {
		config = fuse_loop_cfg_create();
		if (!config)
			return fail(-ENOMEM, "threads");
		fuse_loop_cfg_set_max_threads(config, THREADS_MAX);
		fuse_loop_cfg_set_idle_threads(config, THREADS_IDLE);
		m->session = s;
		r = fuse_session_loop_mt(s, config);
		fuse_loop_cfg_destroy(config);
	}
	/* The mount is gone: fuse_dev_do_read() says so to a thread that was taking a request when the connection
	 * ended, and ENODEV to those that waited for one, which libfuse knows to be the end. */
	if (r == -ECONNABORTED)
		return 0;
	return r < 0 ? fail(r, "serving: %s", strerror(-r)) : 0;
}

void session_end(struct fuse_session *s)
{
	if (ended_by_signals)
		handle(SIG_DFL, SIG_DFL);
	ended_by_signals = NULL;
	if (s)
		fuse_session_destroy(s);
}
