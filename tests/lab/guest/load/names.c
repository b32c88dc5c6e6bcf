/* Processes whose name, arguments, environment, program or directories are unusual. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"

/* A name that looks like the end of one in stat, with what procfs must escape. */
void comm_odd(struct slot *s)
{
	static const char name[] = "a) R 1\n\t\\x (b";

	prctl(PR_SET_NAME, name);
	fact_str(s, "comm", name);
}

void comm_bytes(struct slot *s)
{
	static const char name[] = "\303\244\377\001\033[31m\"'";

	prctl(PR_SET_NAME, name);
	fact_str(s, "comm", name);
}

/* Writes over its arguments and beyond, as daemons do that show what they are at. */
void title(struct slot *s)
{
	static char text[] = "title: written over the arguments";

	/* In this order the start is never behind the end: the stack is above the data. */
	if (prctl(PR_SET_MM, PR_SET_MM_ARG_START, text, 0, 0) ||
	    prctl(PR_SET_MM, PR_SET_MM_ARG_END, text + sizeof(text) - 1, 0, 0))
		return fact_errno(s, "title");
	fact_str(s, "cmdline", text);
}

/* The program again, which then sleeps at once (main sees LOAD_EXEC in the environment). The slot
 * counts as settled only when that sleep is seen: this task does not make the call itself.
 */
static void run(struct slot *s, int fd, const char *const *argv, const char *const *env)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ready(s, 'S', SYS_ppoll);
	syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
	/* execveat is of v3.19 */
	execve(path, (char *const *)argv, (char *const *)env);
	broken(s, "execve");
}

static int own_program(void)
{
	return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

int exec_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

static const char *const plain_env[] = {
	"LOAD_EXEC=1", "PATH=/bin", "EMPTY=", "ODD=a\nb\\c\td \303\244\377", NULL,
};

void exec_plain(struct slot *s)
{
	const char *argv[] = { "/load", "one", "two", NULL };

	run(s, own_program(), argv, plain_env);
}

void exec_odd(struct slot *s)
{
	static const char *const argv[] = {
		"a b", "", "new\nline", "\\back", "\033[31m", "\303\244\377", "", NULL,
	};

	run(s, own_program(), argv, plain_env);
}

/* Arguments and environment of several pages. */
void exec_long(struct slot *s)
{
	static char argument[9001], variable[20001];
	const char *argv[] = { "long", argument, "end", NULL };
	const char *env[] = { "LOAD_EXEC=1", variable, NULL };

	memset(argument, 'a', sizeof(argument) - 1);
	memset(variable, 'v', sizeof(variable) - 1);
	memcpy(variable, "LONG=", 5);
	run(s, own_program(), argv, env);
}

/* Newer kernels put an empty string where no argument is. */
void exec_empty(struct slot *s)
{
	const char *argv[] = { NULL };

	run(s, own_program(), argv, plain_env);
}

static int copy_program(int to)
{
	int from = own_program();
	struct stat st;

	if (from < 0 || to < 0 || fstat(from, &st))
		return -1;
	return sendfile(to, from, NULL, st.st_size) == st.st_size ? 0 : -1;
}

void exec_deleted(struct slot *s)
{
	const char *argv[] = { "deleted", NULL };
	int fd = open("/tmp/load copy", O_RDWR | O_CREAT, 0755);

	if (copy_program(fd))
		broken(s, "copy");
	close(fd);
	fd = open("/tmp/load copy", O_RDONLY | O_CLOEXEC);
	unlink("/tmp/load copy");
	run(s, fd, argv, plain_env);
}

void exec_memfd(struct slot *s)
{
	const char *argv[] = { "memfd", NULL };
	int fd = syscall(SYS_memfd_create, "program", 1U);

	if (copy_program(fd))
		return absent(s, "memfd_create");
	run(s, fd, argv, plain_env);
}

void in_chroot(struct slot *s)
{
	mkdir("/tmp/jail", 0755);
	mkdir("/tmp/jail/inside", 0755);
	if (chroot("/tmp/jail") || chdir("/inside"))
		broken(s, "chroot");
	if (open("/inside/file", O_RDWR | O_CREAT, 0600) < 0)
		broken(s, "/inside/file");
}

void cwd_deleted(struct slot *s)
{
	if (mkdir("/tmp/left behind", 0755) || chdir("/tmp/left behind") ||
	    rmdir("/tmp/left behind"))
		broken(s, "chdir");
}
