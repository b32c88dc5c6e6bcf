/* A tar stream (ustar, with GNU's records for long names) in big writes past the page cache, so
 * that writing it changes the guest's memory as little as can be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"

#define BLOCK  512
#define BUFFER (1 << 20)

struct tar {
	int fd;
	uint64_t room;
	uint64_t written;
	size_t used;
	unsigned char *buf;
};

struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[8];
	char owner[32];
	char group[32];
	char rest[183];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

struct tar *tar_open(int fd, uint64_t room)
{
	struct tar *t = calloc(1, sizeof(*t));

	if (!t || posix_memalign((void **)&t->buf, 4096, BUFFER))
		die("no memory for the truth");
	t->fd = fd;
	t->room = room;
	return t;
}

static void flush(struct tar *t, size_t len)
{
	if (t->written + len > t->room)
		die("the truth disk is too small");
	for (size_t done = 0; done < len;) {
		ssize_t n = write(t->fd, t->buf + done, len - done);

		if (n <= 0)
			die("writing the truth: %m");
		done += n;
	}
	t->written += len;
	t->used = 0;
}

static void put(struct tar *t, const void *data, size_t len)
{
	while (len) {
		size_t n = BUFFER - t->used < len ? BUFFER - t->used : len;

		memcpy(t->buf + t->used, data, n);
		t->used += n;
		data = (const char *)data + n;
		len -= n;
		if (t->used == BUFFER)
			flush(t, BUFFER);
	}
}

static void pad(struct tar *t)
{
	static const char zeros[BLOCK];

	put(t, zeros, -t->used % BLOCK);
}

static void put_header(struct tar *t, struct header *h, size_t size)
{
	unsigned int sum = 0;

	snprintf(h->size, sizeof(h->size), "%011lo", (unsigned long)size);
	memcpy(h->magic, "ustar  ", 8);
	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += ((unsigned char *)h)[i];
	snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
	put(t, h, sizeof(*h));
}

/* A name that its field can not hold goes into a member of its own before. */
static void put_long(struct tar *t, char type, const char *text, size_t len)
{
	struct header h = { .name = "././@LongLink", .type = type };

	put_header(t, &h, len + 1);
	put(t, text, len);
	put(t, "", 1);
	pad(t);
}

static void fill_header(struct header *h, char type, const char *path, const struct stat *st)
{
	size_t len = strlen(path);

	h->type = type;
	memcpy(h->name, path, len < sizeof(h->name) ? len : sizeof(h->name));
	snprintf(h->mode, sizeof(h->mode), "%07o", st->st_mode & 07777);
	snprintf(h->uid, sizeof(h->uid), "%07o", st->st_uid & 07777777);
	snprintf(h->gid, sizeof(h->gid), "%07o", st->st_gid & 07777777);
	snprintf(h->mtime, sizeof(h->mtime), "%011lo", (unsigned long)st->st_mtime);
}

void tar_file(struct tar *t, const char *path, const struct stat *st, const void *data, size_t len)
{
	struct header h = { 0 };

	if (strlen(path) > sizeof(h.name))
		put_long(t, 'L', path, strlen(path));
	fill_header(&h, '0', path, st);
	put_header(t, &h, len);
	put(t, data, len);
	pad(t);
}

void tar_dir(struct tar *t, const char *path, const struct stat *st)
{
	struct header h = { 0 };

	if (strlen(path) > sizeof(h.name))
		put_long(t, 'L', path, strlen(path));
	fill_header(&h, '5', path, st);
	put_header(t, &h, 0);
}

void tar_link(struct tar *t, const char *path, const struct stat *st, const char *target,
	      size_t target_len)
{
	struct header h = { 0 };

	if (target_len > sizeof(h.link))
		put_long(t, 'K', target, target_len);
	if (strlen(path) > sizeof(h.name))
		put_long(t, 'L', path, strlen(path));
	fill_header(&h, '2', path, st);
	memcpy(h.link, target, target_len < sizeof(h.link) ? target_len : sizeof(h.link));
	put_header(t, &h, 0);
}

/* The two empty blocks of the end; returns the length of the stream. */
uint64_t tar_close(struct tar *t)
{
	static const char zeros[2 * BLOCK];
	uint64_t len;

	put(t, zeros, sizeof(zeros));
	len = t->written + t->used;
	memset(t->buf + t->used, 0, BUFFER - t->used);
	/* The device is written past the page cache: in whole sectors. */
	flush(t, (t->used + 4095) & ~4095ul);
	fsync(t->fd);
	free(t->buf);
	free(t);
	return len;
}
