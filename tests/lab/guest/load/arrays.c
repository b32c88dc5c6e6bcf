/* Arrays of md over loop devices without superblocks: nothing is written, nothing resynchronizes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <linux/raid/md_p.h>
#include <linux/raid/md_u.h>

#include "load.h"

#define MEMBER_KB   4096
#define MEMBERS_MAX 3
#define CHUNK	    65536
#define IN_SYNC	    (1 << MD_DISK_ACTIVE | 1 << MD_DISK_SYNC)

static const struct array {
	const char *name;
	int level, layout, disks;
	int states[MEMBERS_MAX]; /* of members by number; 0: that one is missing */
	int then;		 /* ioctl of what is done with it last; 0: it does not run */
} arrays[] = {
	{ "md0", 1, 0, 2, { IN_SYNC, IN_SYNC | 1 << MD_DISK_WRITEMOSTLY }, RUN_ARRAY },
	{ "md1", 0, 0, 1, { IN_SYNC }, STOP_ARRAY_RO },
	{ "md2", 1, 0, 2, { IN_SYNC }, 0 },
	{ "md3", 10, 0x102, 3, { IN_SYNC, IN_SYNC }, RUN_ARRAY },
	{ "md4", 5, 2, 3, { IN_SYNC, 0, IN_SYNC }, RUN_ARRAY },
};

/* A loop device over a new file: its minor. */
static int make_member(const char *array, int number)
{
	char path[64];
	int control, file, minor, fd, r = -1;

	snprintf(path, sizeof(path), "/tmp/arrays/%s.%d", array, number);
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	minor = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	if (minor < 0)
		return -1;
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	snprintf(path, sizeof(path), "/dev/loop%d", minor);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (file >= 0 && fd >= 0 && !ftruncate(file, MEMBER_KB << 10))
		r = ioctl(fd, LOOP_SET_FD, file);
	close(fd);
	close(file);
	return r < 0 ? -1 : minor;
}

static int add_members(int fd, const struct array *a)
{
	for (int i = 0; i < a->disks; i++) {
		mdu_disk_info_t disk = {
			.number = i, .major = LOOP_MAJOR, .raid_disk = i, .state = a->states[i]
		};

		if (!a->states[i])
			continue;
		disk.minor = make_member(a->name, i);
		if (disk.minor < 0 || ioctl(fd, ADD_NEW_DISK, &disk))
			return -1;
	}
	return 0;
}

static int fill(int fd, const struct array *a)
{
	mdu_array_info_t info = { .minor_version = 90,
				  .level = a->level,
				  .size = MEMBER_KB,
				  .nr_disks = a->disks,
				  .raid_disks = a->disks,
				  .not_persistent = 1,
				  .state = 1 << MD_SB_CLEAN,
				  .layout = a->layout,
				  .chunk_size = a->level == 1 ? 0 : CHUNK };

	if (ioctl(fd, SET_ARRAY_INFO, &info) || add_members(fd, a))
		return -1;
	if (a->then && ioctl(fd, RUN_ARRAY, NULL))
		return -1;
	return a->then && a->then != RUN_ARRAY ? ioctl(fd, a->then, NULL) : 0;
}

static int make_array(const struct array *a)
{
	char path[64];
	int fd, r;

	snprintf(path, sizeof(path), "/dev/%s", a->name);
	if (write_file("/sys/module/md_mod/parameters/new_array", a->name) < 0 ||
	    access(path, F_OK))
		mknod(path, S_IFBLK | 0600, makedev(MD_MAJOR, atoi(a->name + 2)));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	r = fill(fd, a);
	close(fd);
	return r;
}

/* Is there a module for the level? The kernel would ask for one that the guest does not have. */
static bool has_level(int level)
{
	char text[512], name[32];

	snprintf(name, sizeof(name), "[raid%d]", level);
	return read_file("/proc/mdstat", text, sizeof(text)) >= 0 && strstr(text, name);
}

void hold_arrays(struct slot *slot)
{
	if (access("/proc/mdstat", F_OK))
		return absent(slot, "/proc/mdstat");
	mkdir("/tmp/arrays", 0700);
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++) {
		char key[64];

		snprintf(key, sizeof(key), "array %s", arrays[i].name);
		errno = ENOENT;
		if (!has_level(arrays[i].level) || make_array(&arrays[i]))
			fact_errno(slot, key);
		else
			fact_num(slot, key, arrays[i].level);
	}
	/* Its cache is of pages that nobody accounts for. */
	write_file("/sys/block/md4/md/stripe_cache_size", "17");
}
