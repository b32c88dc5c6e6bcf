/* The order of things: tasks into their states, the truth to its disk, the crash. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load.h"

#define SETTLE_SECONDS 30

static const struct role roles[] = {
	{ "waits", wait_threads, false },	{ "files", hold_files, true },
	{ "sockets", hold_sockets, true },	{ "maps", hold_maps, false },
	{ "many_maps", hold_many_maps, false }, { "arrays", hold_arrays, false },
};

/* Busy tasks come last, they would slow the others down. */
static const struct role spinners[] = {
	{ "spin_user", spin_user, true },
	{ "spin_kernel", spin_kernel, false },
};

static const char *option(int argc, char **argv, const char *key, const char *otherwise)
{
	size_t len = strlen(key);

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], key, len) && argv[i][len] == '=')
			return argv[i] + len + 1;
	return otherwise;
}

/* Main's own slot says what was asked for and when the truth was taken. */
static void describe(const char *crash, int sleepers, bool small)
{
	struct slot *slot = slot_new("truth");

	fact_str(slot, "crash", crash);
	fact_num(slot, "sleepers", sleepers);
	fact_num(slot, "small", small);
	ready(slot, 'R', NO_SYSCALL);
}

static void start_all(int sleepers, bool small)
{
	const struct rlimit many = { 1 << 16, 1 << 16 };

	setrlimit(RLIMIT_NOFILE, &many);
	signal(SIGCHLD, SIG_DFL);
	start_roles(roles, ARRAY_SIZE(roles), small);
	start_states(small);
	if (!small)
		start_namespaces();
	start_sleepers(sleepers);
	if (!settle(SETTLE_SECONDS))
		die("not every task is where it should be");
	/* What is clean is not written back between the truth and the crash. */
	sync();
	start_roles(spinners, ARRAY_SIZE(spinners), small);
	if (!settle(SETTLE_SECONDS))
		die("the busy tasks are not busy");
}

/* Ways that need more than their name written to /proc/crashme. */
static const struct {
	const char *name;
	const char *path;
	const char *text;
} triggers[] = {
	{ "sysrq", "/proc/sysrq-trigger", "c" },
	{ "softlockup", "/proc/sys/kernel/watchdog_thresh", "1" },
	{ "softlockup", "/proc/sys/kernel/softlockup_panic", "1" },
	{ "softlockup", "/proc/crashme", "softlockup" },
	{ "hung", "/proc/sys/kernel/hung_task_panic", "1" },
	{ "hung", "/proc/sys/kernel/hung_task_timeout_secs", "1" },
};

static void trigger(const char *kind, const char *path, const char *text)
{
	int r = write_file(path, text);

	if (r < 0)
		die("crash=%s: %s: %s", kind, path, strerror(-r));
}

static void crash(const char *kind)
{
	bool own_way = !strcmp(kind, "none");

	for (size_t i = 0; i < ARRAY_SIZE(triggers); i++) {
		if (strcmp(triggers[i].name, kind))
			continue;
		trigger(kind, triggers[i].path, triggers[i].text);
		own_way = true;
	}
	if (!own_way)
		trigger(kind, "/proc/crashme", kind);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	const char *kind = option(argc, argv, "crash", "none");
	int sleepers = atoi(option(argc, argv, "sleepers", "20"));
	bool small = atoi(option(argc, argv, "small", "0"));
	uint64_t room;
	int fd;

	if (getenv("LOAD_EXEC"))
		return exec_main(argc, argv);
	slots_init();
	describe(kind, small ? 2 : sleepers, small);
	start_all(small ? 2 : sleepers, small);
	fd = find_disk("truth", O_WRONLY | O_DIRECT, &room);
	if (fd < 0)
		die("no disk for the truth: %s", strerror(-fd));
	say("READY");
	say("TRUTH %llu", (unsigned long long)truth_copy(fd, room));
	crash(kind);
}
