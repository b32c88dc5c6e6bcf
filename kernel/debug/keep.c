#include "kernel/debug/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"

/* "<folder>/<build-id>.types"; NULL: no memory. */
static char *path_of(const char *folder, const struct build_id *id)
{
	char hex[2 * BUILD_ID_MAX + 1], *path;

	build_id_text(id, hex);
	return asprintf(&path, "%s/%s.types", folder, hex) < 0 ? NULL : path;
}

static int read_all(int fd, unsigned char *p, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, p + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(-ENOENT, "the file is shorter than it was");
		at += (size_t)n;
	}
	return 0;
}

int keep_read(const char *folder, const struct build_id *id, void **ret, size_t *ret_len)
{
	_free_ char *path = path_of(folder, id);
	_free_ unsigned char *bytes = NULL;
	_close_ int fd = -1;
	struct stat st;
	int r;

	if (!path)
		return fail(-ENOMEM, "%s", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(-ENOENT, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)LIMIT_INDEX)
		return fail(-ENOENT, "%s: not what was kept there", path);
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return fail(-ENOMEM, "%s", path);
	r = read_all(fd, bytes, (size_t)st.st_size);
	if (r < 0)
		return within(r, "%s", path);
	*ret_len = (size_t)st.st_size;
	*ret = take(&bytes);
	return 0;
}

static bool write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

void keep_make_folder(const char *folder)
{
	const char *last = strrchr(folder, '/');
	_free_ char *above =
		last && last > folder ? strndup(folder, (size_t)(last - folder)) : NULL;

	if (above)
		mkdir(above, 0700);
	mkdir(folder, 0700);
}

void keep_write(const char *folder, const struct build_id *id, const struct strbuf *bytes)
{
	_free_ char *path = path_of(folder, id), *made = NULL;
	bool written;
	int fd;

	if (!path || asprintf(&made, "%s.XXXXXX", path) < 0)
		return;
	keep_make_folder(folder);
	fd = mkostemp(made, O_CLOEXEC);
	if (fd < 0)
		return;
	written = write_all(fd, bytes->data, bytes->len);
	if (close(fd) < 0 || !written || rename(made, path) < 0)
		unlink(made);
}
