#include "dump/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/trouble.h"

struct host_file {
	struct file file;
	int fd;
	char name[];
};

static int64_t host_read(struct file *f, uint64_t off, void *buf, size_t len)
{
	struct host_file *h = (struct host_file *)f;
	ssize_t n;

	do
		n = pread(h->fd, buf, len, (off_t)off);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return trouble_note(fail(-errno, "read at %#lx: %s", off, strerror(errno)));
	/* It was as long as its size says. */
	if (n == 0)
		return trouble_note(fail(-EIO, "read at %#lx: the file has become shorter", off));
	return n;
}

static void host_close(struct file *f)
{
	struct host_file *h = (struct host_file *)f;

	close(h->fd);
	free(h);
}

static const struct file_ops host_ops = { .read = host_read, .close = host_close };

static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode) ? "a directory" : S_ISFIFO(mode) ? "a FIFO" : "not a regular file";
}

int file_open(const char *path, struct file **ret)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct host_file *h;
	struct stat st;
	off_t size;

	if (fd < 0)
		return fail(-errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0)
		return fail(-errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return fail(-EINVAL, "%s: %s; give a file that holds a dump", path,
			    kind_of(st.st_mode));
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return fail(-errno, "%s: seek: %s", path, strerror(errno));
	h = malloc(sizeof(*h) + strlen(path) + 1);
	if (!h)
		return fail(-ENOMEM, "%s", path);
	strcpy(h->name, path);
	h->file = (struct file){ .ops = &host_ops, .name = h->name, .size = (uint64_t)size };
	h->fd = fd;
	fd = -1;
	*ret = &h->file;
	return 0;
}

void file_close(struct file *f)
{
	if (f)
		f->ops->close(f);
}

static void note_failure(struct file *f, uint64_t off, int error)
{
	atomic_store(&f->failed_at, off);
	atomic_store(&f->error, error);
	atomic_fetch_add(&f->failures, 1);
}

void file_problem(struct file *f, struct strbuf *out)
{
	uint64_t n = atomic_load(&f->failures);

	if (!n)
		return;
	put_escaped(out, f->name, strlen(f->name), "");
	put(out, ": %lu reads failed while it was mounted, the last at %#lx: %s\n", n,
	    atomic_load(&f->failed_at), strerror(-atomic_load(&f->error)));
}

int file_read_some(struct file *f, uint64_t off, void *buf, size_t len, size_t *ret)
{
	size_t done = 0;
	int64_t n;

	while (done < len && off + done < f->size) {
		uint64_t left = f->size - off - done;

		n = f->ops->read(f, off + done, (char *)buf + done,
				 len - done < left ? len - done : (size_t)left);
		if (n < 0) {
			note_failure(f, off + done, (int)n);
			return (int)n;
		}
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*ret = done;
	return 0;
}

int file_read(struct file *f, uint64_t off, void *buf, size_t len)
{
	size_t done;
	int r = file_read_some(f, off, buf, len, &done);

	if (r < 0)
		return r;
	if (done < len)
		return fail(-ENODATA, "the file ends at %#lx, wanted %zu bytes at %#lx",
			    f->size < off + done ? f->size : off + done, len, off);
	return 0;
}
