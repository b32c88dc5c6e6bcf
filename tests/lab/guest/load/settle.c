/* Starting tasks, and waiting until /proc shows each of them where it said it would be. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

static void console(const char *text)
{
	int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		fd = dup(STDOUT_FILENO);
	if (write(fd, text, strlen(text)) < 0)
		_exit(1);
	/* A crash must not overtake the line on its way through the serial port. */
	tcdrain(fd);
	close(fd);
}

static void __attribute__((format(printf, 2, 0)))
vsay(const char *prefix, const char *fmt, va_list ap)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%s", prefix);

	vsnprintf(text + n, sizeof(text) - n - 1, fmt, ap);
	strcat(text, "\n");
	console(text);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay("LAB: ", fmt, ap);
	va_end(ap);
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay("LAB: FAIL ", fmt, ap);
	va_end(ap);
	_exit(1);
}

void rest(struct slot *slot)
{
	ready(slot, 'S', SYS_ppoll);
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

static pid_t run_slot(struct slot *slot, role_fn *run)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_NAME, slot->name);
	run(slot);
	rest(slot);
}

void start_role(const struct role *role)
{
	if (run_slot(slot_new(role->name), role->run) < 0)
		die("fork of %s: %s", role->name, strerror(errno));
}

void start_roles(const struct role *roles, size_t count, bool small)
{
	for (size_t i = 0; i < count; i++)
		if (roles[i].calm || !small)
			start_role(&roles[i]);
}

/* A task of a role that needs several; returns its pid. */
pid_t start_child(struct slot *parent, const char *name, role_fn *run)
{
	pid_t pid = run_slot(slot_new(name), run);

	if (pid < 0)
		broken(parent, "fork");
	return pid;
}

static char state_of(const struct slot *slot)
{
	char path[64], text[1024];
	const char *end;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", slot->pid, slot->tid);
	if (read_file(path, text, sizeof(text)) < 0)
		return 0;
	end = strrchr(text, ')');
	return end && end[1] ? end[2] : 0;
}

static bool in_syscall(const struct slot *slot)
{
	char path[64], text[256];

	if (slot->syscall == NO_SYSCALL)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", slot->pid, slot->tid);
	/* Not every kernel has this file; the state has to do then. */
	if (read_file(path, text, sizeof(text)) < 0)
		return true;
	return strtol(text, NULL, 10) == slot->syscall && strncmp(text, "running", 7);
}

/* Tells whether the slot is where it will stay. */
static bool settled(const struct slot *slot)
{
	switch (__atomic_load_n(&slot->phase, __ATOMIC_SEQ_CST)) {
	case SLOT_READY:
		return state_of(slot) == slot->state && in_syscall(slot);
	case SLOT_ABSENT:
		return true;
	case SLOT_BROKEN:
		die("%s: %s", slot->name, slot->why);
	default:
		return false;
	}
}

/* Two rounds that see every slot settled; false after the time is over. */
bool settle(int seconds)
{
	time_t end = time(NULL) + seconds;
	const struct slot *slot, *late;
	size_t i;
	int good = 0;

	do {
		for (i = 0, late = NULL; (slot = slot_get(i)) && !late; i++)
			late = settled(slot) ? NULL : slot;
		good = late ? 0 : good + 1;
		if (good == 2)
			return true;
		poll(NULL, 0, 20);
	} while (time(NULL) < end);
	if (late)
		say("late: %s (%d/%d) phase %d, wants %c in %ld, is %c", late->name, late->pid,
		    late->tid, late->phase, late->state ?: '?', late->syscall,
		    state_of(late) ?: '?');
	return false;
}
