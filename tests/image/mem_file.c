#include "tests/image/mem_file.h"

#include <string.h>

static int64_t mem_read(struct file *f, uint64_t off, void *buf, size_t len)
{
	struct mem_file *m = (struct mem_file *)f;
	uint64_t left = f->size - off;

	if (len > left)
		len = (size_t)left;
	memcpy(buf, m->bytes + off, len);
	return (int64_t)len;
}

static void mem_close(struct file *f)
{
	(void)f;
}

static const struct file_ops mem_ops = { .read = mem_read, .close = mem_close };

struct file *mem_file(struct mem_file *m, const void *bytes, size_t len)
{
	m->file = (struct file){ .ops = &mem_ops, .name = "memory", .size = len };
	m->bytes = bytes;
	return &m->file;
}
