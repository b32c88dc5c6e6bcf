#include "fs/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"

#define NOT_EXECUTABLE 126
#define NOT_FOUND      127

static int write_file(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return fail(-errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* In a user namespace where we are who we are: it allows to mount. */
static int enter_user_namespace(void)
{
	unsigned int uid = geteuid(), gid = getegid();
	char map[64];
	int r;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return fail(-errno,
			    "a namespace to mount in: %s; unprivileged user namespaces are "
			    "switched off here: try as root",
			    strerror(errno));
	write_file("/proc/self/setgroups", "deny"); /* absent before v3.19 */
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	r = write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return r < 0 ? r : write_file("/proc/self/gid_map", map);
}

int exec_prepare(struct exec *e, const char *parent)
{
	int r = 0;

	*e = (struct exec){ .status = EXEC_FAILED, .ready = { -1, -1 }, .asks = { -1, -1 } };
	if (unshare(CLONE_NEWNS) < 0)
		r = errno == EPERM ? enter_user_namespace()
				   : fail(-errno, "a mount namespace: %s", strerror(errno));
	if (r < 0)
		return r;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail(-errno, "a private mount namespace: %s", strerror(errno));
	if (asprintf(&e->folder, "%s/vmcorefs.XXXXXX", parent) < 0) {
		e->folder = NULL;
		return fail(-ENOMEM, "%s", parent);
	}
	if (!mkdtemp(e->folder)) {
		r = fail(-errno, "%s: %s", e->folder, strerror(errno));
		free(take(&e->folder));
	}
	return r;
}

static void say(const char *what)
{
	fprintf(stderr, "vmcorefs: %s: %s\n", what, strerror(errno));
}

/* The folder's @name over the host's. */
static bool cover(const char *folder, const char *name)
{
	_free_ char *from = NULL;
	_free_ char *to = NULL;

	if (asprintf(&from, "%s/%s", folder, name) < 0)
		from = NULL;
	if (asprintf(&to, "/%s", name) < 0)
		to = NULL;
	if (from && to && mount(from, to, NULL, MS_BIND, NULL) == 0)
		return true;
	say(name);
	return false;
}

/* Signals as a program expects them; ours are the daemon's. */
static void default_signals(void)
{
	sigset_t none;

	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Where the kernel cannot hand over calls, links lead to the host's files. */
static void stat_through(int socket)
{
	_close_ int fd = stat_ask();

	stat_send(socket, fd);
	close(socket);
}

static void run(const struct exec *e, char *const *command, const char *shell, const char *release)
{
	char *interactive[] = { (char *)(shell ? shell : "/bin/sh"), NULL };
	_free_ char *prompt = NULL;

	default_signals();
	stat_through(e->asks[1]);
	setenv("VMCOREFS", e->folder, 1);
	setenv("PROC_ROOT", "/proc", 1); /* ss(8) asks the kernel otherwise, which is the host's */
	if (!command || !command[0]) {
		if (asprintf(&prompt, "(dump of %s) $ ", release) >= 0)
			setenv("PS1", prompt, 1);
		/* what Debian's start files of shells put into the prompt */
		setenv("debian_chroot", "dump", 1);
		command = interactive;
	}
	execvp(command[0], command);
	say(command[0]);
	_exit(errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

static int status_of(int wait_status)
{
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/* Numbers for the command and what it starts that no process of the dump is likely to have: programs
 * leave themselves out of what they list by their number. */
static void use_high_pids(void)
{
	_close_ int fd = open("/proc/sys/kernel/pid_max", O_RDONLY | O_CLOEXEC);
	char text[24] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return;
	snprintf(text, sizeof(text), "%lu", strtoul(text, NULL, 10) / 2);
	write_file("/proc/sys/kernel/ns_last_pid", text);
}

/* Process 1 of the namespace: waits for whatever ends, and takes all along when it ends itself. */
static void be_init(const struct exec *e, char *const *command, const char *shell,
		    const char *release)
{
	int status;
	char byte;
	pid_t child, ended;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(e->ready[1]);
	close(e->asks[0]);
	use_high_pids();
	if (read(e->ready[0], &byte, 1) != 1 || !cover(e->folder, "proc") ||
	    !cover(e->folder, "sys"))
		_exit(EXEC_FAILED);
	close(e->ready[0]);
	child = fork();
	if (child < 0) {
		say("fork");
		_exit(EXEC_FAILED);
	}
	if (child == 0)
		run(e, command, shell, release);
	close(e->asks[1]);
	do
		ended = waitpid(-1, &status, 0);
	while (ended != child && (ended >= 0 || errno == EINTR));
	_exit(ended == child ? status_of(status) : EXEC_FAILED);
}

int exec_start(struct exec *e, char *const *command, const char *shell, const char *release)
{
	long pid;

	if (pipe2(e->ready, O_CLOEXEC) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->asks) < 0)
		return fail(-errno, "pipe: %s", strerror(errno));
	/* What Ctrl-C is meant for is the command. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	pid = syscall(SYS_clone, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		return fail(-errno, "a pid namespace: %s", strerror(errno));
	if (pid == 0)
		be_init(e, command, shell, release);
	e->init = (pid_t)pid;
	close(e->ready[0]);
	close(e->asks[1]);
	e->ready[0] = e->asks[1] = -1;
	return 0;
}

void exec_answer(struct exec *e, stat_answer_fn *answer, void *arg, const atomic_bool *stop)
{
	_close_ int fd = stat_receive(e->asks[0]);

	if (fd >= 0)
		stat_serve(fd, answer, arg, stop);
}

void exec_wait(struct exec *e)
{
	int status;

	while (waitpid(e->init, &status, 0) < 0)
		if (errno != EINTR)
			return;
	e->status = status_of(status);
	e->init = 0;
}

/* A shell that took the terminal for itself did not know to whom to give it back. */
static void take_terminal(void)
{
	if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) == getpgrp())
		return;
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(STDIN_FILENO, getpgrp());
}

void exec_fini(struct exec *e)
{
	for (size_t i = 0; i < 2; i++) {
		if (e->ready[i] >= 0)
			close(e->ready[i]);
		if (e->asks[i] >= 0)
			close(e->asks[i]);
	}
	if (e->init > 0) {
		kill(e->init, SIGKILL);
		exec_wait(e);
	}
	if (!e->folder)
		return;
	take_terminal();
	free(take(&e->folder));
}
