/* Bring-up: command line, files, mount, loop. */

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/dump.h"
#include "fs/exec.h"
#include "fs/exec_serve.h"
#include "fs/lockdown.h"
#include "fs/offline/offline.h"
#include "fs/ops.h"
#include "fs/options.h"
#include "fs/sources.h"
#include "fs/session.h"
#include "fs/sigbus.h"
#include "kernel/kernel.h"

/* What runs, in the order in which it is brought up. */
struct program {
	struct options options;
	char *mountpoint; /* absolute */
	struct sources sources;
	struct mount mount;
	struct exec exec;
	struct lockdown lockdown;
	struct fuse_session *session;
};

static int find_mountpoint(struct program *p, const struct surroundings *around)
{
	const char *temporary = around->temporary;
	struct stat st;
	int r;

	if (p->options.verb == VERB_EXEC) {
		r = exec_prepare(&p->exec, temporary && temporary[0] == '/' ? temporary : "/tmp");
		return r < 0 ? r : absolute(p->exec.folder, &p->mountpoint);
	}
	r = absolute(p->options.mountpoint, &p->mountpoint);
	if (r < 0)
		return within(r, "mount point");
	if (stat(p->mountpoint, &st) == 0 && !S_ISDIR(st.st_mode))
		return fail(-ENOTDIR, "mount point: %s: not a directory", p->mountpoint);
	return 0;
}

/* To the person who waits: in the foreground, and on a terminal. */
static void show_progress(const char *what, unsigned int percent)
{
	fprintf(stderr, "\r\033[K%s: %u%%%s", what, percent, percent >= 100 ? "\n" : "");
}

static void set_attributes(struct program *p)
{
	struct mount *m = &p->mount;

	/* Copies of a private tree are to be private too. */
	m->dir_mode = p->options.allow_other ? 0755 : 0700;
	m->file_mode = p->options.allow_other ? 0444 : 0400;
	m->uid = getuid();
	m->gid = getgid();
	m->bytes = p->sources.bytes;
	m->time.tv_sec = p->sources.time;
}

static int open_files(struct program *p, const struct surroundings *around)
{
	const struct options *o = &p->options;
	const bool watched = (o->foreground || o->debug) && isatty(STDERR_FILENO);
	const struct asking asking = {
		.progress = watched ? show_progress : NULL,
		.fetch = monitor_fetch,
		.arg = &p->lockdown.monitor,
	};
	struct monitor_job job = { .remove = o->verb == VERB_EXEC };
	int r = find_mountpoint(p, around);

	job.mountpoint = p->mountpoint;
	if (r == 0)
		r = lockdown_begin(&p->lockdown, o, &job);
	if (r == 0)
		r = sources_open(&p->sources, o, around, &asking);
	if (r == 0)
		r = lockdown_prepare(&p->lockdown, &p->sources, around, NULL);
	if (r < 0)
		return r;
	p->mount.fs = p->sources.fs;
	if (o->verb == VERB_EXEC)
		p->mount.fs->root = p->mountpoint;
	set_attributes(p);
	return 0;
}

static void leave_terminal(void)
{
	_close_ int null = open("/dev/null", O_RDWR);

	setsid();
	if (chdir("/") < 0 || null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null <= STDERR_FILENO)
		null = -1;
}

/* The parent ends when the mount answers, or with the child. It must not clean up: the mount is the
 * child's now. */
static void wait_until_ready(int fd)
{
	char ready;
	ssize_t n;

	do
		n = read(fd, &ready, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		fprintf(stderr, "vmcorefs: ended before the mount answered\n");
	_exit(n == 1 ? 0 : 1);
}

static int daemonise(struct program *p)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(-errno, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return fail(-errno, "fork: %s", strerror(errno));
	if (pid > 0) {
		close(ends[1]);
		wait_until_ready(ends[0]);
	}
	close(ends[0]);
	leave_terminal();
	p->mount.ready_fd = ends[1];
	return 0;
}

static int lock_down(void *arg)
{
	const struct program *p = arg;

	return lockdown_lock(&p->lockdown, p->exec.init);
}

static int serve_command(struct program *p, const char *shell)
{
	const char *release = dump_facts(p->sources.dump)->release;
	const struct exec_service service = {
		.exec = &p->exec,
		.fs = p->sources.fs,
		.session = p->session,
		.mount = &p->mount,
		.single = p->options.single,
		.lock = lock_down,
		.arg = p,
	};
	int r = exec_start(&p->exec, p->options.words, shell, *release ? release : "a kernel");

	if (r < 0)
		return r;
	p->mount.ready_fd = p->exec.ready[1];
	p->exec.ready[1] = -1;
	r = session_catch_signals(p->session);
	return r < 0 ? r : exec_serve(&service);
}

static int serve_mount(struct program *p)
{
	int r = p->options.foreground || p->options.debug ? 0 : daemonise(p);

	if (r == 0)
		r = session_catch_signals(p->session);
	if (r == 0)
		r = lock_down(p);
	return r < 0 ? r : session_serve(p->session, &p->mount, p->options.single);
}

static int serve(struct program *p, const char *shell)
{
	int r = session_mount(&p->options, p->sources.dumps[0], p->mountpoint, &p->mount,
			      &p->session);

	if (r < 0)
		return r;
	return p->options.verb == VERB_EXEC ? serve_command(p, shell) : serve_mount(p);
}

static void program_fini(struct program *p)
{
	exec_fini(&p->exec);
	session_end(p->session);
	lockdown_end(&p->lockdown);
	mount_fini(&p->mount);
	sources_close(&p->sources);
	free(p->mountpoint);
	options_fini(&p->options);
}

/* One heap for all threads, which are many and ask for little at a time; what is large comes from the
 * host and goes back to it. A week of use must not leave memory behind that no one uses. */
static void keep_memory_small(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

int main(int argc, char **argv)
{
	const struct surroundings around = {
		.home = getenv("HOME"),
		.cache_home = getenv("XDG_CACHE_HOME"),
		.debuginfod_urls = getenv("DEBUGINFOD_URLS"),
		.debuginfod_cache = getenv("DEBUGINFOD_CACHE_PATH"),
		.temporary = getenv("TMPDIR"),
		.shell = getenv("SHELL"),
	};
	struct program p = { .exec = { .ready = { -1, -1 }, .asks = { -1, -1 } } };
	int r, status = EXIT_SUCCESS;

	keep_memory_small();
	mount_init(&p.mount);
	lockdown_init(&p.lockdown);
	r = options_parse(argc, argv, &p.options);
	if (r == 0 && p.options.help) {
		fputs(options_help, stdout);
	} else if (r == 0 && p.options.version) {
		printf("vmcorefs %s\n", VMCOREFS_VERSION);
	} else if (r == 0 && offline_does(p.options.verb)) {
		r = offline_run(&p.options, &around, &status);
	} else if (r == 0) {
		r = sigbus_handle();
		if (r == 0)
			r = open_files(&p, &around);
		if (r == 0)
			r = serve(&p, around.shell);
	}
	if (r < 0)
		fprintf(stderr, "vmcorefs: %s\n", why());
	if (p.options.verb == VERB_EXEC && !p.options.help && !p.options.version)
		status = r < 0 ? EXEC_FAILED : p.exec.status;
	program_fini(&p);
	return r < 0 && !status ? EXIT_FAILURE : status;
}
