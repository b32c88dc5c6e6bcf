/* Bring-up: command line, files, mount, loop. */
#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <fuse_lowlevel.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/dump.h"
#include "dump/identify.h"
#include "fs/ops.h"
#include "fs/options.h"
#include "kernel/kernel.h"

/* Readers that may wait for long renders at the same time before others have to. */
#define THREADS_MAX  64
#define THREADS_IDLE 8

/* What runs, in the order in which it is brought up. */
struct program {
	struct options options;
	char *mountpoint; /* absolute */
	char *vmlinux;
	char **dumps;
	size_t nr_dumps;
	struct dump *dump;
	struct kernel *kernel;
	struct mount mount;
	struct fuse_session *session;
	bool mounted;
};

static int absolute(const char *path, char **ret)
{
	*ret = realpath(path, NULL);
	return *ret ? 0 : fail(-errno, "%s: %s", path, strerror(errno));
}

static int find_mountpoint(struct program *p)
{
	struct stat st;
	int r = absolute(p->options.mountpoint, &p->mountpoint);

	if (r < 0)
		return within(r, "mount point");
	if (stat(p->mountpoint, &st) == 0 && !S_ISDIR(st.st_mode))
		return fail(-ENOTDIR, "mount point: %s: not a directory", p->mountpoint);
	return 0;
}

static int set_vmlinux(struct program *p, const char *path)
{
	if (p->vmlinux)
		return fail(-EINVAL, "%s: a second vmlinux, after %s", path, p->vmlinux);
	return absolute(path, &p->vmlinux);
}

/* Which argument is what. */
static int sort_files(struct program *p)
{
	const struct options *o = &p->options;
	enum file_kind kind;
	int r;

	p->dumps = calloc(o->nr_files, sizeof(*p->dumps));
	if (!p->dumps)
		return fail(-ENOMEM, "%zu files", o->nr_files);
	for (size_t i = 0; i < o->nr_files; i++) {
		r = identify(o->files[i], &kind);
		if (r < 0)
			return r;
		if (kind == FILE_VMLINUX)
			r = set_vmlinux(p, o->files[i]);
		else
			r = absolute(o->files[i], &p->dumps[p->nr_dumps++]);
		if (r < 0)
			return r;
	}
	if (!p->nr_dumps)
		return fail(-EINVAL, "%s is a vmlinux: a dump is missing", o->files[0]);
	if (!o->vmlinux)
		return 0;
	r = identify(o->vmlinux, &kind);
	if (r == 0 && kind != FILE_VMLINUX)
		r = fail(-EINVAL, "%s: not a vmlinux", o->vmlinux);
	return r < 0 ? r : set_vmlinux(p, o->vmlinux);
}

/* When it crashed, without searching for it; or when the dump was made. */
static time_t time_of(struct dump *d, time_t mtime)
{
	const struct note *notes, *note;
	size_t n = dump_notes(d, &notes);
	struct vmcoreinfo vi;
	uint64_t t;

	note = note_find(notes, n, "VMCOREINFO", 0);
	if (note) {
		vi = (struct vmcoreinfo){ .text = (const char *)note->desc, .len = note->desc_len };
		if (vmcoreinfo_decimal(&vi, "CRASHTIME", &t))
			return (time_t)t;
	}
	t = dump_facts(d)->time;
	return t ? (time_t)t : mtime;
}

static void set_attributes(struct program *p)
{
	struct mount *m = &p->mount;
	struct stat st;
	time_t mtime = 0;

	/* Copies of a private tree are to be private too. */
	m->dir_mode = p->options.allow_other ? 0755 : 0700;
	m->file_mode = p->options.allow_other ? 0444 : 0400;
	m->uid = getuid();
	m->gid = getgid();
	for (size_t i = 0; i < p->nr_dumps; i++) {
		if (stat(p->dumps[i], &st) < 0)
			continue;
		m->bytes += (uint64_t)st.st_size;
		mtime = st.st_mtime;
	}
	m->time.tv_sec = time_of(p->dump, mtime);
}

