#include "tests/image/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct file_sink {
	struct sink sink;
	int fd;
};

static void file_write(struct sink *s, uint64_t off, const void *bytes, size_t len)
{
	struct file_sink *f = (struct file_sink *)s;

	while (len) {
		ssize_t n = pwrite(f->fd, bytes, len, (off_t)off);

		if (n <= 0)
			die("write: %m");
		bytes = (const char *)bytes + n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
}

static void file_close_sink(struct sink *s)
{
	free(s);
}

struct sink *sink_file(int fd)
{
	struct file_sink *f = must_alloc(sizeof(*f));

	f->sink = (struct sink){ .write = file_write, .close = file_close_sink };
	f->fd = fd;
	return &f->sink;
}

void sink_close(struct sink *s)
{
	s->close(s);
}

void stream_init(struct stream *s, struct sink *sink, uint64_t off)
{
	s->sink = sink;
	s->off = off;
	s->len = 0;
}

void stream_flush(struct stream *s)
{
	if (s->len)
		s->sink->write(s->sink, s->off, s->buf, s->len);
	s->off += s->len;
	s->len = 0;
}

void stream_put(struct stream *s, const void *bytes, size_t len)
{
	while (len) {
		size_t n = sizeof(s->buf) - s->len;

		n = n < len ? n : len;
		memcpy(s->buf + s->len, bytes, n);
		s->len += n;
		bytes = (const char *)bytes + n;
		len -= n;
		if (s->len == sizeof(s->buf))
			stream_flush(s);
	}
}

static const struct {
	const char *name;
	write_fn *write;
} writers[] = {
	{ "elf", write_elf },
	{ "kdump", write_kdump },
	{ "lime", write_lime },
};

write_fn *writer_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
		if (!strcmp(writers[i].name, name))
			return writers[i].write;
	return NULL;
}

bool page_wanted(const struct image *img, const struct run *run, uint64_t pfn, int level,
		 void *page)
{
	if (run->fill == FILL_NONE || (run->class & (unsigned int)level))
		return false;
	image_page(img, run, pfn, page);
	return !(level & 1) || !page_is_zero(page, img->page_size);
}

void notes_build(const struct image *img, const struct shape *shape, struct blob *ret)
{
	blob_add(ret, img->notes.data, img->notes.len);
	if (img->vmcoreinfo.len && !shape->no_vmcoreinfo)
		note_add(ret, "VMCOREINFO", 0, img->vmcoreinfo.data, img->vmcoreinfo.len);
}
