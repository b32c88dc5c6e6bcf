/* Small things that several roles need. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <unistd.h>

#include "load.h"

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? n : 0;
}

/* One read, with a NUL after it; returns its length. */
int read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = 0;
	close(fd);
	return n;
}

static int open_disk(const char *serial_path, int flags, uint64_t *ret_size)
{
	char name[32], path[64];
	int fd;

	if (sscanf(serial_path, "/sys/block/%31[^/]", name) != 1)
		return -EINVAL;
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, BLKGETSIZE64, ret_size) < 0) {
		close(fd);
		return -EIO;
	}
	return fd;
}

/* The virtio disk with this serial number. */
int find_disk(const char *serial, int flags, uint64_t *ret_size)
{
	glob_t found;
	char text[64];
	int fd = -ENODEV;

	if (glob("/sys/block/vd*/serial", 0, NULL, &found))
		return -ENODEV;
	for (size_t i = 0; i < found.gl_pathc && fd == -ENODEV; i++) {
		if (read_file(found.gl_pathv[i], text, sizeof(text)) < 0)
			continue;
		text[strcspn(text, "\n")] = 0;
		if (!strcmp(text, serial))
			fd = open_disk(found.gl_pathv[i], flags, ret_size);
	}
	globfree(&found);
	return fd;
}
