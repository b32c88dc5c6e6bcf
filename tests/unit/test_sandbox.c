/* The locked process: what it may do it can, and anything else ends it. */
#include "fs/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/sandbox/build.h"
#include "fs/sandbox/landlock.h"
#include "tests/unit/unit.h"

#define MAY   0
#define ENDED (128 + SIGSYS)

/* In @dir is a file "there"; returns what the process is to end with. */
typedef int deed_fn(const char *dir);

struct lock {
	bool files, keep, export;
	pid_t child;
};

static int locked(const struct lock *l, const char *dir, deed_fn *deed)
{
	char *readable[] = { (char *)dir, NULL };
	struct sandbox s;

	sandbox_init(&s);
	if (sandbox_hide() < 0)
		return 99;
	if (sandbox_prepare(&s, l->files ? readable : NULL, l->keep ? dir : NULL,
			    l->export ? dir : NULL) < 0 ||
	    sandbox_lock(&s, l->child) < 0)
		return 98;
	return deed(dir);
}

/* What becomes of a process that does @deed when it is locked. */
static int try_deed(const struct lock *l, deed_fn *deed)
{
	char dir[] = "/tmp/sandbox.XXXXXX", file[64];
	int status = 0, fd;
	pid_t pid;

	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/there", dir);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(locked(l, dir, deed));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(file);
	snprintf(file, sizeof(file), "%s/new", dir);
	unlink(file);
	rmdir(dir);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int opens(const char *dir, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int do_nothing(const char *dir)
{
	(void)dir;
	return 0;
}

static int do_read(const char *dir)
{
	return opens(dir, "there", O_RDONLY);
}

static int do_read_elsewhere(const char *dir)
{
	(void)dir;
	return opens("/etc", "passwd", O_RDONLY);
}

static int do_make(const char *dir)
{
	return opens(dir, "new", O_CREAT | O_EXCL | O_RDWR);
}

static int do_write(const char *dir)
{
	return opens(dir, "there", O_WRONLY);
}

static int do_rename(const char *dir)
{
	char from[64], to[64];

	snprintf(from, sizeof(from), "%s/there", dir);
	snprintf(to, sizeof(to), "%s/new", dir);
	return rename(from, to) < 0 ? errno : 0;
}

static int do_complain(const char *dir)
{
	if (opens(dir, "no such file", O_RDONLY) != ENOENT)
		return 1;
	errno = ENOENT;
	perror("as libfuse does");
	return 0;
}

static int do_link(const char *dir)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/new", dir);
	return symlink("/etc/passwd", path) < 0 ? errno : 0;
}

static int do_link_elsewhere(const char *dir)
{
	(void)dir;
	return symlink("/etc/passwd", "/tmp/sandbox.link") < 0 ? errno : 0;
}

static int do_socket(const char *dir)
{
	(void)dir;
	return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int do_exec(const char *dir)
{
	(void)dir;
	return execl("/bin/true", "true", NULL);
}

static int do_fork(const char *dir)
{
	(void)dir;
	return fork() < 0;
}

static int do_kill(const char *dir)
{
	(void)dir;
	return kill(getppid(), 0) < 0;
}

static int do_map_code(const char *dir)
{
	(void)dir;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED;
}

static void *in_thread(void *arg)
{
	*(char *)arg = 1;
	return malloc(1 << 20);
}

static int do_thread(const char *dir)
{
	pthread_t thread;
	void *block;
	char ran = 0;

	(void)dir;
	if (pthread_create(&thread, NULL, in_thread, &ran) || pthread_join(thread, &block))
		return 1;
	free(block);
	return !ran;
}

/* The process cannot be looked into, leaves no core file, and can gain nothing by an exec. */
static int do_look(const char *dir)
{
	struct rlimit core;

	(void)dir;
	if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max)
		return 1;
	return 0;
}

static const struct lock plain = { .files = true }, keeping = { .files = true, .keep = true },
			 exporting = { .export = true };

static void does_what_it_needs(void **state)
{
	(void)state;
	assert_int_equal(try_deed(&plain, do_nothing), MAY);
	assert_int_equal(try_deed(&plain, do_read), MAY);
	assert_int_equal(try_deed(&plain, do_thread), MAY);
	assert_int_equal(try_deed(&plain, do_look), MAY);
	assert_int_equal(try_deed(&plain, do_complain), MAY);
	assert_int_equal(try_deed(&keeping, do_make), MAY);
	assert_int_equal(try_deed(&keeping, do_rename), MAY);
	assert_int_equal(try_deed(&exporting, do_make), MAY);
	assert_int_equal(try_deed(&exporting, do_link), MAY);
}

static void ends_at_any_other_call(void **state)
{
	(void)state;
	if (BUILD_IS_CHECKED) {
		print_message("a sanitizer needs more calls\n");
		return;
	}
	assert_int_equal(try_deed(&plain, do_socket), ENDED);
	assert_int_equal(try_deed(&plain, do_exec), ENDED);
	assert_int_equal(try_deed(&plain, do_fork), ENDED);
	assert_int_equal(try_deed(&plain, do_kill), ENDED);
	assert_int_equal(try_deed(&plain, do_map_code), ENDED);
	assert_int_equal(try_deed(&plain, do_make), ENDED);
	assert_int_equal(try_deed(&plain, do_write), ENDED);
	assert_int_equal(try_deed(&plain, do_rename), ENDED);
	assert_int_equal(try_deed(&keeping, do_write), ENDED);
	assert_int_equal(try_deed(&keeping, do_socket), ENDED);
	assert_int_equal(try_deed(&keeping, do_link), ENDED);
	assert_int_equal(try_deed(&exporting, do_write), ENDED);
	assert_int_equal(try_deed(&exporting, do_socket), ENDED);
}

static void opens_nothing_elsewhere(void **state)
{
	int rules = -1;

	(void)state;
	if (BUILD_IS_CHECKED || landlock_begin(&rules) < 0) {
		print_message("there is no landlock here\n");
		return;
	}
	close(rules);
	assert_int_equal(try_deed(&plain, do_read_elsewhere), EACCES);
	assert_int_equal(try_deed(&(struct lock){ 0 }, do_read), EACCES);
	assert_int_equal(try_deed(&exporting, do_read_elsewhere), EACCES);
	assert_int_equal(try_deed(&exporting, do_link_elsewhere), EACCES);
}

UNIT_TESTS(cmocka_unit_test(does_what_it_needs), cmocka_unit_test(ends_at_any_other_call),
	   cmocka_unit_test(opens_nothing_elsewhere))
