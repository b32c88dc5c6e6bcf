/* Programs that tell of the system, run just before the truth is copied: what they print, how they
 * end, and under which number they ran.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define LIST	  "/programs"
#define MAX_WORDS 16
#define SECONDS	  60 /* that one may take */

/* What a program finds out of its environment. ss(8) reads files if PROC_ROOT is set, and there is no
 * home where one could put a file: a task of ours watches /root.
 */
static char *environment[] = {
	"PATH=/usr/bin:/usr/sbin:/bin",
	"HOME=/nosuch",
	"LC_ALL=C",
	"TZ=UTC",
	"TERM=dumb",
	"COLUMNS=200",
	"PROC_ROOT=/proc",
	NULL,
};

/* A word @ROLE becomes the number of that role's process. */
static char *word_of(char *word)
{
	const struct slot *slot;
	char *number;

	if (word[0] != '@')
		return word;
	slot = slot_find(word + 1);
	if (!slot || asprintf(&number, "%d", slot->pid) < 0)
		die("%s: %s has no process", LIST, word);
	return number;
}

/* Splits a command; the last word is followed by NULL. */
static void words_of(char *command, char **words)
{
	unsigned int n = 0;

	for (char *word = strtok(command, " \t"); word; word = strtok(NULL, " \t")) {
		if (n == MAX_WORDS - 1)
			die("%s: too many words", LIST);
		words[n++] = word_of(word);
	}
	words[n] = NULL;
}

static void start(char **words, int out, int err)
{
	int null = open("/dev/null", O_RDONLY);

	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	closefrom(STDERR_FILENO + 1);
	alarm(SECONDS);
	environ = environment;
	execvp(words[0], words);
	_exit(127);
}

/* Ends as a shell would say that it ended. */
static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Puts all that was written to a memfd into the truth. */
static void keep(struct tar *tar, const char *name, const char *suffix, int fd)
{
	struct stat st;
	char path[128];
	void *text;

	if (fstat(fd, &st) || !(text = malloc(st.st_size + 1)) ||
	    pread(fd, text, st.st_size, 0) != st.st_size)
		die("the output of %s", name);
	snprintf(path, sizeof(path), "programs/%s%s", name, suffix);
	st.st_mode = S_IFREG | 0644;
	tar_file(tar, path, &st, text, st.st_size);
	free(text);
	close(fd);
}

static void fact_of(struct slot *slot, const char *what, const char *name, long long value)
{
	char key[80];

	snprintf(key, sizeof(key), "%s %s", what, name);
	fact_num(slot, key, value);
}

static void run_program(struct tar *tar, struct slot *slot, const char *name, char *command)
{
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
	char *words[MAX_WORDS];
	pid_t pid;

	if (out < 0 || err < 0)
		die("memfd_create: %s", strerror(errno));
	words_of(command, words);
	fact_of(slot, "time", name, time(NULL));
	pid = fork();
	if (pid < 0)
		die("fork of %s: %s", name, strerror(errno));
	if (!pid)
		start(words, out, err);
	fact_of(slot, "pid", name, pid);
	fact_of(slot, "status", name, wait_for(pid));
	keep(tar, name, "", out);
	keep(tar, name, ".stderr", err);
}

void programs_copy(struct tar *tar)
{
	FILE *list = fopen(LIST, "re");
	struct slot *slot;
	char line[512];

	if (!list)
		return;
	slot = slot_new("programs");
	while (fgets(line, sizeof(line), list)) {
		size_t name_len = strcspn(line, " \t\n");

		line[strcspn(line, "\n")] = 0;
		if (!name_len || line[0] == '#')
			continue;
		line[name_len] = 0;
		run_program(tar, slot, line, line + name_len + 1);
	}
	fclose(list);
	ready(slot, 'R', NO_SYSCALL);
	/* Looking at a task must not have woken it. */
	if (!settle(SECONDS))
		die("a program has moved a task");
}
