#include "fs/sandbox/unmount.h"

#include <errno.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_mounted(const char *mountpoint)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	bool found = false;
	struct mntent *e;

	while (mounts && !found && (e = getmntent(mounts)))
		found = !strncmp(e->mnt_type, "fuse", 4) && !strcmp(e->mnt_dir, mountpoint);
	if (mounts)
		endmntent(mounts);
	return found;
}

/* What statfs(2) says comes from the daemon each time. */
static bool is_dead(const char *mountpoint)
{
	struct statvfs st;

	return statvfs(mountpoint, &st) < 0 && (errno == ENOTCONN || errno == ECONNABORTED);
}

/* Who may not unmount has a program that does. */
static void ask_fusermount(const char *mountpoint)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("fusermount3", "fusermount3", "-u", "-q", "-z", "--", mountpoint, NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void unmount_dead(const char *mountpoint)
{
	if (!is_mounted(mountpoint) || !is_dead(mountpoint))
		return;
	if (umount2(mountpoint, MNT_DETACH) < 0 && errno == EPERM)
		ask_fusermount(mountpoint);
}