static int open_files(struct program *p)
{
	int r = find_mountpoint(p);

	if (r == 0)
		r = sort_files(p);
	if (r == 0)
		r = dump_open((const char *const *)p->dumps, p->nr_dumps, &p->dump);
	if (r == 0)
		r = kernel_open(p->dump,
				&(struct kernel_options){
					.vmlinux = p->vmlinux,
					.force = p->options.force,
				},
				&p->kernel);
	if (r == 0)
		r = fs_new(p->kernel, &p->mount.fs);
	if (r == 0)
		set_attributes(p);
	return r;
}

/* Ours come after the user's: the last one counts. */
static int add_mount_options(struct program *p)
{
	struct fuse_args *args = &p->options.args;
	_free_ char *opts = NULL;
	_free_ char *fsname = NULL;

	if (asprintf(&fsname, "fsname=%s", p->dumps[0]) < 0 ||
	    fuse_opt_add_opt_escaped(&opts, fsname) < 0 ||
	    fuse_opt_add_opt(&opts, "subtype=vmcorefs") < 0 ||
	    fuse_opt_add_opt(&opts, "default_permissions") < 0 ||
	    fuse_opt_add_opt(&opts, "ro") < 0 ||
	    (p->options.debug && fuse_opt_add_opt(&opts, "debug") < 0) ||
	    fuse_opt_add_arg(args, "-o") < 0 || fuse_opt_add_arg(args, opts) < 0)
		return fail(-ENOMEM, "mount options");
	return 0;
}

/* FUSE says itself on stderr what it dislikes. */
static int mount_session(struct program *p)
{
	int r = add_mount_options(p);

	if (r < 0)
		return r;
	p->session = fuse_session_new(&p->options.args, &mount_ops, sizeof(mount_ops), &p->mount);
	if (!p->session)
		return fail(-EINVAL, "usage: FUSE did not take the options");
	if (fuse_session_mount(p->session, p->mountpoint) < 0)
		return fail(-EIO, "%s: mounting failed", p->mountpoint);
	p->mounted = true;
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

static int run_loop(struct program *p)
{
	struct fuse_loop_config *config;
	int r;

	if (p->options.single)
		return fuse_session_loop(p->session);
	config = fuse_loop_cfg_create();
	if (!config)
		return fail(-ENOMEM, "threads");
	fuse_loop_cfg_set_max_threads(config, THREADS_MAX);
	fuse_loop_cfg_set_idle_threads(config, THREADS_IDLE);
	r = fuse_session_loop_mt(p->session, config);
	fuse_loop_cfg_destroy(config);
	return r;
}

static int serve(struct program *p)
{
	int r = mount_session(p);

	if (r == 0 && !p->options.foreground && !p->options.debug)
		r = daemonise(p);
	if (r < 0)
		return r;
	if (fuse_set_signal_handlers(p->session) < 0)
		return fail(-EIO, "signal handlers");
	r = run_loop(p);
	fuse_remove_signal_handlers(p->session);
	/* A signal that asked us to end is no failure. */
	return r < 0 ? fail(r, "serving %s: %s", p->mountpoint, strerror(-r)) : 0;
}

static void program_fini(struct program *p)
{
	if (p->mounted)
		fuse_session_unmount(p->session);
	if (p->session)
		fuse_session_destroy(p->session);
	mount_fini(&p->mount);
	fs_free(p->mount.fs);
	kernel_close(p->kernel);
	dump_close(p->dump);
	for (size_t i = 0; i < p->nr_dumps; i++)
		free(p->dumps[i]);
	free(p->dumps);
	free(p->vmlinux);
	free(p->mountpoint);
	options_fini(&p->options);
}

int main(int argc, char **argv)
{
	struct program p = { 0 };
	int r;

	mount_init(&p.mount);
	r = options_parse(argc, argv, &p.options);
	if (r == 0 && p.options.help) {
		fputs(options_help, stdout);
	} else if (r == 0 && p.options.version) {
		printf("vmcorefs %s\n", VMCOREFS_VERSION);
	} else if (r == 0) {
		r = open_files(&p);
		if (r == 0)
			r = serve(&p);
	}
	if (r < 0)
		fprintf(stderr, "vmcorefs: %s\n", why());
	program_fini(&p);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
